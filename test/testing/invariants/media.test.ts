import { describe, expect, it } from 'vitest';
import { mediaAnchored } from '../../../src/testing/invariants/media.ts';
import { offerOf } from '../../../src/testing/phone-sdp.ts';
import type { ServiceWorldOptions } from '../../../src/testing/service-world.ts';
import { simulatedMedia, simulatedMediaIn } from '../../../src/testing/simulated-media.ts';
import { forgery } from './support.ts';

const relaying: ServiceWorldOptions = { openMedia: simulatedMedia, config: { media: { anchor: 'always' } } };
const sdp = (host: string): string => offerOf({ host, port: 5060 }, 1);
const OURS = sdp('10.0.0.1');

describe('media anchored', () => {
  it.each([
    ['the service', OURS, ''],
    ['nobody', sdp('0.0.0.0'), ''],
    ['another party', sdp('10.0.0.12'), '10.0.0.12'],
    ['another party, for one line', `${OURS}c=IN IP4 10.0.0.12\r\n`, '10.0.0.12'],
    ['another party, for RTCP', `${OURS}a=rtcp:4001 IN IP4 10.0.0.12\r\n`, '10.0.0.12'],
    ['another party, by ICE', `${OURS}a=candidate:1 1 UDP 2130706431 10.0.0.12 40000 typ host\r\n`, '10.0.0.12'],
    ['another party, of what cannot be relayed', sdp('10.0.0.12').replace('RTP/AVP', 'RTP/SAVP'), ''],
  ])('a description that leads to %s', (_, body, where) => {
    const { forger, broken } = forgery(mediaAnchored, relaying);
    forger.came({ body: sdp('10.0.0.12'), host: '10.0.0.12' });
    forger.left({ status: 200, body });
    expect(broken()).toEqual(
      where === '' ? [] : [`0.000 s, 10.0.0.11:5062, Call-ID c1: INVITE tells it to send media to ${where}, past the service`],
    );
  });

  it('is asked of no other world', () => {
    for (const options of [{}, { ...relaying, config: { media: { anchor: 'auto' as const } } }]) {
      const { forger, broken } = forgery(mediaAnchored, options);
      forger.left({ body: sdp('10.0.0.12') });
      expect(broken()).toEqual([]);
    }
  });

  it('tells of sockets that are left open', () => {
    const { world, brokenAtRest } = forgery(mediaAnchored, relaying);
    expect(brokenAtRest()).toEqual([]);
    const [alice, bob] = [world.phone('alice'), world.phone('bob', { onInvite: 'answer' })];
    for (const phone of [alice, bob]) phone.register();
    world.run(500);
    const call = alice.call('bob');
    world.run(500);
    expect(simulatedMediaIn(world)?.pairs).toBe(2);
    expect(brokenAtRest()).toEqual(['1.000 s: left over: 2 pairs of media sockets']);
    call.bye();
    world.run(500);
    expect(brokenAtRest()).toEqual([]);
  });
});
