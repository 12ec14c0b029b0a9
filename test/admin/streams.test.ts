import { describe, expect, it } from 'vitest';
import { filterOf } from '../../src/admin/routes/streams.ts';
import { adminWorld } from '../support/admin.ts';
import { fact } from '../support/insight-double.ts';

/** Reads what a stream has said so far. */
function reader(response: Response) {
  const source = response.body?.getReader();
  const decoder = new TextDecoder();
  return {
    next: async (): Promise<string> => decoder.decode((await source?.read())?.value),
    close: () => source?.cancel(),
    failed: () =>
      source?.closed.then(
        () => '',
        (error: unknown) => String(error),
      ),
  };
}

describe('facts as they happen', () => {
  it('are told by the filter of the query, until who reads goes', async () => {
    const { ask, insight } = adminWorld();
    const response = await ask('GET /api/v1/facts?kind=call.*&kind=leg.failed&where.caller=sip:alice@example.com');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const stream = reader(response);
    expect(await stream.next()).toBe('retry: 2000\n\n');
    const [[tell, filter] = []] = insight.listeners;
    expect(filter).toEqual({ kinds: ['call.*', 'leg.failed'], attributes: { caller: 'sip:alice@example.com' } });
    tell?.(fact);
    expect(await stream.next()).toBe(`event: fact\ndata: ${JSON.stringify(fact)}\n\n`);
    await stream.close();
    expect(insight.listeners.size).toBe(0);
  });

  it('cost a slow reader no memory: what it misses is counted, and told when it reads again', async () => {
    const { ask, insight } = adminWorld();
    const stream = reader(await ask('GET /api/v1/facts'));
    const [[tell] = []] = insight.listeners;
    const large = { ...fact, attributes: { text: 'x'.repeat(1000) } };
    for (let n = 0; n < 1000; n += 1) tell?.(large);
    let text = '';
    for (let n = 0; n < 240 && !text.includes('event: lost'); n += 1) text += await stream.next();
    while (!text.includes('event: lost')) text += await stream.next();
    const told = text.match(/event: fact/g)?.length ?? 0;
    const [, lost] = /event: lost\ndata: \{"facts":(\d+)\}/.exec(text) ?? [];
    expect(told).toBeLessThan(300);
    expect(told + Number(lost)).toBe(1000);
    await stream.close();
  });

  it('keep the connection alive, and let go of who takes nothing for a minute', async () => {
    const { ask, insight, time } = adminWorld();
    const stream = reader(await ask('GET /api/v1/facts'));
    await stream.next();
    time.advance(15_000);
    expect(await stream.next()).toBe(': still here\n\n');
    const [[tell] = []] = insight.listeners;
    for (let n = 0; n < 400; n += 1) tell?.({ ...fact, attributes: { text: 'x'.repeat(1000) } });
    time.advance(75_000);
    expect(insight.listeners.size).toBe(0);
    expect(await stream.failed()).toMatch(/the stream is over/);
  });

  it('end with the session that they were opened by', async () => {
    const token = 'tHWT7_0123456789';
    const world = adminWorld({ admission: { token, names: [] } });
    const [cookie = ''] = ((await world.post('/api/v1/session', { token })).headers.get('set-cookie') ?? '').split(';');
    const stream = reader(await world.ask('GET /api/v1/facts', { headers: { cookie } }));
    await stream.next();
    await world.ask('DELETE /api/v1/session', { headers: { cookie } });
    world.time.advance(15_000);
    expect(world.insight.listeners.size).toBe(0);
    expect(await stream.failed()).toMatch(/the stream is over/);
  });

  it('are for 64 readers at once; HEAD opens none', async () => {
    const { ask, insight } = adminWorld();
    const open = [];
    for (let n = 0; n < 64; n += 1) open.push(reader(await ask('GET /api/v1/facts')));
    const refused = await ask('GET /api/v1/facts');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    await open[0]?.close();
    expect((await ask('HEAD /api/v1/facts')).status).toBe(200);
    expect(insight.listeners.size).toBe(63);
    expect((await ask('GET /api/v1/facts')).status).toBe(200);
  });

  it.each([
    ['', { kinds: [], attributes: {} }],
    ['kind=*', { kinds: ['*'], attributes: {} }],
    ['kind=call.*&where.a=1&where.b=', { kinds: ['call.*'], attributes: { a: '1', b: '' } }],
    ['where.toString=1', { kinds: [], attributes: { toString: '1' } }],
    ['kind=', /^kind: write/],
    ['kind=*.*', /^kind: write/],
    ['kind=a b', /^kind: write/],
    ['caller=x', /where\.NAME=VALUE/],
    ['where.=x', /where\.NAME=VALUE/],
    ['where.__proto__=x', /where\.NAME=VALUE/],
    [`where.a=${'x'.repeat(513)}`, /^where\.a: at most/],
    [Array.from({ length: 33 }, (_, n) => `kind=a${n}`).join('&'), /^kind: 33 of them/],
    [Array.from({ length: 9 }, (_, n) => `where.a${n}=1`).join('&'), /^where: at most 8/],
  ])('the filter of ?%s', (query, expected) => {
    const found = filterOf(new URLSearchParams(query));
    if (expected instanceof RegExp) expect(found).toMatch(expected);
    else expect(JSON.parse(JSON.stringify(found))).toEqual(expected);
  });
});

describe('a call that changes', () => {
  it('tells so at once, and then at most five times a second', async () => {
    const { ask, insight, time } = adminWorld();
    const stream = reader(await ask('GET /api/v1/calls/call:7/live'));
    await stream.next();
    const [changed = () => {}] = insight.watchers;
    const told: number[] = [];
    void (async () => {
      for (let text = await stream.next(); text !== ''; text = await stream.next())
        if (text.includes('event: changed')) told.push(time.now());
    })();
    for (let n = 0; n < 100; n += 1) {
      changed();
      time.advance(10);
      await new Promise(setImmediate);
    }
    time.advance(1000);
    await new Promise(setImmediate);
    expect(told.length).toBeGreaterThanOrEqual(5);
    expect(told.length).toBeLessThanOrEqual(7);
    await stream.close();
    expect(insight.watchers.size).toBe(0);
  });

  it('that is not known has nothing to tell', async () => {
    expect((await adminWorld().ask('GET /api/v1/calls/call:8/live')).status).toBe(404);
  });
});
