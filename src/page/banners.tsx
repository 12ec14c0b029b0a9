/** What has to be known wherever one looks: the service is gone, leaves, or is overrun. */
import type { JSX } from 'preact';
import type { Now } from '../insight/model.ts';
import { connection } from './api.ts';
import { counted } from './format.ts';
import { useNow } from './heart.tsx';
import { useStore } from './store.ts';

export function Banners(): JSX.Element {
  const now = useNow();
  const isLost = useStore(connection) === 'lost';
  return (
    <div class="banners" role="status">
      {isLost ? (
        <p class="banner bad">
          <strong>The service does not answer.</strong> What you see is how it was; this page tries again every second.
        </p>
      ) : null}
      {!isLost && now?.isDraining === true ? <p class="banner wait">{drained(now)}</p> : null}
      {!isLost && now !== undefined && now.refusing > 0 ? (
        <p class="banner bad">
          <strong>Overload:</strong> {Math.round(now.refusing * 100)} % of new calls are refused with 503 until the work that
          waits is done.
        </p>
      ) : null}
    </div>
  );
}

const drained = ({ calls }: Now): JSX.Element => (
  <>
    <strong>Draining:</strong> no new calls are taken, {counted(calls.ringing + calls.talking + calls.other, 'call')} may still
    finish.
  </>
);
