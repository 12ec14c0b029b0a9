/** What phones do with their registrations, and with themselves. */
import fc from 'fast-check';
import type { Phone } from '../phone.ts';
import { type Act, number, quietAct } from './act.ts';
import type { Scene } from './scene.ts';

/** An act of one phone that is up. */
const ofPhone = (name: string, says: string, run: (scene: Scene, phone: Phone) => void): Act =>
  quietAct(name, number, (scene, n) => {
    const phone = scene.phone(n);
    if (phone !== undefined) run(scene, phone);
    return phone && `${phone.name} ${says}`;
  });

export const register = ofPhone('registers', 'registers', (scene, phone) => scene.register(phone));
export const unregister = ofPhone('unregisters', 'unregisters', (scene, phone) => scene.unregister(phone));
export const unregisterAll = ofPhone('unregisters all', 'unregisters all of its user', (_, phone) => {
  phone.register({ contacts: ['*'], expiresSeconds: 0 });
});
/** Registers without the nonce that it has, so that it is challenged. */
export const challenged = ofPhone('registers anew', 'registers, and is challenged', (scene, phone) => {
  phone.usePassword(`${phone.user}-secret`);
  scene.register(phone);
});
/** Registers with a wrong password, and a moment later with the right one. */
export const mistyped = ofPhone(
  'mistypes',
  'registers with a wrong password, and 50 ms later with the right one',
  (scene, phone) => {
    phone.usePassword('wrong');
    phone.register();
    scene.later(50, () => {
      phone.usePassword(`${phone.user}-secret`);
      if (scene.isUp(phone)) scene.register(phone);
    });
  },
);
/** Registers twice at once. */
export const twice = ofPhone('registers twice', 'registers twice at once', (scene, phone) => {
  scene.register(phone);
  scene.register(phone);
});
export const move = ofPhone('moves', 'moves to another network and registers', (scene, phone) => scene.move(phone));

/** Goes without a word: it comes back after so long, or with the healing. */
export const die: Act = quietAct(
  'dies',
  fc.tuple(number, fc.constantFrom(undefined, 500, 5_000, 40_000)),
  (scene, [n, backAfterMs]) => {
    const phone = scene.phone(n);
    if (phone === undefined) return undefined;
    scene.die(phone);
    if (backAfterMs !== undefined) scene.later(backAfterMs, () => scene.revive(phone));
    return `${phone.name} dies${backAfterMs === undefined ? '' : `, and starts again ${backAfterMs} ms later`}`;
  },
);

/** An app is suspended, as phones do it with what is not used. */
export const sleep: Act = quietAct('falls asleep', number, (scene, n) => {
  const place = scene.find(n, (phone) => (scene.isApp(phone) ? phone : undefined));
  if (place === undefined) return undefined;
  scene.sleep(place.phone);
  return `${place.phone.name} falls asleep`;
});

/** Its user opens the app. */
export const wake: Act = quietAct('wakes', number, (scene, n) => {
  const apps = scene.phones.filter((phone) => scene.isApp(phone) && !scene.isDead(phone));
  const phone = apps[n % Math.max(apps.length, 1)];
  if (phone === undefined) return undefined;
  scene.wake(phone);
  return `${phone.name} wakes and registers`;
});

export const REGISTRATION_ACTS: readonly Act[] = [
  register,
  register,
  unregister,
  unregisterAll,
  challenged,
  mistyped,
  twice,
  move,
  die,
];
