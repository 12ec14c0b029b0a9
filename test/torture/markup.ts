/** Messages as RFC 4475 §2 writes them down, and the bytes that they stand for. */
import { readFileSync } from 'node:fs';

const HEX = /<hex>([0-9A-F\s]*)<\/hex>/g;
const REPEAT = /<repeat count=(\d+)>([^<]*)<\/repeat>/g;
const ONE_LINE = /<allOneLine>\n([\s\S]*?)\n<\/allOneLine>/g;

/** The bytes, as latin1, behind `<allOneLine>`, `<repeat>` and `<hex>`; lines end in CRLF, and a head alone in an empty line. */
export function expanded(written: string): string {
  const text = written
    .replaceAll('\r\n', '\n')
    .replace(ONE_LINE, (_, lines: string) => lines.replaceAll('\n', ''))
    .replace(REPEAT, (_, count: string, value: string) => value.repeat(Number(count)))
    .replaceAll('\n', '\r\n');
  const whole = text.includes('\r\n\r\n') ? text : `${text}\r\n`;
  return whole.replace(HEX, (_, digits: string) => Buffer.from(digits.replace(/\s/g, ''), 'hex').toString('latin1'));
}

/** The message of one of the files beside this one, `rfc4475/wsinv`. */
export const messageOf = (file: string): string => expanded(readFileSync(new URL(`./${file}.txt`, import.meta.url), 'utf8'));
