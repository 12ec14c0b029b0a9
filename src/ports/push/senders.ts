import type { ProviderConfig } from '../../config.ts';
import type { Log } from '../../log.ts';
import type { Random } from '../../random.ts';
import type { TimerQueue } from '../../timers.ts';
import { httpSender } from './senders/http-sender.ts';
import { logSender } from './senders/log-sender.ts';
import type { PushSender } from './senders/push-sender.ts';

/** The sender of each configured pn-provider. */
export function createSenders(
  providers: ReadonlyMap<string, ProviderConfig>,
  { log, timers, random }: { readonly log: Log; readonly timers: TimerQueue; readonly random: Random },
): ReadonlyMap<string, PushSender> {
  return new Map(
    [...providers].map(([name, provider]) => [
      name,
      provider.sender === 'log' ? logSender(log) : httpSender(provider, { timers, random }),
    ]),
  );
}
