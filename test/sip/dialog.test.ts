import { describe, expect, it } from 'vitest';
import {
  type Dialog,
  dialogFromRequest,
  dialogFromResponse,
  glare,
  glareDelayMs,
  isIn,
  requestIn,
  takeRequest,
  takeResponse,
} from '../../src/sip/dialog.ts';
import { responseTo } from '../../src/sip/headers.ts';
import type { SipRequest } from '../../src/sip/message.ts';
import { INVITE, OK, replacing, request, response, wire } from './messages.ts';

const ROUTES = 'Record-Route: <sip:p3.example.com;lr>, <sip:p2.example.com;lr>, <sip:p1.example.com;lr>';
const invite = request(wire([...INVITE, ROUTES]));
const ok = response(wire([...OK, ROUTES]));

function uas(): Dialog {
  const dialog = dialogFromRequest(invite, 'ours');
  if (dialog === undefined) throw new Error('no dialog');
  return dialog;
}
function uac(answer = ok): Dialog {
  const dialog = dialogFromResponse(invite, answer);
  if (dialog === undefined) throw new Error('no dialog');
  return dialog;
}
const uris = (sent: SipRequest): string[] => sent.route.map((route) => route.uri);
const theirs = (method: string, seq: number, contact = '<sip:new@192.0.2.9>'): SipRequest => {
  const lines = [`${method} sip:b@example.com SIP/2.0`, ...INVITE.slice(1)];
  return request(wire(replacing(replacing(lines, 'CSeq', `CSeq: ${seq} ${method}`), 'Contact', `Contact: ${contact}`)));
};

describe('a dialog of the answering side (RFC 3261 §12.1.1)', () => {
  it('takes target, tags, numbers and the route set in order', () => {
    const dialog = uas();
    expect(dialog).toMatchObject({
      localTag: 'ours',
      remoteTag: '9fxced76sl',
      remoteSeq: 2,
      localSeq: 0,
      state: 'early',
      offer: 'none',
    });
    const bye = requestIn(dialog, 'BYE');
    expect(bye).toMatchObject({ uri: 'sip:alice@client.atlanta.example.com;transport=udp', cseq: { seq: 1, method: 'BYE' } });
    expect(uris(bye)).toEqual(['sip:p3.example.com;lr', 'sip:p2.example.com;lr', 'sip:p1.example.com;lr']);
    expect(bye.from.params.tag).toBe('ours');
    expect(bye.to).toEqual(invite.from);
    expect(bye.headers.get('max-forwards')).toEqual(['70']);
    expect(requestIn(dialog, 'INFO').cseq.seq).toBe(2);
  });
  it('needs a Contact', () => {
    expect(dialogFromRequest(request(wire(replacing(INVITE, 'Contact'))), 'ours')).toBeUndefined();
  });
});

describe('a dialog of the calling side (RFC 3261 §12.1.2)', () => {
  it('reverses the route set', () => {
    const ack = requestIn(uac(), 'ACK', { seq: 2 });
    expect(uris(ack)).toEqual(['sip:p1.example.com;lr', 'sip:p2.example.com;lr', 'sip:p3.example.com;lr']);
    expect(ack).toMatchObject({ uri: 'sip:bob@192.0.2.4', cseq: { seq: 2, method: 'ACK' }, callId: invite.callId });
    expect(requestIn(uac(), 'BYE').cseq.seq).toBe(3);
    expect(() => requestIn(uac(), 'ACK')).toThrow(/CSeq/);
  });
  it('needs a To-tag and a status that makes one', () => {
    expect(dialogFromResponse(invite, responseTo(invite, 180))).toBeUndefined();
    expect(dialogFromResponse(invite, responseTo(invite, 100, undefined, 'x'))).toBeUndefined();
    expect(dialogFromResponse(invite, responseTo(invite, 486, undefined, 'x'))).toBeUndefined();
    expect(dialogFromResponse(invite, responseTo(invite, 180, undefined, 'x'))).toMatchObject({
      state: 'early',
      target: invite.uri,
    });
  });
  it('is confirmed by the 2xx, which sets the route set and the target anew', () => {
    const dialog = uac(responseTo(invite, 183, undefined, '8321234356', { recordRoute: invite.recordRoute }));
    expect(dialog.routes).toHaveLength(3);
    const answer = response(wire([...OK, 'Record-Route: <sip:p9.example.com;lr>']));
    takeResponse(dialog, answer);
    expect(dialog).toMatchObject({ state: 'confirmed', target: 'sip:bob@192.0.2.4' });
    expect(dialog.routes.map((route) => route.uri)).toEqual(['sip:p9.example.com;lr']);
    takeResponse(dialog, { ...ok, contact: [{ name: '', uri: 'sip:moved@192.0.2.5', params: Object.create(null) }] });
    expect(dialog.target).toBe('sip:moved@192.0.2.5');
    expect(dialog.routes).toHaveLength(1);
  });
});

describe('routes through a strict router (RFC 3261 §12.2.1.1)', () => {
  it('go with its URI on top and the target last', () => {
    const dialog = { ...uac(), routes: [invite.from, ...invite.recordRoute.slice(0, 1)] };
    const bye = requestIn(dialog, 'BYE');
    expect(bye.uri).toBe('sip:alice@atlanta.example.com');
    expect(uris(bye)).toEqual(['sip:p3.example.com;lr', 'sip:bob@192.0.2.4']);
  });
});

describe('a request of the peer (RFC 3261 §12.2.2)', () => {
  it('refreshes the target where its method does', () => {
    const dialog = uas();
    expect(takeRequest(dialog, theirs('UPDATE', 3))).toBeUndefined();
    expect(dialog).toMatchObject({ target: 'sip:new@192.0.2.9', remoteSeq: 3 });
    expect(takeRequest(dialog, theirs('INFO', 9, '<sip:other@192.0.2.10>'))).toBeUndefined();
    expect(dialog).toMatchObject({ target: 'sip:new@192.0.2.9', remoteSeq: 9 });
  });
  it('gets 500 out of order and changes nothing', () => {
    const dialog = uas();
    expect(takeRequest(dialog, theirs('UPDATE', 1))).toMatchObject({ status: 500 });
    expect(dialog).toMatchObject({ target: 'sip:alice@client.atlanta.example.com;transport=udp', remoteSeq: 2 });
    expect(takeRequest(dialog, theirs('ACK', 1))).toBeUndefined();
    expect(dialog.remoteSeq).toBe(2);
  });
  it('belongs to the dialog of its Call-ID and tags', () => {
    const dialog = uas();
    const tagged = { ...invite, to: { ...invite.to, params: Object.assign(Object.create(null), { tag: 'ours' }) } };
    expect(isIn(dialog, tagged)).toBe(true);
    expect(isIn(dialog, invite)).toBe(false);
    expect(isIn(dialog, { ...tagged, callId: 'other' })).toBe(false);
    expect(isIn(uac(), ok)).toBe(true);
    expect(isIn(uac(), responseTo(invite, 200, undefined, 'another-fork'))).toBe(false);
  });
});

describe('glare (RFC 3261 §14, RFC 3311 §5.2)', () => {
  it('is 491 while our offer is open, 500 with Retry-After of 0 to 10 s while theirs is', () => {
    const dialog = uas();
    expect(glare(dialog, 0.5)).toBeUndefined();
    dialog.offer = 'ours';
    expect(glare(dialog, 0.5)).toEqual({ status: 491, retryAfterSeconds: undefined });
    dialog.offer = 'theirs';
    expect([0, 0.5, 0.999999].map((fraction) => glare(dialog, fraction)?.retryAfterSeconds)).toEqual([0, 5, 10]);
    expect(glare(dialog, 0)?.status).toBe(500);
  });
  it('is left after 2.1 to 4 s by the side that made the Call-ID, after 0 to 2 s by the other, in steps of 10 ms', () => {
    expect([0, 0.999999].map((fraction) => glareDelayMs(true, fraction))).toEqual([2100, 4000]);
    expect([0, 0.999999].map((fraction) => glareDelayMs(false, fraction))).toEqual([0, 2000]);
    expect(glareDelayMs(false, 0.12345) % 10).toBe(0);
  });
});
