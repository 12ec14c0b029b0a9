/** What must be over when all is quiet. */
import type { Invariant, Watch } from '../invariant.ts';
import type { ServiceWorld } from '../observed-service.ts';

/** Actors that live on by themselves, and how many interests each has. */
const LASTING: Readonly<Record<string, number>> = { registration: 4, trunk: 2, subscription: 18 };

/** A binding has a timer for its expiry, and one while its device counts as awake; a trunk one for its next REGISTER, or try. */
function timersOf(context: unknown): number {
  const { bindings, awake } = context as { readonly bindings?: readonly unknown[]; readonly awake?: readonly unknown[] };
  return bindings === undefined || awake === undefined ? 1 : bindings.length + awake.length;
}

/** The pings of devices behind NAT that still have a transaction: OPTIONS of ours outside any dialog. */
function pingsIn({ packets, serviceHosts, service: { service } }: ServiceWorld): number {
  const branches = new Set<string>();
  for (const { text, from } of packets) {
    if (!text.startsWith('OPTIONS ') || !serviceHosts.has(from.host) || /\r\nTo: [^\r]*;tag=/.test(text)) continue;
    const branch = /;branch=([^;,\r]+)/.exec(text)?.[1] ?? '';
    if (service.transactions.keeps(branch)) branches.add(branch);
  }
  return branches.size;
}

function* leftIn(world: ServiceWorld, standingTimers: number): Generator<string> {
  const { engine, transactions, openLegs, kept, mediaSessions, httpRequests, pinged } = world.service.service;
  const pings = pingsIn(world);
  let lastingWaits = 0;
  // One timer for the turns of all who are pinged, and one for each ping's transaction.
  let lastingTimers = standingTimers + (pinged > 0 ? 1 : 0) + pings;
  let registered = 0;
  for (const { address, scenario, value, context } of engine.actors()) {
    const waits = LASTING[scenario];
    if (waits === undefined) yield `${address} lives on in ${JSON.stringify(value)}`;
    else {
      lastingWaits += waits;
      lastingTimers += timersOf(context);
      if (scenario === 'registration') registered += (context as { readonly bindings: readonly unknown[] }).bindings.length;
    }
  }
  if (pinged > registered) yield `pings of ${pinged} devices, of which ${registered} are registered`;
  if (transactions.size > pings) yield `${transactions.size - pings} transactions`;
  if (openLegs > 0) yield `${openLegs} legs in the SIP port`;
  if (kept > 0) yield `${kept} messages, exchanges and registrations in the SIP port`;
  if (mediaSessions > 0) yield `${mediaSessions} media sessions`;
  if (httpRequests > 0) yield `${httpRequests} HTTP requests`;
  if (engine.backlog > 0) yield `${engine.backlog} entries in the mailbox`;
  const timers = world.serviceTimers.size;
  if (timers > lastingTimers) yield `${timers - lastingTimers} timers of nobody`;
  if (engine.countWaits() > lastingWaits) yield `${engine.countWaits() - lastingWaits} interests of nobody`;
}

/** The service holds nothing but registrations, and pings of their devices, when nothing goes on. */
export const nothingLeft: Invariant = {
  name: 'nothing left',
  says: 'When all is quiet no call, leg, case, transaction, exchange, timer, interest or mailbox entry is left but those of registrations and of the pings of their devices.',
  watch(world: ServiceWorld): Watch {
    // The service's own, which never end.
    const standing = world.serviceTimers.size;
    const line = (what: string): string => `${(world.now() / 1000).toFixed(3)} s: left over: ${what}`;
    return { broken: () => [], brokenAtRest: () => [...leftIn(world, standing)].slice(0, 20).map(line) };
  },
};

/** What a phone misses whose peer's phone died or whose network broke; `every 2xx acknowledged` judges what we owed. */
const MISSED = /: no (ACK to \d{3}|PRACK to .*) within 64\*T1/;

/** The simulated phones judge each message that they get. */
export const phonesContent: Invariant = {
  name: 'phones saw no rule broken',
  says: 'No simulated phone got a message that breaks a rule of SIP.',
  watch(world: ServiceWorld): Watch {
    const complaints = (): string[] => world.complaints.filter((complaint) => !MISSED.test(complaint));
    return { broken: complaints, brokenAtRest: complaints };
  },
};
