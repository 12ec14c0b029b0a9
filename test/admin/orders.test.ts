import { describe, expect, it } from 'vitest';
import { adminWorld } from '../support/admin.ts';

describe('orders', () => {
  it('reach the service with what they name, a call by its Call-ID too', async () => {
    const { ask, post, orders } = adminWorld();
    const statuses = [
      await post('/api/v1/calls/abc%2Fdef%40192.0.2.7/hangup', {}),
      await post('/api/v1/calls/call:7/fork', { to: ' carol ' }),
      await post('/api/v1/calls/call:7/pickup', { by: 'carol' }),
      await post('/api/v1/facts', { type: 'door.opened', attributes: { door: 'front', times: 3 } }),
      await ask('DELETE /api/v1/users/bob/bindings/urn%3Auuid%3A1%2F2'),
    ].map(({ status }) => status);
    expect(statuses).toEqual([204, 204, 204, 204, 204]);
    expect(orders.taken).toEqual([
      ['hangUp', 'call:7'],
      ['fork', 'call:7', 'carol'],
      ['pickUp', 'call:7', 'carol'],
      ['raise', { type: 'door.opened', attributes: { door: 'front', times: 3 } }],
      ['removeBinding', 'sip:bob@example.com', 'urn:uuid:1/2'],
    ]);
  });

  it('that are refused are 409 with the reason; of what is not there, 404', async () => {
    const { ask, post, orders } = adminWorld();
    orders.answer = { refused: 'call:7 is over' };
    const refused = await post('/api/v1/calls/call:7/hangup', {});
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ title: 'Conflict', detail: 'call:7 is over' });
    expect((await post('/api/v1/calls/call:8/hangup', {})).status).toBe(404);
    expect((await ask('DELETE /api/v1/users/nobody/bindings/d1')).status).toBe(404);
    expect(orders.taken).toHaveLength(1);
  });

  it.each([
    ['Door.opened', {}],
    ['door', {}],
    ['door.opened; rm', {}],
    ['x'.repeat(70), {}],
    ['door.opened', Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`a${n}`, n]))],
    ['door.opened', { ['x'.repeat(65)]: 1 }],
    ['door.opened', 7],
  ])('raise %s is 400', async (type, attributes) => {
    const { post, orders } = adminWorld();
    expect((await post('/api/v1/facts', { type, attributes })).status).toBe(400);
    expect(orders.taken).toEqual([]);
  });
});
