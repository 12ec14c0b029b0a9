import { describe, expect, it } from 'vitest';
import { type Header, headerOf, linesOf, paramOf, valuesOf } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { RawPeer, SDP, SDP_TYPE } from '../support/raw-peer.ts';

const BOB = 'sip:bob@example.com';
const INSTANCE = '+sip.instance="<urn:uuid:1>"';

/** A registrar that asks nobody for a password, and a peer that registers Bob's contacts as it likes. */
function scene(config: object = {}) {
  const world = serviceWorld({ config: { auth: 'none', ...config } });
  const peer = new RawPeer(world);
  let cseq = 0;
  const register = (contacts: readonly string[], more: readonly Header[] = []) => {
    cseq += 1;
    peer.request('REGISTER', 'sip:example.com', [
      ['To', `<${BOB}>`],
      ['From', `<${BOB}>;tag=x`],
      ['Call-ID', 'one'],
      ['CSeq', `${cseq} REGISTER`],
      ...contacts.map((contact): Header => ['Contact', contact]),
      ...more.filter(([name]) => name !== 'CSeq'),
    ]);
    world.run(200);
    return peer.answer;
  };
  const registerAt = (seq: number, contacts: readonly string[], more: readonly Header[] = []) => {
    cseq = seq - 1;
    return register(contacts, more);
  };
  const bound = () => world.service.service.location.of(BOB).map(({ binding }) => binding.target.contact);
  return { world, peer, register, registerAt, bound };
}

describe('one REGISTER with several contacts', () => {
  it('that name the same device is one order: the later line wins', () => {
    const { world, register, bound } = scene();
    const contacts = [`<sip:b@10.0.9.9:1>;${INSTANCE}`, `<sip:b@10.0.9.9:2>;${INSTANCE}`];
    for (let n = 0; n < 2; n++) {
      const answer = register(contacts);
      expect(valuesOf(answer, 'contact')).toHaveLength(1);
      expect(headerOf(answer, 'contact')).toContain('10.0.9.9:2');
      expect(bound()).toEqual(['sip:b@10.0.9.9:2']);
    }
    world.run(4_000_000);
    expect(bound()).toEqual([]);
    expect(world.service.service.engine.countActors('registration')).toBe(0);
  });

  it.each(['before', 'after'])('keeps a device that takes its old contact back %s its new one', (where) => {
    const { register, bound } = scene();
    register([`<sip:b@10.0.9.9:1>;${INSTANCE}`]);
    const fresh = `<sip:b@10.0.9.9:2>;${INSTANCE}`;
    const old = `<sip:b@10.0.9.9:1>;${INSTANCE};expires=0`;
    expect(register(where === 'before' ? [old, fresh] : [fresh, old]).status).toBe(200);
    expect(bound()).toEqual(['sip:b@10.0.9.9:2']);
    register([`<sip:b@10.0.9.9:2>;${INSTANCE};expires=0`]);
    expect(bound()).toEqual([]);
  });

  it('takes all of them or none (RFC 3261 §10.3 step 7)', () => {
    const { register, bound } = scene();
    expect(register(['<sip:a@10.0.9.9>', '<sip:b@10.0.9.9>;expires=10']).status).toBe(423);
    expect(register(['<sip:a@10.0.9.9>', '<tel:+1>']).status).toBe(400);
    expect(bound()).toEqual([]);
    expect(register(['<sip:a@10.0.9.9>', '<sip:b@10.0.9.9>;q=0.25;expires=120', '<sip:c@10.0.9.9>;expires=0']).status).toBe(200);
    expect(bound()).toEqual(['sip:a@10.0.9.9', 'sip:b@10.0.9.9']);
    const shown = valuesOf(register([]), 'contact').find((contact) => contact.includes('sip:b@')) ?? '';
    expect([paramOf(shown, 'q'), paramOf(shown, 'expires')]).toEqual(['0.25', '120']);
  });

  it('tells two phones without an instance apart, and two with an empty one', () => {
    const { register, bound } = scene();
    register(['<sip:b@10.0.9.9:1>;+sip.instance=""']);
    register(['<sip:b@10.0.9.9:2>;+sip.instance=""']);
    expect(bound()).toHaveLength(2);
  });
});

describe('the order of REGISTERs', () => {
  it('is that of CSeq within one Call-ID: 500 to what comes late, and nothing changes', () => {
    const { register, registerAt, bound } = scene();
    registerAt(10, ['<sip:b@10.0.9.9>']);
    expect(registerAt(9, ['<sip:b@10.0.9.9>;expires=0']).status).toBe(500);
    expect(registerAt(8, ['*'], [['Expires', '0']]).status).toBe(500);
    expect(bound()).toHaveLength(1);
    expect(registerAt(11, ['*'], [['Expires', '0']]).status).toBe(200);
    expect(bound()).toEqual([]);
    expect(register([]).status).toBe(200);
  });

  it('is free for *, alone and with Expires 0 only', () => {
    const { register, bound } = scene();
    register(['<sip:b@10.0.9.9>']);
    expect(register(['*']).status).toBe(400);
    expect(register(['*'], [['Expires', '60']]).status).toBe(400);
    expect(register(['*', '<sip:c@10.0.9.9>'], [['Expires', '0']]).status).toBe(400);
    expect(bound()).toHaveLength(1);
  });

  it('is that of time where a REGISTER comes at the instant a binding expires: the binding is over', () => {
    const { world, register, registerAt, bound } = scene();
    register(['<sip:b@10.0.9.9>;expires=60']);
    // Both REGISTERs take as long to arrive.
    world.run(60_000 - 200);
    expect(valuesOf(register([]), 'contact')).toEqual([]);
    expect(bound()).toEqual([]);
    registerAt(20, ['<sip:b@10.0.9.9>;expires=60']);
    world.run(60_000 - 600);
    expect(headerOf(register([]), 'contact')).toContain('expires=1');
  });

  it('clamps what is asked for to the longest interval, and gives the preset where nothing is', () => {
    const { register } = scene({ registrar: { maxExpiresMs: 600_000, defaultExpiresMs: 300_000 } });
    const granted = (contact: string, more: readonly Header[] = []) =>
      paramOf(headerOf(register([contact], more), 'contact'), 'expires');
    expect(granted('<sip:b@10.0.9.9>;expires=99999')).toBe('600');
    expect(granted('<sip:b@10.0.9.9>')).toBe('300');
    expect(granted('<sip:b@10.0.9.9>', [['Expires', '400']])).toBe('400');
    expect(granted('<sip:b@10.0.9.9>;expires=soon')).toBe('300');
  });
});

describe('hostile contacts', () => {
  it.each([
    ['<sip:bob@10.0.0.1>', 403],
    ['<sip:bob@10.0.0.1:5060;transport=tcp>', 403],
    ['<sip:10.0.0.1>', 403],
    ['<http://10.0.9.9/>', 400],
    ['<sip:b@10.0.9.9', 400],
    ['<sip:b@[2001:db8::1]:5070>', 200],
    ['<sip:b@10.0.0.1:5999>', 200],
  ])('%s is answered %i', (contact, status) => {
    expect(scene().register([contact]).status).toBe(status);
  });

  it('lead nobody round in circles by their Path either', () => {
    expect(scene().register(['<sip:b@10.0.9.9>'], [['Path', '<sip:10.0.0.1:5060;lr>']]).status).toBe(403);
    expect(scene().register(['<sip:b@10.0.9.9>'], [['Path', '<nonsense>']]).status).toBe(400);
  });
});

describe('a contact behind a proxy', () => {
  it('is called along its Path, which the 200 repeats (RFC 3327)', () => {
    const { world, peer, register } = scene();
    const path = '<sip:10.0.9.9:5062;lr>, <sip:inner.example;lr>';
    const answer = register(
      ['<sip:b@192.168.0.9:5080;ob>'],
      [
        ['Path', path],
        ['Supported', 'path'],
      ],
    );
    expect(headerOf(answer, 'path')).toBe(path);
    const alice = world.phone('alice');
    alice.call('bob');
    world.run(200);
    const [invite] = peer.requests('INVITE');
    expect(invite?.uri).toBe('sip:b@192.168.0.9:5080;ob');
    expect(valuesOf(invite ?? peer.answer, 'route')).toEqual(['<sip:10.0.9.9:5062;lr>', '<sip:inner.example;lr>']);
    peer.reply(invite ?? peer.answer, 200, [SDP_TYPE], SDP);
    world.run(100);
    expect(peer.requests('ACK')).toHaveLength(1);
  });
});

describe('push parameters (RFC 8599)', () => {
  it('are answered for the providers that are served, asked for or all', () => {
    const { register } = scene();
    const caps = (contact: string, more: readonly Header[] = []) => linesOf(register([contact], more), 'feature-caps').join();
    expect(caps('<sip:b@10.0.9.9;pn-provider=APNS;pn-prid=x>')).toBe('*;+sip.pns="apns"');
    expect(caps('<sip:b@10.0.9.9;pn-provider=fcm>')).toBe('*;+sip.pns="fcm"');
    expect(caps('<sip:b@10.0.9.9;pn-provider>')).toMatch(/apns.*fcm/);
    expect(caps('<sip:b@10.0.9.9>')).toBe('');
    expect(caps('<sip:b@10.0.9.9;pn-provider=apns;pn-prid=x>', [['Feature-Caps', '*;+sip.pns="apns"']])).toBe('');
  });

  it('of an unknown provider are 555, yet its device may unregister', () => {
    const { register } = scene();
    expect(register(['<sip:b@10.0.9.9;pn-provider=pigeon;pn-prid=x>']).status).toBe(555);
    expect(register(['<sip:b@10.0.9.9;pn-provider=pigeon;pn-prid=x>;expires=0']).status).toBe(200);
  });

  it('make a device known by its token, whatever its address', () => {
    const { register, bound } = scene();
    register(['<sip:b@10.0.9.9:1;pn-provider=apns;pn-prid=x>']);
    register(['<sip:b@10.0.9.9:2;pn-provider=apns;pn-prid=x>']);
    expect(bound()).toHaveLength(1);
    register(['<sip:b@10.0.9.9:3;pn-provider=apns;pn-prid=x>;expires=0']);
    expect(bound()).toEqual([]);
  });

  it('left out ask for no more pushes of the same contact (RFC 8599 §4.1.1)', () => {
    const { world, register, bound } = scene();
    register(['<sip:b@10.0.9.9:1;pn-provider=apns;pn-prid=x>']);
    register(['<sip:b@10.0.9.9:1>']);
    expect(bound()).toEqual(['sip:b@10.0.9.9:1']);
    world.phone('alice').call('bob');
    world.run(200);
    expect(world.push.pushes).toEqual([]);
  });
});
