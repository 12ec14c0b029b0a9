/** Where the page is, followed as the browser goes. */
import { hrefOf, parseRoute, type Route } from './routes.ts';
import { createStore, useStore } from './store.ts';

export { hrefOf, hrefs, type Route, titleOf } from './routes.ts';

const here = createStore<Route>({ parts: [], query: {} });

/** Follows the address from now on. */
export function startRouting(): void {
  const read = (): void => here.set(parseRoute(location.hash));
  addEventListener('hashchange', read);
  read();
}

export const useRoute = (): Route => useStore(here);

/** Changes the query in place, so that typing a search does not fill the history. */
export function replaceQuery(route: Route, query: Readonly<Record<string, string>>): void {
  const href = hrefOf(route.parts, { ...route.query, ...query });
  history.replaceState(null, '', href);
  here.set(parseRoute(href));
}
