/** Who called whom, how it ended, and when. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { CallView } from '../../insight/model.ts';
import { every, exactTime, serverNow, timeOfDay } from '../clock.ts';
import { length } from '../format.ts';
import { CallBadge } from '../parts/badge.tsx';
import { hrefs } from '../router.ts';
import { Orders } from './orders.tsx';
import { personOf } from './words.ts';

export function Head({ call }: { readonly call: CallView }): JSX.Element {
  const { caller, callee, callerName, outcome, why, related, status } = call;
  return (
    <header class="call-head">
      <p class="crumb">
        <a href={hrefs.now}>Calls</a> <span class="faint mono">{call.call}</span>
      </p>
      <h1>
        <a href={hrefs.user(caller)} title={caller}>
          {callerName === '' ? (call.parties[0]?.name ?? personOf(caller)) : callerName}
        </a>{' '}
        <span class="to" aria-hidden="true">
          →
        </span>{' '}
        <span class="visually-hidden">to </span>
        <a href={hrefs.user(callee)} title={callee}>
          {personOf(callee)}
        </a>
        <CallBadge call={call} />
        {outcome === 'failed' && status > 0 ? <span class="status number">{status}</span> : null}
      </h1>
      {why === '' ? null : <p class="why">{why}</p>}
      <Times call={call} />
      {outcome === 'open' ? <Orders call={call} /> : null}
      {related.length === 0 ? null : (
        <p class="related">
          Joined with{' '}
          {related.map((other) => (
            <a key={other} class="mono" href={hrefs.call(other)}>
              {other}
            </a>
          ))}
        </p>
      )}
    </header>
  );
}

function Times({ call }: { readonly call: CallView }): JSX.Element {
  const { startedAt, answeredAt, endedAt, callId } = call;
  const now = useNow(endedAt === null);
  const over = endedAt ?? now;
  return (
    <dl class="times">
      <Time name="Began">
        <time title={exactTime(startedAt)}>{timeOfDay(startedAt)}</time>
      </Time>
      <Time name={answeredAt === null ? 'Rang for' : 'Answered after'}>{length((answeredAt ?? over) - startedAt)}</Time>
      {answeredAt === null ? null : <Time name={endedAt === null ? 'Talks for' : 'Talked for'}>{length(over - answeredAt)}</Time>}
      <Time name="Call-ID">
        <span class="mono" title={callId}>
          {callId}
        </span>
      </Time>
    </dl>
  );
}

const Time = ({ name, children }: { readonly name: string; readonly children: JSX.Element | string }): JSX.Element => (
  <div>
    <dt>{name}</dt>
    <dd class="number">{children}</dd>
  </div>
);

/** Goes on by itself while it is asked for. */
function useNow(isRunning: boolean): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    if (!isRunning) return;
    return every(1_000, () => setNow(serverNow()));
  }, [isRunning]);
  return now;
}
