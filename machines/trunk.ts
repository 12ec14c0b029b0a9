/** Our registration with one trunk (RFC 3261 §10.2): refreshed before it expires, tried again ever more slowly while it fails. */
import { assign, emit, setup } from 'xstate';
import { type Birth, defineScenario } from './scenario.ts';
import type { SipRegister } from './vocabulary/commands.ts';
import type { FactOf, Raw } from './vocabulary/descriptor.ts';
import { trunkAccepted, type trunkLost, trunkOpened, trunkRefused, type trunkRegistered } from './vocabulary/facts.ts';
import { PORT_SIP } from './vocabulary/identity.ts';
import { SIXTY_FOUR_T1_MS } from './vocabulary/time.ts';

type Born = FactOf<typeof trunkOpened>;
type Heard = FactOf<typeof trunkAccepted | typeof trunkRefused>;

interface Context {
  readonly trunk: string;
  /** Tries that failed in a row. */
  readonly failures: number;
  /** How long to wait for the next try, or for the refresh. */
  readonly waitMs: number;
  readonly isRegistered: boolean;
}

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 120_000;
/** What a person has to mend: a wrong password is not found out by asking often, and some trunks ban who does. */
const REFUSED_WAIT_MS = 300_000;
const REFUSED: ReadonlySet<number> = new Set([401, 403, 404, 407]);
const MAX_FAILURES = 16;

function waitAfter({ status, retryAfterMs, jitterThousandths }: FactOf<typeof trunkRefused>, failures: number): number {
  const base = REFUSED.has(status) ? REFUSED_WAIT_MS : Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
  // Jittered by a quarter both ways, so that many of us do not come back together.
  return Math.max(Math.round(base * (0.75 + jitterThousandths / 2_000)), retryAfterMs);
}

export const trunkMachine = setup({
  types: {
    context: {} as Context,
    input: {} as Birth<Born>,
    events: {} as Heard,
    emitted: {} as SipRegister | Raw<typeof trunkRegistered | typeof trunkLost>,
  },
  delays: {
    wait: ({ context }) => context.waitMs,
    /** The port tells how each REGISTER ended, after Timer F of the last of its tries; this is only for one that does not. */
    noAnswer: 8 * SIXTY_FOUR_T1_MS,
  },
  guards: { wasRegistered: ({ context }) => context.isRegistered },
  actions: {
    register: emit(({ context }) => ({ type: 'sip.register', to: PORT_SIP, trunk: context.trunk })),
    tellRegistered: emit(({ context }) => ({ type: 'trunk.registered', trunk: context.trunk })),
    tellLost: emit(({ context, event }) => {
      const { status, reason } = event as FactOf<typeof trunkRefused>;
      return { type: 'trunk.lost', trunk: context.trunk, status, reason };
    }),
    noteAccepted: assign(({ event }) => {
      const { refreshAfterMs } = event as FactOf<typeof trunkAccepted>;
      return { isRegistered: true, failures: 0, waitMs: refreshAfterMs };
    }),
    noteRefused: assign(({ context, event }) => ({
      isRegistered: false,
      failures: Math.min(context.failures + 1, MAX_FAILURES),
      waitMs: waitAfter(event as FactOf<typeof trunkRefused>, context.failures),
    })),
  },
}).createMachine({
  id: 'trunk',
  description: 'Our registration with one trunk (RFC 3261 §10.2)',
  context: ({ input }) => ({ trunk: input.fact.trunk, failures: 0, waitMs: 0, isRegistered: false }),
  initial: 'registering',
  states: {
    registering: {
      entry: 'register',
      on: {
        'trunk.accepted': [
          { guard: 'wasRegistered', target: 'registered', actions: 'noteAccepted' },
          { target: 'registered', actions: ['noteAccepted', 'tellRegistered'] },
        ],
        'trunk.refused': { target: 'waiting', actions: ['noteRefused', 'tellLost'] },
      },
      after: { noAnswer: { target: 'registering', reenter: true } },
    },
    registered: {
      description: 'Its calls come to us; refreshed before it expires',
      on: { 'trunk.accepted': {}, 'trunk.refused': {} },
      after: { wait: 'registering' },
    },
    waiting: {
      description: 'It refused, or could not be reached; tried again later',
      on: { 'trunk.accepted': {}, 'trunk.refused': {} },
      after: { wait: 'registering' },
    },
  },
});

export const trunk = defineScenario({
  name: 'trunk',
  startsOn: [trunkOpened.where({})],
  listensTo: ({ trunk: name }) => [trunkAccepted.where({ trunk: name }), trunkRefused.where({ trunk: name })],
  machine: trunkMachine,
  unbounded: { trunk: 'registers for as long as the service runs', registering: 'asks again where no answer comes' },
});
