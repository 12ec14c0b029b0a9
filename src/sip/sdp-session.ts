/**
 * One session that changes its describer: what a party is sent once another one speaks behind us. Its o= stays and its
 * version grows by one for each change, and it never loses an m-line (RFC 3264 §8); else phones take no notice.
 */
const SECTION = /(?=^m=)/m;
const END = /\r\n$|\n$|\r$/;

/** The parts of a session description: what concerns all of it, empty if there is nothing, then one for each m-line. */
export function sectionsOf(sdp: string): string[] {
  const sections = sdp.split(SECTION);
  return sdp.startsWith('m=') ? ['', ...sections] : sections;
}

/** The m-lines of a session description, in order. */
export const mediaLinesOf = (sdp: string): string[] =>
  sectionsOf(sdp)
    .slice(1)
    .map((section) => section.split(/[\r\n]/, 1)[0] ?? '');

const isRefused = (section: string): boolean => /^m=\S+ 0[ /]/.test(section);
/** The m-line of a section, refused (RFC 3264 §6). */
export const refusedLine = (section: string): string => (section.split(/[\r\n]/, 1)[0] ?? '').replace(/^(m=\S+) \S+/, '$1 0');

/**
 * The description with as many m-lines as `lines`: missing ones are added refused, and refused ones at the end that are
 * too many are left out (RFC 3264 §6, §8). One that offers more keeps them.
 */
export function fitted(sdp: string, lines: readonly string[]): string {
  const [head = '', ...sections] = sectionsOf(sdp);
  let kept = sections.length;
  while (kept > lines.length && isRefused(sections[kept - 1] ?? '')) kept--;
  if (kept === lines.length && kept === sections.length) return sdp;
  const text = head + sections.slice(0, kept).join('');
  return (
    (END.test(text) ? text : `${text}\r\n`) +
    lines
      .slice(kept)
      .map((line) => `${refusedLine(line)}\r\n`)
      .join('')
  );
}

interface OriginLine {
  readonly from: number;
  readonly to: number;
  readonly session: string;
  readonly version: string;
  readonly address: string;
}

/** The o= line, whatever spaces its user name has; `undefined` if its version is no number. */
function originLineOf(sdp: string): OriginLine | undefined {
  const from = sdp.startsWith('o=') ? 0 : sdp.search(/^o=/m);
  if (from === -1) return undefined;
  const end = sdp.slice(from).search(/[\r\n]/);
  const to = end === -1 ? sdp.length : from + end;
  const fields = sdp.slice(from, to).trimEnd().split(' ');
  const version = fields.at(-4) ?? '';
  if (fields.length < 6 || !/^\d{1,64}$/.test(version)) return undefined;
  return { from, to, session: fields.slice(0, -4).join(' '), version, address: fields.slice(-3).join(' ') };
}

const without = (sdp: string, origin: OriginLine): string => sdp.slice(0, origin.from) + sdp.slice(origin.to);

/**
 * `sdp` as the continuation of what was sent last in the same session: `sent` itself if nothing changes, else under the
 * o= of `sent` with its version increased by one. As it is where nothing was sent, or nothing that can be continued.
 */
export function continued(sent: string, sdp: string): string {
  const before = originLineOf(sent);
  const next = originLineOf(sdp);
  if (before === undefined || next === undefined) return sdp;
  if (without(sent, before) === without(sdp, next)) return sent;
  const line = `${before.session} ${BigInt(before.version) + 1n} ${before.address}`;
  return sdp.slice(0, next.from) + line + sdp.slice(next.to);
}
