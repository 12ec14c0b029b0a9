/** The whole service, and one who sends it the bytes of a torture message as they are. */
import type { Config } from '../../src/config.ts';
import { type PhoneMessage, readMessage } from '../../src/testing/phone-message.ts';
import { type ServiceWorld, serviceWorld } from '../../src/testing/service-world.ts';
import { simulatedStreamWire, simulatedUdpWire, type Wire } from '../../src/testing/wire.ts';
import { SERVICE_HOST, SERVICE_PORT } from '../../src/testing/world.ts';
import type { Endpoint, TransportName } from '../../src/transport/transport.ts';

/** Where RFC 5118 has its messages sent to. */
const SERVICE_IPV6 = '2001:db8::10';

export interface Scene {
  readonly world: ServiceWorld;
  /** Everything that came back to the sender. */
  readonly answers: PhoneMessage[];
  readonly wire: Wire;
  /** The domain of the service's users. */
  readonly domain: string;
  /** Sends a message to the service, as the sender of the torture message. */
  send(text: string): void;
}

export interface SceneOptions {
  readonly transport?: 'udp' | 'tcp' | 'tls';
  /** Where the message comes from; answers over UDP go to the port of its Via, which is this one. */
  readonly from?: Endpoint;
  readonly config?: { readonly [Section in keyof Config]?: Partial<Config[Section]> | Config[Section] };
  readonly users?: readonly string[];
}

export function scene({ transport = 'udp', from = { host: '192.0.2.2', port: 5060 }, config, users }: SceneOptions): Scene {
  const ports = (['udp', 'tcp', 'tls'] as const).map((name) => ({
    transport: name as TransportName,
    local: { host: SERVICE_HOST, port: SERVICE_PORT[name] },
  }));
  const ipv6 = { transport: 'udp' as TransportName, local: { host: SERVICE_IPV6, port: 5060 } };
  const world = serviceWorld({
    listening: [...ports, ipv6],
    ...(config === undefined ? {} : { config }),
    ...(users === undefined ? {} : { users }),
  });
  const wire =
    transport === 'udp'
      ? simulatedUdpWire(world.network, world.timers, from)
      : simulatedStreamWire(world.network, world.timers, from, transport);
  const answers: PhoneMessage[] = [];
  wire.onMessage = (text) => {
    const { message, flaws } = readMessage(text, transport !== 'udp');
    if (message === undefined || flaws.length > 0) throw new Error(`${flaws.join('; ')}\n${text}`);
    answers.push(message);
  };
  const service = from.host.includes(':') ? ipv6.local : { host: SERVICE_HOST, port: SERVICE_PORT[transport] };
  const [domain = 'example.com'] = config?.domains ?? [];
  return { world, answers, wire, domain, send: (text) => wire.send(text, service) };
}
