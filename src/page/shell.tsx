/** What stands around every page: the bar, the banners, and which page it is. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Now } from '../insight/model.ts';
import { isLocked } from './api.ts';
import { Banners } from './banners.tsx';
import { Bar } from './bar.tsx';
import { CallPage } from './call/page.tsx';
import { learnServerTime } from './clock.ts';
import { startKeys } from './keys.ts';
import { LoginPage } from './login.tsx';
import { MachinePage, MachinesPage } from './machine/page.tsx';
import { NowPage } from './now/page.tsx';
import { Empty } from './parts/empty.tsx';
import { useResource } from './resource.ts';
import { hrefs, type Route, useRoute } from './router.ts';
import { useStore } from './store.ts';
import { UserPage } from './user/page.tsx';

/** How often the numbers are asked for. */
const NOW_EVERY_MS = 1_000;

export function Shell(): JSX.Element {
  const route = useRoute();
  const locked = useStore(isLocked);
  const { value: now } = useResource<Now>('now', NOW_EVERY_MS);
  if (now !== undefined) learnServerTime(now.at);
  useEffect(startKeys, []);
  const key = route.parts.join('/');
  useEffect(() => scrollTo(0, 0), [key]);
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        Skip to content
      </button>
      <Bar route={route} now={now} />
      <Banners now={now} />
      <main id="content" tabIndex={-1} key={key}>
        {locked ? <LoginPage /> : pageOf(route, now)}
      </main>
    </>
  );
}

/** No link to `#content`: what stands behind `#` says which page it is. */
const skip = (): void => document.getElementById('content')?.focus();

function pageOf(route: Route, now: Now | undefined): JSX.Element {
  const [place = '', id] = route.parts;
  if (place === 'calls' && id !== undefined) return <CallPage id={id} />;
  if (place === 'users' && id !== undefined) return <UserPage id={id} />;
  if (place === 'machines') return id === undefined ? <MachinesPage /> : <MachinePage scenario={id} />;
  if (id === undefined && ['', 'calls', 'users', 'streams', 'cases'].includes(place)) return <NowPage route={route} now={now} />;
  return (
    <Empty title="There is no such page">
      <a href={hrefs.now}>See what happens now</a>
    </Empty>
  );
}
