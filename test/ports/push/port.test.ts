import { beforeEach, describe, expect, it } from 'vitest';
import type { AnyCommand, AnyFact } from '../../../src/engine/port.ts';
import { PushPort } from '../../../src/ports/push/port.ts';
import type { PushDone, PushRequest } from '../../../src/ports/push/senders/push-sender.ts';

const CASE = 'push-notification:1';
const DEVICE = { call: 'call:7', device: 'mobile', aor: 'sip:bob@x', push: { provider: 'apns', prid: 'token', param: 'team' } };
const PUSH = { ...DEVICE, to: 'port:push', callId: 'stem-w0', caller: 'sip:alice@x', callerName: 'Alice', by: CASE };
const send = (more: object = {}) => ({ type: 'push.send', ...PUSH, ttlMs: 20_000, ...more }) as never;
const cancel = (more: object = {}) => ({ type: 'push.cancel', ...PUSH, reason: 'cancelled', ...more }) as never;

describe('the push port', () => {
  let sent: { readonly how: 'send' | 'cancel'; readonly push: PushRequest; readonly done: PushDone }[] = [];
  let posted: AnyFact[] = [];
  let port = new PushPort({} as never, new Map());
  const take = (command: never): string | undefined => port.take(command as AnyCommand & never);
  beforeEach(() => {
    sent = [];
    posted = [];
    const sender = {
      send: (push: PushRequest, done: PushDone) => void sent.push({ how: 'send', push, done }),
      cancel: (push: PushRequest, done: PushDone) => void sent.push({ how: 'cancel', push, done }),
      close: () => {},
    };
    port = new PushPort({ post: (fact) => void posted.push(fact), mint: () => '', now: () => 0 }, new Map([['apns', sender]]));
  });

  it('gives the sender the Call-ID, the caller and the time to live (RFC 8599 §5.6.2)', () => {
    expect(take(send())).toBeUndefined();
    expect(sent.map(({ push }) => push)).toEqual([
      {
        id: 'stem-w0',
        provider: 'apns',
        prid: 'token',
        param: 'team',
        aor: 'sip:bob@x',
        callId: 'stem-w0',
        callerUri: 'sip:alice@x',
        callerName: 'Alice',
        ttlMs: 20_000,
        kind: 'incoming-call',
      },
    ]);
    expect(posted).toEqual([]);
  });

  it('tells the outcome once, to the case that asked', () => {
    take(send());
    sent[0]?.done({ ok: true });
    expect(posted).toEqual([{ type: 'push.delivered', case: CASE, call: 'call:7', device: 'mobile', provider: 'apns' }]);
    take(send({ callId: 'stem-w1', device: 'tablet' }));
    sent[1]?.done({ ok: false, permanent: true, why: 'x'.repeat(1000) });
    expect(posted[1]).toMatchObject({ type: 'push.failed', case: CASE, device: 'tablet', permanent: true });
    expect(String(posted[1]?.why)).toHaveLength(200);
  });

  it('refuses a second push of one call to one device', () => {
    take(send());
    expect(take(send())).toMatch(/was pushed/);
    expect(take(send({ callId: 'stem-w1' }))).toBeUndefined();
    expect(take(send({ by: 'push-notification:2' }))).toBeUndefined();
    expect(sent).toHaveLength(3);
  });

  it('takes a push back once', () => {
    take(send());
    expect(take(cancel())).toBeUndefined();
    expect(take(cancel())).toMatch(/no push/);
    expect(sent.slice(1)).toMatchObject([{ how: 'cancel', push: { id: 'stem-w0', kind: 'cancelled', reason: 'cancelled' } }]);
  });

  it('takes back nothing that was never sent', () => {
    expect(take(cancel())).toMatch(/no push/);
    take(send({ callId: 'stem-w1' }));
    expect(take(cancel({ by: 'push-notification:2', callId: 'stem-w1' }))).toMatch(/no push/);
    expect(sent.map(({ how }) => how)).toEqual(['send']);
  });

  it('does not blame a case for taking back what has failed, since it may not have heard so yet', () => {
    take(send());
    sent[0]?.done({ ok: false, permanent: false, why: 'down' });
    expect(take(cancel())).toBeUndefined();
    expect(sent.map(({ how }) => how)).toEqual(['send']);
  });

  it('says at once when no sender serves the provider', () => {
    expect(take(send({ push: { ...DEVICE.push, provider: 'pigeon' } }))).toBeUndefined();
    expect(posted).toMatchObject([{ type: 'push.failed', permanent: true, why: 'no sender for pigeon' }]);
  });

  it('does not report the failure of a push that was taken back', () => {
    take(send());
    take(cancel());
    sent[0]?.done({ ok: false, permanent: false, why: 'dropped' });
    expect(posted).toEqual([]);
  });

  it('forgets a case that has ended, and takes a late outcome in its stride', () => {
    take(send());
    port.close(CASE);
    expect(() => sent[0]?.done({ ok: false, permanent: true, why: 'late' })).not.toThrow();
    expect(take(cancel())).toMatch(/no push/);
  });
});
