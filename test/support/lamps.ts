/** Phones with lamps in a simulated world. */
import type { ServiceWorld } from '../../src/testing/service-world.ts';
import { Watcher } from '../../src/testing/watcher.ts';
import { SERVICE_HOST, SERVICE_PORT } from '../../src/testing/world.ts';
import type { TransportName } from '../../src/transport/transport.ts';

let hosts = 0;

/** A phone that watches, on a host of its own. */
export function watcherIn(world: ServiceWorld, user: string, transport: TransportName = 'udp'): Watcher {
  hosts = (hosts % 250) + 1;
  return new Watcher({
    wire: world.wire(`10.9.0.${hosts}`, transport),
    random: world.random.fork(`watcher ${user} ${hosts}`),
    user,
    domain: 'example.com',
    password: `${user}-secret`,
    proxy: { host: SERVICE_HOST, port: SERVICE_PORT[transport] },
  });
}
