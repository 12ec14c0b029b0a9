/** Users, numbers and devices as people call them. */
import type { FactOf } from '../../machines/vocabulary/descriptor.ts';
import type { forkStarted } from '../../machines/vocabulary/facts.ts';
import type { History } from '../correlation/history.ts';

type Started = FactOf<typeof forkStarted>;

const MAX_NAME = 64;

/** User part of an address of record or URI; all of it where there is none. */
export const userPart = (uri: string): string => /^(?:sips?|tel):([^@;?]*)/i.exec(uri)?.[1] || uri;

/** What is known of users by the config. */
export interface KnownUsers {
  /** The name that the config gives a user. */
  displayName(user: string): string | undefined;
}

/** `Bob` of `sip:bob@example.com`, by the config's name if it has one; numbers stay numbers. */
export function personOf(uri: string, users: KnownUsers, callerName = ''): string {
  const user = userPart(uri);
  const name = users.displayName(user) ?? callerName.trim();
  if (name !== '') return name.slice(0, MAX_NAME);
  return /^[a-z]/.test(user) ? user.charAt(0).toUpperCase() + user.slice(1, MAX_NAME) : user.slice(0, MAX_NAME);
}

/** Whose it is: `Bob's`, `Charles'`. */
export const genitive = (name: string): string => (/[sxz]$/i.test(name) ? `${name}'` : `${name}'s`);

/** What a call's history says of its parties, by leg and by device. */
export class Cast {
  readonly #history: History;
  readonly #users: KnownUsers;
  readonly #forks = new Map<string, Started>();
  readonly #owners = new Map<string, string>();
  readonly #agents = new Map<string, string>();
  readonly #labels = new Map<string, string>();

  constructor(history: History, users: KnownUsers, agentOf: (aor: string, device: string) => string) {
    this.#history = history;
    this.#users = users;
    const { birth, facts } = history;
    for (const fact of facts) {
      if (fact.type === 'fork.started') {
        this.#forks.set(fact.leg, fact);
        this.#meet(fact.aor || fact.callee, fact.device, /;pn-provider=/i.test(fact.target.contact));
        this.#agents.set(fact.device, agentOf(fact.aor, fact.device));
      } else if (fact.type === 'push.delivered' || fact.type === 'push.failed') this.#meet(birth.callee, fact.device, true);
    }
    for (const fact of facts) {
      if (fact.type !== 'leg.closed' || fact.userAgent === '') continue;
      const device = this.#forks.get(fact.leg)?.device;
      if (device !== undefined) this.#agents.set(device, fact.userAgent);
    }
    this.#tellApart();
  }

  /** Who called; of a call that was placed, who was shown. */
  get caller(): string {
    const { caller, callerName, anonymous, placedBy } = this.#history.birth;
    // What the phones show then is a scenario's word.
    if (placedBy !== '') return this.person(caller);
    return anonymous ? 'an anonymous caller' : this.person(caller, callerName);
  }

  get callee(): string {
    return this.person(this.#history.birth.callee);
  }

  get forks(): Iterable<Started> {
    return this.#forks.values();
  }

  person(uri: string, callerName = ''): string {
    return personOf(uri, this.#users, callerName);
  }

  forkOf(leg: string): Started | undefined {
    return this.#forks.get(leg);
  }

  /** Who is at that leg: the caller, or whom the fork rings. */
  ofLeg(leg: string): string {
    if (leg === this.#history.birth.leg) return this.caller;
    const fork = this.#forks.get(leg);
    return fork === undefined ? 'a party' : this.person(fork.aor || fork.callee);
  }

  ownerOf(device: string): string {
    return this.person(this.#owners.get(device) ?? '');
  }

  /** `Bob's mobile`; a number outside has no device. */
  ofDevice(device: string): string {
    const owner = this.#owners.get(device);
    if (owner === undefined) return 'a device';
    const label = this.#labels.get(device) ?? '';
    return label === '' ? this.person(owner) : `${genitive(this.person(owner))} ${label}`;
  }

  #meet(owner: string, device: string, isMobile: boolean): void {
    if (!this.#owners.has(device)) this.#owners.set(device, owner);
    const fork = [...this.#forks.values()].find((one) => one.device === device);
    const isOutside = fork !== undefined && fork.aor === '';
    if (isMobile || !this.#labels.has(device)) this.#labels.set(device, isOutside ? '' : isMobile ? 'mobile' : 'phone');
  }

  /** Two phones of one user are told apart by what they call themselves, else by number. */
  #tellApart(): void {
    const taken = new Map<string, string[]>();
    for (const device of this.#labels.keys()) {
      const name = this.ofDevice(device);
      taken.set(name, [...(taken.get(name) ?? []), device]);
    }
    for (const devices of taken.values()) {
      if (devices.length < 2) continue;
      const products = devices.map((device) => productOf(this.#agents.get(device) ?? ''));
      for (const [index, device] of devices.entries()) {
        const product = products[index] ?? '';
        const isOwn = product !== '' && products.filter((other) => other === product).length === 1;
        const label = this.#labels.get(device) ?? '';
        if (label !== '') this.#labels.set(device, isOwn ? product : `${label} ${index + 1}`);
      }
    }
  }
}

/** `Linphone` of `LinphoneiOS/5.2 (iPhone) …`: its first word without version, if it reads like a name. */
export const productOf = (userAgent: string): string => /^[a-z][\w .-]{1,30}?(?=[/ (]|$)/i.exec(userAgent)?.[0]?.trim() ?? '';
