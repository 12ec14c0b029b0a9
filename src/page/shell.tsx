/** What stands around every page: the bar, the banners, and which page it is. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { isLocked } from './api.ts';
import { Banners } from './banners.tsx';
import { Bar } from './bar.tsx';
import { CallPage } from './call/page.tsx';
import { Foot } from './foot.tsx';
import { Heart } from './heart.tsx';
import { startKeys } from './keys.ts';
import { LoginPage } from './login.tsx';
import { MachinePage, MachinesPage } from './machine/page.tsx';
import { NowPage } from './now/page.tsx';
import { Empty } from './parts/empty.tsx';
import { hrefs, type Route, titleOf, useRoute } from './router.ts';
import { useStore } from './store.ts';
import { UserPage } from './user/page.tsx';

export function Shell(): JSX.Element {
  const route = useRoute();
  const locked = useStore(isLocked);
  useEffect(startKeys, []);
  const key = route.parts.join('/');
  useEffect(() => scrollTo(0, 0), [key]);
  useEffect(() => {
    document.title = titleOf(route);
  }, [route]);
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        Skip to content
      </button>
      <Heart />
      <Bar route={route} />
      <Banners />
      <main id="content" tabIndex={-1} key={key}>
        {locked ? <LoginPage /> : pageOf(route)}
      </main>
      <Foot />
    </>
  );
}

/** No link to `#content`: what stands behind `#` says which page it is. */
const skip = (): void => document.getElementById('content')?.focus();

function pageOf(route: Route): JSX.Element {
  const [place = '', id] = route.parts;
  if (place === 'calls' && id !== undefined) return <CallPage id={id} />;
  if (place === 'users' && id !== undefined) return <UserPage id={id} />;
  if (place === 'machines') return id === undefined ? <MachinesPage /> : <MachinePage scenario={id} />;
  if (id === undefined && ['', 'calls', 'users', 'streams', 'cases'].includes(place)) return <NowPage route={route} />;
  return (
    <Empty title="There is no such page">
      <a href={hrefs.now}>See what happens now</a>
    </Empty>
  );
}
