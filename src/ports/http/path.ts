/** Where a request may go: below the configured URL and nowhere else, whatever a caller's name or number holds. */

const MAX_PATH_LENGTH = 2048;
const MAX_QUERY = 32;
const MAX_VALUE_LENGTH = 2048;
/** RFC 3986 §3.3: pchar, and the slashes between segments. */
const PATH = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;

/**
 * Whether a segment names something below. What a server behind may read as more than one segment, or as a step up, does
 * not: dots, also encoded or before a `;` (which some servers cut off), encoded slashes, and percent signs encoded twice.
 */
function isPlain(segment: string): boolean {
  let decoded: string;
  try {
    decoded = decodeURIComponent(segment);
  } catch {
    return false;
  }
  const [name = ''] = decoded.split(';');
  return name !== '' && name !== '.' && name !== '..' && !/[/\\%\p{Cc}]/u.test(decoded);
}

/** Path and query of a request below a base URL; `undefined` where the path would leave it or cannot be sent. */
export function below(base: URL, path: string, query: Readonly<Record<string, string>>): string | undefined {
  const search = queryOf(base, query);
  if (search === undefined || path.length > MAX_PATH_LENGTH || !PATH.test(path)) return undefined;
  if (path === '') return base.pathname + search;
  const segments = (path.startsWith('/') ? path.slice(1) : path).split('/');
  // One slash at the end is a name like any other to many servers.
  const names = segments.at(-1) === '' ? segments.slice(0, -1) : segments;
  if (names.length === 0 || !names.every(isPlain)) return undefined;
  return `${base.pathname.replace(/\/$/, '')}/${segments.join('/')}${search}`;
}

function queryOf(base: URL, query: Readonly<Record<string, string>>): string | undefined {
  const entries = Object.entries(query);
  if (entries.length === 0) return base.search;
  if (entries.length > MAX_QUERY) return undefined;
  const params = new URLSearchParams(base.search);
  for (const [name, value] of entries) {
    if (typeof value !== 'string' || value.length > MAX_VALUE_LENGTH) return undefined;
    params.append(name, value);
  }
  return `?${params}`;
}
