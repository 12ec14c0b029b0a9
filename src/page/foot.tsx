/** What stands below every page: the version, the doors for programs, and the way out. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { get, isLocked, logOut } from './api.ts';
import { useNow } from './heart.tsx';
import { useStore } from './store.ts';

/** As `GET /api/v1/session` says. */
interface Session {
  /** Nobody has to log in. */
  readonly isOpen: boolean;
  readonly isIn: boolean;
}

export function Foot(): JSX.Element {
  const now = useNow();
  return (
    <footer class="foot">
      <span>callweave {now?.version}</span>
      <a href="/api/v1/openapi.json">HTTP API</a>
      <a href="/metrics">Metrics</a>
      <LogOut />
    </footer>
  );
}

function LogOut(): JSX.Element | null {
  const locked = useStore(isLocked);
  const [session, setSession] = useState<Session | undefined>(undefined);
  useEffect(() => {
    get<Session>('session').then(setSession, () => undefined);
  }, [locked]);
  if (locked || session === undefined || session.isOpen || !session.isIn) return null;
  return (
    <button type="button" class="quiet" onClick={() => void logOut().catch(() => undefined)}>
      Log out
    </button>
  );
}
