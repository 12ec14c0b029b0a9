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

function* leftIn(world: ServiceWorld, standingTimers: number): Generator<string> {
  const { engine, transactions, openLegs, kept, httpRequests } = world.service.service;
  let lastingWaits = 0;
  let lastingTimers = standingTimers;
  for (const { address, scenario, value, context } of engine.actors()) {
    const waits = LASTING[scenario];
    if (waits === undefined) yield `${address} lives on in ${JSON.stringify(value)}`;
    else {
      lastingWaits += waits;
      lastingTimers += timersOf(context);
    }
  }
  if (transactions.size > 0) yield `${transactions.size} transactions`;
  if (openLegs > 0) yield `${openLegs} legs in the SIP port`;
  if (kept > 0) yield `${kept} messages, exchanges and registrations in the SIP port`;
  if (httpRequests > 0) yield `${httpRequests} HTTP requests`;
  if (engine.backlog > 0) yield `${engine.backlog} entries in the mailbox`;
  const timers = world.serviceTimers.size;
  if (timers > lastingTimers) yield `${timers - lastingTimers} timers of nobody`;
  if (engine.countWaits() > lastingWaits) yield `${engine.countWaits() - lastingWaits} interests of nobody`;
}

/** The service holds nothing but registrations when nothing goes on. */
export const nothingLeft: Invariant = {
  name: 'nothing left',
  says: 'When all is quiet no call, leg, case, transaction, exchange, timer, interest or mailbox entry is left.',
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
