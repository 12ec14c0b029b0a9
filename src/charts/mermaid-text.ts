/** Text as it may stand in a label of mermaid's: nothing in it is read as syntax or as HTML. */

/** mermaid's own escapes, `#35;`: of what ends a label, begins a comment or an entity, or is markup. */
const escaped = (character: string): string => `#${character.codePointAt(0)};`;

/** mermaid takes no empty label. */
const NOTHING = '…';

/** One line of a label. */
export function plainText(text: string): string {
  const line = text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return line === '' ? NOTHING : line.replace(/[#;:"<>{}%`\\&]/g, escaped);
}

/** Breaks a sentence between words into lines of about so many characters. */
export function wrapped(text: string, characters: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((each) => each !== '')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= characters) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
