/** `callweave watch`: the facts of a service that runs, one line each, until it is interrupted. */
import { SystemClock } from '../../clock.ts';
import { exitCode, isProblem } from '../../errors.ts';
import type { FactView } from '../../insight/model.ts';
import type { Command, Given } from '../command.ts';
import { obey } from './asked.ts';
import { type Door, listen, type Refusal } from './door.ts';
import { eventsOf } from './events.ts';
import { attributeOf, instantOf, printable } from './words.ts';

/** The first pause, and the longest. */
const AGAIN_MS = 200;
const LONGEST_AGAIN_MS = 10_000;
const MAX_WORDS = 64;

/** Follows the facts; a connection that was lost is opened again. */
export const watch = (command: Command, given: Given): Promise<number> =>
  obey(command, given, { words: [0, MAX_WORDS] }, async ({ door, isJson, words }) => {
    const path = `/facts${queryOf(words)}`;
    let stream = await listen(door, path);
    while (!isProblem(stream)) {
      given.complain(`watching ${door.url}`);
      await follow(stream, (fact) => given.say(isJson ? JSON.stringify(fact) : lineOf(fact)), given);
      given.complain(`lost the service at ${door.url}; trying again`);
      stream = await again(door, path);
    }
    return stream;
  });

/** `call.*` is a kind, `caller=sip:alice@…` an attribute. */
function queryOf(words: readonly string[]): string {
  const asked = new URLSearchParams();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 0) asked.append('kind', word);
    else asked.append(`where.${word.slice(0, at)}`, word.slice(at + 1));
  }
  return asked.size === 0 ? '' : `?${asked}`;
}

async function follow(stream: ReadableStream<Uint8Array>, tell: (fact: FactView) => void, { complain }: Given): Promise<void> {
  try {
    for await (const { name, data } of eventsOf(stream)) {
      if (name === 'message' || name === 'fact') tell(JSON.parse(data));
      else if (name === 'lost') complain(`some facts were left out: ${printable(data)}`);
    }
  } catch {
    // The connection broke; whoever called opens it again.
  }
}

/** Until it is there again; a service that answers otherwise has the last word. */
async function again(door: Door, path: string): Promise<ReadableStream<Uint8Array> | Refusal> {
  const clock = new SystemClock();
  for (let pauseMs = AGAIN_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_AGAIN_MS)) {
    await new Promise<void>((wake) => clock.alarm(clock.now() + pauseMs, wake));
    const stream = await listen(door, path);
    if (!isProblem(stream) || stream.code !== exitCode.unavailable) return stream;
  }
}

function lineOf({ at, type, by, call, attributes }: FactView): string {
  const rest = Object.entries(attributes).filter(([name, value]) => !(name === 'call' && value === call) && value !== '');
  const head = printable(
    `${instantOf(at, at)}.${String(Math.floor(at) % 1000).padStart(3, '0')}  ${type}  ${call === '' ? by : call}`,
  );
  return [head, ...rest.map(attributeOf)].join('  ');
}
