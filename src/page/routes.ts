/** Addresses of the page: the part behind `#`, so that the server knows one page only. Pure; the browser is router.ts's. */

/** `#/calls/call:7?tab=story`: its parts unescaped, and its query. */
export interface Route {
  readonly parts: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

const unescaped = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

/** Reads what stands behind `#`. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/*/, '').split('?', 2);
  return {
    parts: path
      .split('/')
      .filter((part) => part !== '')
      .map(unescaped),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** What to write into `href`; empty values of the query are left out. */
export function hrefOf(parts: readonly string[], query: Readonly<Record<string, string>> = {}): string {
  const given = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''));
  const path = parts.map((part) => encodeURIComponent(part).replaceAll('%3A', ':').replaceAll('%40', '@')).join('/');
  return given.size === 0 ? `#/${path}` : `#/${path}?${given}`;
}

/** Addresses of the pages. */
export const hrefs = {
  now: hrefOf([]),
  call: (call: string): string => hrefOf(['calls', call]),
  user: (aor: string): string => hrefOf(['users', aor]),
  machines: hrefOf(['machines']),
  machine: (scenario: string): string => hrefOf(['machines', scenario]),
};

const PLACES: Readonly<Record<string, string>> = {
  users: 'Registrations',
  streams: 'Streams',
  cases: 'Cases',
  machines: 'Machines',
};

/** Of the window: what one looks at, then whose it is. */
export function titleOf({ parts: [place = '', id] }: Route): string {
  return `${id?.replace(/^sips?:/, '') ?? PLACES[place] ?? 'Now'} · callweave`;
}
