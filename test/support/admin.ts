import { createApp } from '../../src/admin/app.ts';
import type { AppParts } from '../../src/admin/parts.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import { TimerHeap } from '../../src/timer-heap.ts';
import { InsightDouble, OrdersDouble } from './insight-double.ts';

/** The door without sockets, around doubles of all that it shows and orders. */
export function adminWorld(given: Partial<AppParts> = {}) {
  const time = new VirtualTime();
  const broken: string[] = [];
  const insight = new InsightDouble();
  const orders = new OrdersDouble();
  const parts: AppParts = {
    ...{
      insight,
      orders,
      timers: new TimerHeap(time, (error) => void broken.push(String(error))),
      random: new SeededRandom(7),
      page: new Map(),
    },
    metrics: { contentType: 'text/plain; version=0.0.4', text: async () => 'callweave_calls 3\n' },
    isDraining: () => false,
    admission: { token: undefined, names: [] },
    report: (line) => void broken.push(line),
    ...given,
  };
  const app = createApp(parts);
  /** Asks as a client on this machine would. */
  const ask = async (line: string, init: RequestInit & { from?: string } = {}): Promise<Response> => {
    const [method = 'GET', path = '/'] = line.split(' ');
    const { from = '127.0.0.1', headers, ...rest } = init;
    const env = { incoming: { socket: { remoteAddress: from } } };
    const all = { host: '127.0.0.1:8060', ...(headers as Record<string, string> | undefined) };
    return app.request(`http://127.0.0.1:8060${path}`, { ...rest, method, headers: all }, env);
  };
  const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    ask(`POST ${path}`, { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });
  return { app, ask, post, insight, orders, time, broken };
}
