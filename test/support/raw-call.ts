/** Calls between a simulated phone and raw devices, which say what a test wants. */
import type { Phone } from '../../src/testing/phone.ts';
import { type Header, headerOf, type PhoneMessage, uriOf } from '../../src/testing/phone-message.ts';
import { type ServiceWorldOptions, serviceWorld } from '../../src/testing/service-world.ts';
import { RawPeer, SDP, SDP_TYPE } from './raw-peer.ts';

export const missing = (): never => {
  throw new Error('missing');
};
export const inviteOf = (peer: RawPeer, nth = 0): PhoneMessage => peer.requests('INVITE')[nth] ?? missing();

/** Alice, a phone, and as many raw devices of Bob's as asked, nobody asked for a password. */
export function rawScene(devices = 1, { config, ...options }: ServiceWorldOptions = {}) {
  const world = serviceWorld({ ...options, config: { auth: 'none', ...config } });
  const alice = world.phone('alice');
  alice.register();
  const bobs = Array.from({ length: devices }, (_, n) => new RawPeer(world, `10.0.9.${n + 1}`));
  for (const bob of bobs) bob.register('bob');
  world.run(200);
  return { world, alice, bobs, bob: bobs[0] ?? missing() };
}

const TARGET_REFRESHING = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER']);

/** A request of the callee's inside the dialog that our INVITE to it opened. */
export function within(bob: RawPeer, method: string, cseq: number, more: readonly Header[] = [], body = ''): void {
  const invite = inviteOf(bob);
  const hasContact = TARGET_REFRESHING.has(method);
  const dialog: Header[] = [
    ['From', `${headerOf(invite, 'to')};tag=rawtag`],
    ['To', headerOf(invite, 'from')],
    ['Call-ID', headerOf(invite, 'call-id')],
    ['CSeq', `${cseq} ${method}`],
    ...(hasContact ? [['Contact', `<${bob.contact}>`] as Header] : []),
  ];
  bob.request(method, uriOf(headerOf(invite, 'contact')), [...dialog, ...more], body);
}

/** A confirmed call between Alice and a raw device. */
export function talking(options: ServiceWorldOptions & { readonly call?: Parameters<Phone['call']>[1] } = {}) {
  const { call: how, ...rest } = options;
  const { world, alice, bob } = rawScene(1, rest);
  const call = alice.call('bob', how);
  world.run(50);
  bob.reply(inviteOf(bob), 200, [SDP_TYPE], SDP);
  world.run(100);
  if (!call.confirmed) throw new Error('the call was not confirmed');
  return { world, alice, bob, call };
}

/** Answers every BYE and CANCEL that comes to it from now on. */
export function takesItsLeave(bob: RawPeer): void {
  bob.hears = (message) => {
    if (message.method === 'BYE') bob.reply(message, 200);
    if (message.method !== 'CANCEL') return;
    bob.reply(message, 200);
    bob.reply(inviteOf(bob), 487);
  };
}
