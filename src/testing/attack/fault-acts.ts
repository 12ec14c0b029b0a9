/** What push services and networks do. */
import fc from 'fast-check';
import { type Act, number, quietAct } from './act.ts';
import { sleep, wake } from './registration-acts.ts';

const FAULTS = { unknown: 'knows no token', down: 'is down', mute: 'says nothing' } as const;

/** The push service fails, or recovers. */
export const pushFault: Act = quietAct(
  'push service',
  fc.constantFrom(undefined, 'unknown' as const, 'down' as const, 'mute' as const),
  (scene, fault) => {
    scene.world.push.fault = fault;
    return `the push service ${fault === undefined ? 'is well' : FAULTS[fault]}`;
  },
);

export const pushDelay: Act = quietAct('push delay', fc.constantFrom(20, 0, 1_000, 8_000, 25_000), (scene, delayMs) => {
  scene.world.push.answersAfterMs = delayMs;
  return `the push service answers after ${delayMs} ms`;
});

/** What becomes of the pushes to one app from now on. */
export const pushLuck: Act = quietAct(
  'pushes',
  fc.tuple(number, fc.constantFrom(0, 1, 2, 'unknown' as const)),
  (scene, [n, times]) => {
    const apps = scene.phones.filter((phone) => scene.isApp(phone));
    const phone = apps[n % Math.max(apps.length, 1)];
    if (phone === undefined) return undefined;
    scene.pushes(phone, times);
    return `pushes to ${phone.name} ${times === 'unknown' ? 'have an unknown token' : `arrive ${times} times`}`;
  },
);

export const PUSH_ACTS: readonly Act[] = [sleep, sleep, wake, wake, pushFault, pushDelay, pushLuck];

/** How networks behave; `calm` heals. */
export const WEATHERS = {
  calm: { latencyMs: 5, jitterMs: 0, loss: 0, duplication: 0, reordering: 0 },
  slow: { latencyMs: 80, jitterMs: 120 },
  lossy: { loss: 0.2 },
  'very lossy': { loss: 0.5 },
  doubling: { duplication: 0.4 },
  confused: { loss: 0.1, duplication: 0.2, reordering: 0.3, jitterMs: 40 },
} as const;

export const weather: Act = quietAct(
  'weather',
  fc.constantFrom(...(Object.keys(WEATHERS) as (keyof typeof WEATHERS)[])),
  (scene, name) => {
    scene.world.network.weather(WEATHERS[name]);
    return `the network is ${name}`;
  },
);

/** Nothing passes between a phone and the service for a while, in one direction or in both. */
export const partition: Act = quietAct(
  'partition',
  fc.tuple(number, fc.constantFrom(50, 600, 5_000, 40_000), fc.constantFrom('both' as const, 'from' as const, 'to' as const)),
  (scene, [n, forMs, way]) => {
    const phone = scene.phone(n);
    if (phone === undefined) return undefined;
    const { host } = phone.wire.local;
    const { network } = scene.world;
    const opens = [...(way === 'to' ? [] : [network.block(host, '*')]), ...(way === 'from' ? [] : [network.block('*', host)])];
    scene.later(forMs, () => opens.forEach((open) => void open()));
    return `nothing passes ${way === 'both' ? 'from and to' : way} ${phone.name} for ${forMs} ms`;
  },
);

/** The connections of a phone break. */
export const breakStreams: Act = quietAct('connections break', number, (scene, n) => {
  const place = scene.find(n, ({ wire }) => (wire.transport === 'udp' ? undefined : wire.local.host));
  if (place === undefined) return undefined;
  scene.world.network.breakStreams(place.found);
  return `the connections of ${place.phone.name} break`;
});

export const NETWORK_ACTS: readonly Act[] = [weather, partition, breakStreams];

/** The service is killed and starts again; its registrations survive, its calls do not. */
export const restart: Act = quietAct('restart', fc.constant(0), (scene) => {
  scene.world.restart();
  return 'the service is killed and starts again';
});
