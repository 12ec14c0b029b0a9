import type { Log } from '../../../log.ts';
import type { PushRequest, PushSender } from './push-sender.ts';

/** The embedded default: writes a line instead of waking anybody. The token stays out of it. */
export function logSender(log: Log): PushSender {
  const write = (push: PushRequest): void => {
    const { id, provider, aor, callId, callerUri, ttlMs, kind, reason } = push;
    log.info({ id, kind, provider, aor, callId, caller: callerUri, ttlMs, reason }, 'push');
  };
  return {
    send: (push, done) => {
      write(push);
      done({ ok: true });
    },
    cancel: (push, done) => {
      write(push);
      done({ ok: true });
    },
    close: () => {},
  };
}
