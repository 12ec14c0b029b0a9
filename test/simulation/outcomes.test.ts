import { describe, expect, it } from 'vitest';
import { headerOf, linesOf, type PhoneMessage } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { RawPeer, SDP, SDP_TYPE } from '../support/raw-peer.ts';

const missing = (): never => {
  throw new Error('missing');
};
type Act = (bob: RawPeer, invite: PhoneMessage) => void;
const says =
  (status: number, ...headers: [string, string][]): Act =>
  (bob, invite) =>
    bob.reply(invite, status, headers);

/** What a bad phone does with the INVITE. */
const BAD: Readonly<Record<string, Act>> = {
  302: says(302, ['Contact', '<sip:nobody@elsewhere.example>']),
  401: says(401, ['WWW-Authenticate', 'Digest realm="bobs", nonce="n"']),
  407: says(407, ['Proxy-Authenticate', 'Digest realm="bobs", nonce="n"']),
  503: says(503, ['Retry-After', '60']),
  606: says(606, ['Warning', '370 bob "no bandwidth"']),
  '486 with Warning': says(486, ['Warning', '399 bob "in a meeting"']),
  nothing: () => {},
  '100 only': says(100),
  '183, then nothing': says(183),
};

/** What the caller hears, and when, in ms after its INVITE: a way to the service and the phone and back is 20 ms. */
type Heard = readonly [status: number, atMs: number];
const AT_ONCE = 20;
const DECLINES_MS = 5_000;

/** The phone alone; beside a good one that rings and declines with 486 after 5 s; beside one that answers after 5 s. */
const OUTCOMES: readonly (readonly [bad: string, alone: Heard, declined: Heard, answered: Heard])[] = [
  ['302', [480, AT_ONCE], [486, AT_ONCE + DECLINES_MS], [200, AT_ONCE + DECLINES_MS]],
  ['401', [480, AT_ONCE], [486, AT_ONCE + DECLINES_MS], [200, AT_ONCE + DECLINES_MS]],
  ['407', [480, AT_ONCE], [486, AT_ONCE + DECLINES_MS], [200, AT_ONCE + DECLINES_MS]],
  ['503', [500, AT_ONCE], [486, AT_ONCE + DECLINES_MS], [200, AT_ONCE + DECLINES_MS]],
  // RFC 3261 §16.7 step 5: the callee wants this call nowhere.
  ['606', [606, AT_ONCE], [606, AT_ONCE], [606, AT_ONCE]],
  ['486 with Warning', [486, AT_ONCE], [486, AT_ONCE + DECLINES_MS], [200, AT_ONCE + DECLINES_MS]],
  // Ten seconds of silence, and nobody waits for it any more.
  ['nothing', [480, 10_010], [486, 10_010], [200, AT_ONCE + DECLINES_MS]],
  // It lives, so it has the whole ring limit.
  ['100 only', [480, 60_010], [486, 60_010], [200, AT_ONCE + DECLINES_MS]],
  ['183, then nothing', [480, 60_010], [486, 60_010], [200, AT_ONCE + DECLINES_MS]],
];

/** Alice calls Bob, whose raw phone does that and whose good one does something better. */
function scene(act: Act, good?: 'declines' | 'answers') {
  const world = serviceWorld({ config: { auth: 'none' } });
  const alice = world.phone('alice');
  alice.register();
  const bad = new RawPeer(world, '10.0.9.1');
  bad.register('bob');
  const desk = world.phone('desk', {
    user: 'bob',
    onInvite:
      good === 'answers'
        ? { ringAfterMs: 0, answerAfterMs: DECLINES_MS }
        : { ringAfterMs: 0, decline: 486, declineAfterMs: DECLINES_MS },
  });
  if (good !== undefined) desk.register();
  world.run(1000);
  bad.hears = (message) => {
    if (message.method === 'INVITE' && bad.requests('INVITE').length === 1) act(bad, message);
    else if (message.method === 'CANCEL') {
      bad.reply(message, 200);
      bad.reply(bad.requests('INVITE')[0] ?? missing(), 487);
    }
  };
  const startMs = world.now();
  const call = alice.call('bob');
  world.run(120_000);
  const final = alice.history.filter(({ message, again }) => message.status >= 200 && !again && isOfInvite(message));
  expect(final).toHaveLength(1);
  const [{ message, atMs } = missing()] = final;
  return { world, bad, desk, call, message, heard: [message.status, atMs - startMs] };
}
const isOfInvite = (message: PhoneMessage): boolean => headerOf(message, 'cseq').endsWith('INVITE');

describe('what the caller hears', () => {
  it.each(OUTCOMES)('where a phone says %s', (bad, alone, declined, answered) => {
    const act = BAD[bad] ?? missing();
    for (const [good, expected] of [
      [undefined, alone],
      ['declines', declined],
      ['answers', answered],
    ] as const) {
      const { world, call, desk, heard, message } = scene(act, good);
      expect(heard, `good phone: ${good}`).toEqual(expected);
      for (const name of ['www-authenticate', 'proxy-authenticate', 'contact'])
        if (message.status >= 300) expect(linesOf(message, name), name).toEqual([]);
      // Only where another one answered is the call no missed one (RFC 3326).
      if (good !== undefined && bad === '606') expect(desk.incoming?.endReason).toBe('');
      call.bye();
      expectQuiet(world);
    }
  });

  it('is the Warning of the phone that is busy, and of the one that wants no call at all', () => {
    for (const [bad, warning] of [
      ['486 with Warning', 'in a meeting'],
      ['606', 'no bandwidth'],
    ] as const)
      expect(headerOf(scene(BAD[bad] ?? missing(), 'declines').message, 'warning')).toContain(warning);
  });

  it('is a talk with a phone whose 200 lacks To-tag or Contact, as those of old ones do', () => {
    for (const lacks of ['To', 'Contact'] as const) {
      const { world, bad, call, heard } = scene((bob, invite) => {
        const to = headerOf(invite, 'to');
        bob.reply(invite, 200, [lacks === 'To' ? ['To', to] : ['Contact', ''], SDP_TYPE], SDP);
      });
      // RFC 3261 §12.1.2: no tag is the empty tag. Without Contact it is where it was reached.
      expect(heard, `no ${lacks}`).toEqual([200, AT_ONCE]);
      const [ack = missing()] = bad.requests('ACK');
      expect(ack.uri).toBe(bad.contact);
      if (lacks === 'To') expect(headerOf(ack, 'to')).not.toContain('tag=');
      bad.hears = (message) => void (message.method === 'BYE' && bad.reply(message, 200));
      call.bye();
      world.run(100);
      expect(bad.requests('BYE')).toHaveLength(1);
      expectQuiet(world);
    }
  });
});
