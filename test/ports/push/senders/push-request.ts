import type { PushRequest } from '../../../../src/ports/push/senders/push-sender.ts';

/** A push for tests. */
export const push = (id: string, more: Partial<PushRequest> = {}): PushRequest => ({
  id,
  provider: 'apns',
  prid: 'token',
  param: 'team.app',
  aor: 'sip:bob@x',
  callId: 'c1',
  callerUri: 'sip:alice@x',
  callerName: 'Alice',
  ttlMs: 20_000,
  kind: 'incoming-call',
  ...more,
});
