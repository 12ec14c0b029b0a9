import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Phone } from '../../src/testing/phone.ts';
import type { PhoneCall, Sent } from '../../src/testing/phone-call.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { expectQuiet } from '../support/quiet.ts';
import { worlds } from '../support/worlds.ts';

const WHATS = [
  'hold',
  'resume',
  'offerless',
  'info',
  'message',
  'update',
  'options',
  'foo',
  'both re-INVITE',
  'both INFO',
] as const;
const ENDS = ['bye', 'both bye', 'crash', 'break streams', 'cancel'] as const;
const act = fc.record({
  // Many at one instant, many within a way there and back, some after a retransmission.
  afterMs: fc.oneof(fc.constantFrom(0, 0, 1, 5, 6, 10), fc.nat(60), fc.nat(3_000), fc.constant(34_000)),
  who: fc.constantFrom('caller' as const, 'callee' as const),
  what: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...WHATS) }, { weight: 1, arbitrary: fc.constantFrom(...ENDS) }),
});
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;
const network = fc.constantFrom(
  {},
  { latencyMs: 40, jitterMs: 80 },
  { loss: 0.1 },
  { loss: 0.3 },
  { duplication: 0.3, reordering: 0.3 },
  { loss: 0.1, duplication: 0.2, reordering: 0.2, jitterMs: 30 },
);
const scene = fc.record({
  seed: fc.nat(2 ** 31 - 1),
  transports: fc.tuple(fc.constantFrom('udp' as const, 'tcp' as const), fc.constantFrom('udp' as const, 'tcp' as const)),
  conditions: network,
  callees: fc.integer({ min: 1, max: 3 }),
  answers: fc.array(fc.constantFrom(200, 200, 200, 488, 404, 500), { minLength: 1, maxLength: 6 }),
  ackAfterMs: fc.constantFrom(0, 0, 100, 2_000),
  withOffer: fc.boolean(),
  acts: fc.array(act, { maxLength: 16 }),
});
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

const SDPFRAG = { body: 'a=end-of-candidates\r\n', contentType: 'application/trickle-ice-sdpfrag' };

/** Alice talks to Bob, one of whose phones has answered, and both do what they are told. */
class MidCall {
  readonly world: ReturnType<typeof serviceWorld>;
  readonly alice: Phone;
  readonly bobs: readonly Phone[];
  readonly call: ReturnType<Phone['call']>;
  readonly crashed = new Set<Phone>();
  readonly #open = new Map<PhoneCall, Sent>();

  constructor({ seed, transports: [first, second], conditions, callees, answers, ackAfterMs, withOffer }: Scene) {
    this.world = serviceWorld({ seed, network: conditions });
    this.alice = this.world.phone('alice', { transport: first });
    let turn = 0;
    this.bobs = Array.from({ length: callees }, (_, n) =>
      this.world.phone(`bob${n}`, {
        user: 'bob',
        transport: second,
        onInvite: (call) => {
          call.onRequest = () => answers[turn++ % answers.length] ?? 200;
          call.ring();
          this.world.timers.set(50 * n, () => call.answer());
        },
      }),
    );
    for (const phone of [this.alice, ...this.bobs]) phone.register();
    this.world.run(20_000);
    this.call = this.alice.call('bob', { ack: { afterMs: ackAfterMs }, ...(withOffer ? {} : { sdp: '' }) });
    this.call.onRequest = () => answers[turn++ % answers.length] ?? 200;
    this.world.run(100);
  }

  get #sides(): { readonly caller: PhoneCall; readonly callee: PhoneCall | undefined } {
    const talking = this.bobs.flatMap(({ calls }) => calls).filter(({ state }) => state === 'answered');
    return { caller: this.call, callee: talking.find(({ confirmed }) => confirmed) ?? talking[0] };
  }

  play({ afterMs, who, what }: Act): void {
    this.world.run(afterMs);
    const { caller, callee } = this.#sides;
    const side = who === 'caller' ? caller : callee;
    if (what === 'crash') this.#crash(who === 'caller' ? this.alice : this.bobs.find(({ incoming }) => incoming === callee));
    else if (what === 'break streams') this.world.network.breakStreams(this.alice.wire.local.host);
    else if (what === 'cancel') this.call.cancel();
    else for (const one of what.startsWith('both') ? [caller, callee] : [side]) this.#do(one, what.replace('both ', ''));
  }

  #do(side: PhoneCall | undefined, what: string): void {
    if (what === 'bye') side?.bye();
    else if (what === 'hold') this.#offer(side, { direction: 'sendonly' });
    else if (what === 'offerless') this.#offer(side, { sdp: '' });
    else if (what === 'resume' || what === 're-INVITE') this.#offer(side, {});
    else this.#ask(side, what.toUpperCase());
  }

  /** One of the two at most: who is left hangs up in the end. */
  #crash(phone: Phone | undefined): void {
    if (phone === undefined || this.crashed.size > 0) return;
    this.crashed.add(phone);
    phone.sleep();
  }

  #canSpeak(call: PhoneCall | undefined): call is PhoneCall {
    if (call?.dialog === undefined || call.state !== 'answered' || !call.confirmed) return false;
    return ![...this.crashed].some(({ calls }) => (calls as PhoneCall[]).includes(call));
  }

  /** A phone has one re-INVITE open at a time (RFC 3261 §14.1). */
  #offer(call: PhoneCall | undefined, how: Parameters<PhoneCall['reInvite']>[0]): void {
    if (this.#canSpeak(call) && this.#open.get(call)?.status !== 0) this.#open.set(call, call.reInvite(how));
  }

  #ask(call: PhoneCall | undefined, method: string): void {
    if (this.#canSpeak(call)) call.request(method, method === 'INFO' ? SDPFRAG : {});
  }

  /** Whoever is still there hangs up. */
  end(): void {
    this.world.run(70_000);
    const alive = [this.alice, ...this.bobs].filter((phone) => !this.crashed.has(phone));
    for (const phone of alive) for (const call of phone.calls) call.bye();
    this.world.run(70_000);
    for (const phone of alive) for (const call of phone.calls) expect(call.state, `${phone.name}'s call`).toBe('ended');
  }
}

/** A phone that is gone, or whose connection broke, leaves its peer's rules unmet through no fault of ours. */
const IS_LOST = /no ACK to \d{3} within 64\*T1/;

describe('two who talk, whatever they and the network do', () => {
  test.prop({ what: scene }, worlds(100))('end in peace, once, with nothing left behind', ({ what }) => {
    const scene = new MidCall(what);
    for (const one of what.acts) scene.play(one);
    scene.end();
    const { world } = scene;
    const isRough =
      scene.crashed.size > 0 || what.acts.some(({ what }) => what === 'break streams') || (what.conditions.loss ?? 0) > 0;
    for (const phone of world.phones)
      if (isRough) phone.complaints.splice(0, Infinity, ...phone.complaints.filter((complaint) => !IS_LOST.test(complaint)));
    expectQuiet(world);
    // An INVITE on a connection that broke may never have come.
    expect(world.service.stories.length).toBeLessThanOrEqual(1);
    if (!isRough) expect(world.service.stories).toHaveLength(1);
    expect(scene.call.status, 'the caller has a final answer').toBeGreaterThanOrEqual(scene.crashed.has(scene.alice) ? 0 : 200);
  });
});
