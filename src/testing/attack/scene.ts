import type { Phone } from '../phone.ts';
import type { PhoneCall } from '../phone-call.ts';
import { IncomingCall } from '../phone-incoming-call.ts';
import { OutgoingCall } from '../phone-outgoing-call.ts';
import { RoamingWire } from '../roaming-wire.ts';
import type { ServiceWorld } from '../service-world.ts';
import type { Wire } from '../wire.ts';
import type { History, PhonePlan } from './history.ts';

/** A call, and the phone that is in it. */
export interface Place<Call extends PhoneCall = PhoneCall> {
  readonly phone: Phone;
  readonly call: Call;
}

interface Role {
  readonly plan: PhonePlan;
  /** Its push token. */
  readonly prid: string;
  readonly host: string;
  state: 'up' | 'asleep' | 'dead';
  /** Takes back the next refresh. */
  stopRefresh: () => void;
}

/** A provider that is served by the presets. */
const PROVIDER = 'apns';
const EXPIRES_SECONDS = 600;
const REFRESHES_AFTER_MS = 540_000;

/** A world with the phones of a history, as acts find it: what they draw are numbers, and this is where they become phones. */
export class Scene {
  readonly world: ServiceWorld;
  readonly users: readonly string[];
  readonly phones: readonly Phone[];
  readonly #roles = new Map<Phone, Role>();
  #hosts = 0;
  #isOver = false;

  constructor(world: ServiceWorld, users: readonly string[], history: History) {
    this.world = world;
    this.users = users;
    const count = new Map<string, number>();
    this.phones = history.phones.map((plan) => {
      const user = this.user(plan.user);
      const nth = (count.get(user) ?? 0) + 1;
      count.set(user, nth);
      return this.#enter(plan, user, nth === 1 ? user : `${user}-${nth}`);
    });
  }

  /** Milliseconds since the world began. */
  now(): number {
    return this.world.now();
  }

  /** The user of that number, counted from 0 and round again. */
  user(n: number): string {
    return this.users[n % this.users.length] ?? '';
  }

  /** The phone of that number, or the next one that is up; undefined if none is. */
  phone(n: number): Phone | undefined {
    return this.find(n, () => true)?.phone;
  }

  /** Whether it is neither asleep nor dead. */
  isUp(phone: Phone): boolean {
    return this.#roles.get(phone)?.state === 'up';
  }

  isDead(phone: Phone): boolean {
    return this.#roles.get(phone)?.state === 'dead';
  }

  /** Whose push token it is. */
  phoneOf(prid: string): Phone | undefined {
    return this.phones.find((phone) => this.#roles.get(phone)?.prid === prid);
  }

  /** Whether it is an app that pushes wake. */
  isApp(phone: Phone): boolean {
    return this.#roles.get(phone)?.plan.app !== undefined;
  }

  /** Something of the phone of that number, or of the next one that is up and has such a thing. */
  find<Found>(
    n: number,
    pick: (phone: Phone) => Found | undefined,
  ): { readonly phone: Phone; readonly found: Found } | undefined {
    const { phones } = this;
    for (let step = 0; step < phones.length; step += 1) {
      const phone = phones[(n + step) % phones.length];
      const found = phone === undefined || !this.isUp(phone) ? undefined : pick(phone);
      if (phone !== undefined && found !== undefined) return { phone, found };
    }
    return undefined;
  }

  /** A call that came to a phone and has no answer yet. */
  ringing(n: number): Place<IncomingCall> | undefined {
    const isOpen = (call: PhoneCall): call is IncomingCall => call instanceof IncomingCall && isUnanswered(call);
    return placeOf(this.find(n, ({ calls }) => (calls as PhoneCall[]).findLast(isOpen)));
  }

  /** A call that a phone placed and that has no final answer yet. */
  placed(n: number): Place<OutgoingCall> | undefined {
    const isOpen = (call: PhoneCall): call is OutgoingCall => call instanceof OutgoingCall && isUnanswered(call);
    return placeOf(this.find(n, ({ calls }) => (calls as PhoneCall[]).findLast(isOpen)));
  }

  /** A call that a phone knows to stand. */
  talk(n: number): Place | undefined {
    return placeOf(this.find(n, talkOf));
  }

  /** What a phone says to requests inside its calls, in turn. */
  answersOf(phone: Phone): () => number {
    return inTurn(this.#roles.get(phone)?.plan.answers);
  }

  /** Lets something happen later; it does not if time ends first. */
  later(delayMs: number, act: () => void): void {
    this.world.timers.set(delayMs, act);
  }

  /** Registers as phones do: for 600 s, and again in time. */
  register(phone: Phone): void {
    phone.register({ expiresSeconds: EXPIRES_SECONDS });
    const role = this.#roles.get(phone);
    if (role === undefined || this.#isOver) return;
    role.stopRefresh();
    role.stopRefresh = phone.wire.after(REFRESHES_AFTER_MS, () => this.register(phone));
  }

  /** Unregisters, and does not register by itself any more. */
  unregister(phone: Phone): void {
    this.#roles.get(phone)?.stopRefresh();
    phone.unregister();
  }

  /** From now on nobody does anything by itself. */
  rest(): void {
    this.#isOver = true;
    for (const { stopRefresh } of this.#roles.values()) stopRefresh();
  }

  /** The app is suspended; a push wakes it as its plan says. */
  sleep(phone: Phone): void {
    const role = this.#roles.get(phone);
    if (role?.plan.app === undefined || role.state === 'dead') return;
    phone.sleep();
    role.state = 'asleep';
  }

  /** The app starts again, as a push or its user makes it, on a new port. */
  wake(phone: Phone): void {
    const role = this.#roles.get(phone);
    if (role === undefined || role.state === 'dead') return;
    if (role.state === 'asleep') this.#relaunch(phone, role);
    this.register(phone);
  }

  /** Power or network is gone for good, or until `revive`: nobody is told. */
  die(phone: Phone): void {
    const role = this.#roles.get(phone);
    if (role === undefined) return;
    phone.vanish();
    role.state = 'dead';
  }

  /** A dead phone starts anew, on a new port. */
  revive(phone: Phone): void {
    const role = this.#roles.get(phone);
    if (role?.state !== 'dead') return;
    this.#relaunch(phone, role);
    this.register(phone);
  }

  /** The phone goes over to another network in the middle of its calls, and registers there. */
  move(phone: Phone): void {
    const { wire } = phone;
    if (wire instanceof RoamingWire) wire.roam(this.world.wire(this.#freeHost(), wire.transport));
    this.register(phone);
  }

  /** What becomes of pushes to the phone: the times that each arrives, or an unknown token. */
  pushes(phone: Phone, times: number | 'unknown'): void {
    const role = this.#roles.get(phone);
    if (role?.plan.app === undefined) return;
    if (times === 'unknown') this.world.push.unsubscribe(role.prid);
    else this.world.push.subscribe(role.prid, () => this.wake(phone), { afterMs: role.plan.app.wakesAfterMs, times });
  }

  #relaunch(phone: Phone, role: Role): void {
    role.stopRefresh();
    phone.relaunch(new RoamingWire(this.world.wire(role.host, role.plan.transport)));
    role.state = 'up';
  }

  #enter(plan: PhonePlan, user: string, name: string): Phone {
    const { world } = this;
    const host = this.#freeHost();
    const prid = `token-of-${name}`;
    const phone = world.phone(name, {
      user,
      transport: plan.transport,
      wire: new RoamingWire(world.wire(host, plan.transport)),
      ...(plan.timer === undefined ? {} : { timer: plan.timer }),
      ...(plan.app === undefined ? {} : { push: { provider: PROVIDER, prid } }),
      ...(plan.hasInstance === true ? { instance: `urn:uuid:${name}` } : {}),
      onInvite: (call) => live(call, plan, phone.wire),
    });
    this.#roles.set(phone, { plan, prid, host, state: 'up', stopRefresh: () => {} });
    if (plan.app !== undefined) this.pushes(phone, plan.app.wakes);
    return phone;
  }

  /** Hosts of their own, away from those that the world gives. */
  #freeHost(): string {
    this.#hosts += 1;
    return `10.1.${this.#hosts >> 8}.${this.#hosts & 0xff}`;
  }
}

function inTurn(answers: readonly number[] = [200]): () => number {
  let turn = 0;
  return () => {
    turn += 1;
    return answers[(turn - 1) % answers.length] ?? 200;
  };
}

/** What a phone does with a call by itself, for as long as it is not started anew. */
function live(call: IncomingCall, { habit, answers }: PhonePlan, wire: Wire): void {
  call.onRequest = inTurn(answers);
  const soon = (delayMs: number, act: () => void): void => {
    if (delayMs === 0) act();
    else wire.after(delayMs, act);
  };
  if (habit === 'silent') return;
  if (habit === 'ring' || habit === 'answer') {
    call.ring();
    if (habit === 'answer') call.answer();
  } else if ('decline' in habit) soon(habit.afterMs, () => call.decline(habit.decline));
  else {
    soon(habit.ringAfterMs, () => (habit.early === true ? call.ring(183) : call.ring()));
    soon(habit.ringAfterMs + habit.answerAfterMs, () => call.answer());
  }
}

const isUnanswered = ({ status, state }: PhoneCall): boolean => status === 0 && state !== 'ended';

/** The newest of a phone's calls that it knows to stand. */
export const talkOf = ({ calls }: Phone): PhoneCall | undefined =>
  (calls as PhoneCall[]).findLast(({ state, confirmed }) => state === 'answered' && confirmed);

const placeOf = <Call extends PhoneCall>(
  found: { readonly phone: Phone; readonly found: Call } | undefined,
): Place<Call> | undefined => found && { phone: found.phone, call: found.found };
