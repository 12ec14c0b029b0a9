/** Server-sent events, as WHATWG's HTML describes the stream (§9.2.6). */

/** One event; `message` is the name of those that have none. */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/** A stream with longer lines is not one of ours. */
const LONGEST = 4_000_000;

/** The events of a stream, as they come; comments, ids and retry times are left out. */
export async function* eventsOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const unfinished: Unfinished = { name: '', data: [] };
  let rest = '';
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST) throw new Error('a line of the stream is too long');
    for (const line of lines) {
      const event = take(line.endsWith('\r') ? line.slice(0, -1) : line, unfinished);
      if (event !== undefined) yield event;
    }
  }
}

interface Unfinished {
  name: string;
  data: string[];
}

/** An empty line ends an event. */
function take(line: string, unfinished: Unfinished): ServerEvent | undefined {
  if (line.startsWith('event:')) unfinished.name = line.slice('event:'.length).trim();
  if (line.startsWith('data:')) unfinished.data.push(line.slice('data:'.length).replace(/^ /, ''));
  if (line !== '') return undefined;
  const { name, data } = unfinished;
  [unfinished.name, unfinished.data] = ['', []];
  return data.length === 0 ? undefined : { name: name || 'message', data: data.join('\n') };
}
