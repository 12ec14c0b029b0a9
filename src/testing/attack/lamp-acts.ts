/** What phones with lamps do: they watch colleagues, and take their calls by the button under the lamp. */
import fc from 'fast-check';
import type { ServiceWorld } from '../service-world.ts';
import { type LampDialog, Watcher } from '../watcher.ts';
import { SERVICE_HOST, SERVICE_PORT } from '../world.ts';
import { type Act, number, quietAct } from './act.ts';
import type { Scene } from './scene.ts';

/** The lamps of a world, by user. */
const watchers = new WeakMap<ServiceWorld, Map<string, Watcher>>();
const MAX_LAMPS = 6;

function lampsOf({ world }: Scene): Map<string, Watcher> {
  const known = watchers.get(world) ?? new Map<string, Watcher>();
  watchers.set(world, known);
  return known;
}

function watcherOf(scene: Scene, user: string): Watcher {
  const lamps = lampsOf(scene);
  const { world } = scene;
  const known =
    lamps.get(user) ??
    new Watcher({
      wire: world.wire(`10.2.0.${lamps.size + 1}`, 'udp'),
      random: world.random.fork(`lamps of ${user}`),
      ...{ user, domain: 'example.com', password: `${user}-secret` },
      proxy: { host: SERVICE_HOST, port: SERVICE_PORT.udp },
    });
  lamps.set(user, known);
  return known;
}

/** Watches a colleague for some time, or only looks (RFC 6665 §4.4.3). */
export const watch: Act = quietAct(
  'watches',
  fc.record({ phone: number, whom: number, seconds: fc.constantFrom(600, 600, 60, 0) }),
  (scene, { phone: n, whom, seconds }) => {
    if (scene.world.service.config.pickup === undefined) return undefined;
    const [user, watched] = [scene.user(n), scene.user(whom)];
    const watcher = watcherOf(scene, user);
    if (watcher.lamps.length >= MAX_LAMPS) return undefined;
    watcher.watch(watched, { expiresSeconds: seconds });
    return `${user} watches ${watched} for ${seconds} s`;
  },
);

interface Lit {
  readonly user: string;
  readonly target: string;
  readonly dialog: LampDialog;
}

/** Dials what the phone knows of a lamp that is lit, or was a moment ago (RFC 3891). */
export const button: Act = quietAct(
  'presses a lamp',
  fc.record({ lamp: number, isSwapped: fc.boolean(), isEarlyOnly: fc.boolean() }),
  (scene, { lamp: n, isSwapped, isEarlyOnly }) => {
    const lit: Lit[] = [...lampsOf(scene)].flatMap(([user, { lamps }]) =>
      lamps.flatMap(({ target, notices }) =>
        notices.flatMap(({ dialogs }) => dialogs.map((dialog) => ({ user, target, dialog }))),
      ),
    );
    const pressed = lit[n % Math.max(lit.length, 1)];
    const phone = scene.phones.find((one) => one.user === pressed?.user && scene.isUp(one));
    if (pressed === undefined || phone === undefined) return undefined;
    const { callId, localTag, remoteTag } = pressed.dialog;
    const [to, from] = isSwapped ? [remoteTag, localTag] : [localTag, remoteTag];
    const replaces = `${callId};to-tag=${to};from-tag=${from}${isEarlyOnly ? ';early-only' : ''}`;
    const call = phone.call(pressed.target, { headers: [['Replaces', replaces]] });
    call.onRequest = scene.answersOf(phone);
    return `${phone.name} presses the lamp of ${pressed.target}${isEarlyOnly ? ', if it still rings' : ''}`;
  },
);

/** Lamps, and the buttons under them. */
export const LAMP_ACTS: readonly Act[] = [watch, button];
