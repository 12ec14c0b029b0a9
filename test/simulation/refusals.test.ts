import { describe, expect, it } from 'vitest';
import { type Header, headerOf } from '../../src/testing/phone-message.ts';
import { serviceWorld } from '../../src/testing/service-world.ts';
import { RawPeer } from '../support/raw-peer.ts';

/** What the service says to one request, its callers asked for no password. */
function answerTo(method: string, uri: string, headers: readonly Header[] = [], auth: 'none' | 'digest' = 'none') {
  const world = serviceWorld({ config: { auth } });
  const peer = new RawPeer(world);
  peer.request(method, uri, headers);
  world.run(500);
  return peer.answer;
}
const BOB = 'sip:bob@example.com';
const CONTACT: Header = ['Contact', '<sip:raw@10.0.9.9>'];

describe('a request outside a dialog', () => {
  it.each([
    ['BYE', 481],
    ['INFO', 481],
    ['UPDATE', 481],
    ['PRACK', 481],
    ['NOTIFY', 481],
    ['SUBSCRIBE', 489],
    ['PUBLISH', 489],
    ['REFER', 403],
    ['FROBNICATE', 501],
  ])('%s belongs into one, or is unknown: %i', (method, status) => {
    const answer = answerTo(method, BOB, [CONTACT]);
    expect(answer.status).toBe(status);
    if (status === 501) expect(headerOf(answer, 'allow')).toContain('INVITE');
    if (status === 489) expect(headerOf(answer, 'allow-events')).not.toBe('');
  });

  it('names the options it does not carry, and none of those it does', () => {
    for (const option of ['precondition', 'tdialog', 'sec-agree', 'gruu']) {
      const answer = answerTo('INVITE', BOB, [CONTACT, ['Require', `timer, ${option}`]]);
      expect([answer.status, headerOf(answer, 'unsupported')]).toEqual([420, option]);
    }
    expect(answerTo('INVITE', BOB, [CONTACT, ['Require', 'timer']]).status).toBe(480);
  });

  it('says 416 to a scheme that nobody knows', () => {
    expect(answerTo('INVITE', 'mailto:bob@example.com', [CONTACT]).status).toBe(416);
  });

  it('says 481 to Replaces and Join, whose dialogs it does not know', () => {
    for (const name of ['Replaces', 'Join'])
      expect(answerTo('INVITE', BOB, [CONTACT, [name, 'a@b;to-tag=c;from-tag=d']]).status, name).toBe(481);
  });

  it('says 483 where no hop is left, but not to OPTIONS and REGISTER, which end here', () => {
    const none: Header = ['Max-Forwards', '0'];
    expect(answerTo('INVITE', BOB, [CONTACT, none]).status).toBe(483);
    expect(answerTo('MESSAGE', BOB, [none]).status).toBe(483);
    expect(answerTo('OPTIONS', BOB, [none]).status).toBe(200);
    expect(answerTo('REGISTER', 'sip:example.com', [['To', `<${BOB}>`], none]).status).toBe(200);
  });

  it('asks everybody who claims to be of our domain for a password, whatever the form of the From', () => {
    const world = serviceWorld();
    const forms = [
      'sip:alice@example.com',
      'sip:%61lice@example.com',
      'sip:alice@EXAMPLE.com.',
      'sip:alice@example.com:5060;transport=tcp',
      'sips:alice@example.com',
      'sip:alice@10.0.0.1',
      'sip:example.com',
    ];
    forms.forEach((from, n) => {
      const peer = new RawPeer(world, `10.0.8.${n + 1}`);
      peer.request('INVITE', BOB, [CONTACT, ['From', `<${from}>;tag=x`]]);
      world.run(500);
      expect(peer.answer.status, from).toBe(401);
    });
    const stranger = new RawPeer(world, '10.0.8.99');
    stranger.request('INVITE', BOB, [CONTACT, ['From', '"alice" <sip:anonymous@anonymous.invalid>;tag=x']]);
    world.run(500);
    expect(stranger.answer.status).toBe(480);
  });

  it('has one Contact if it is an INVITE', () => {
    expect(answerTo('INVITE', BOB).status).toBe(400);
    expect(answerTo('INVITE', BOB, [['Contact', '*']]).status).toBe(400);
    expect(answerTo('INVITE', BOB, [['Contact', '<sip:a@b>, <sip:c@d>']]).status).toBe(400);
  });
});
