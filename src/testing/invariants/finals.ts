/** How requests that came are answered. */
import type { Invariant, Watch } from '../invariant.ts';
import type { ServiceWorld } from '../observed-service.ts';
import { type Ear, earOf, type Hearer } from './ear.ts';
import { Fading } from './fading.ts';
import { Findings } from './findings.ts';
import type { Sighting } from './sighting.ts';

interface Asked {
  readonly request: Sighting;
  readonly host: string;
  /** Something but a final response left. */
  isAnswered: boolean;
  final: number;
  finalTo: string;
  finalAtMs: number;
}

const REMEMBERED_MS = 70_000;
/** Longer than any server transaction lives after its final response (RFC 3261 §17.2), however late that was. */
const REPEATED_MS = 40_000;

const isOver = ({ request, final, finalAtMs }: Asked, atMs: number): boolean =>
  request.method !== 'INVITE' || (final > 0 && atMs - finalAtMs > REPEATED_MS);

const keyOf = ({ branch, callId, cseq, method, fromTag }: Sighting): string => `${method} ${branch} ${callId} ${cseq} ${fromTag}`;

/** The requests that came, each with its answers, as long as another answer may still leave. */
class Answers implements Hearer {
  readonly twice: Findings;
  readonly astray: Findings;
  readonly #ear: Ear;
  readonly #asked = new Fading<Asked>(REMEMBERED_MS, isOver);

  constructor(ear: Ear) {
    this.#ear = ear;
    this.twice = new Findings(ear.world);
    this.astray = new Findings(ear.world);
    ear.hear(this);
  }

  message(sighting: Sighting): void {
    this.#asked.sweep(sighting.atMs);
    if (sighting.isIn === (sighting.status === 0)) {
      if (sighting.isIn) this.#came(sighting);
      else this.#left(sighting);
    }
  }

  restarted(): void {
    this.#asked.clear();
  }

  *unanswered(): Generator<Sighting> {
    for (const { request, isAnswered, final } of this.#asked.values())
      if (request.method === 'INVITE' && isAnswered && final === 0 && this.#ear.isWithinReach(request)) yield request;
  }

  #came(request: Sighting): void {
    if (request.method === 'ACK') return;
    const key = keyOf(request);
    if (this.#asked.get(key) !== undefined) return;
    this.#asked.set(
      key,
      { request, host: request.peer.host, isAnswered: false, final: 0, finalTo: '', finalAtMs: 0 },
      request.atMs,
    );
  }

  #left(response: Sighting): void {
    const { atMs, callId, peer, status, to } = response;
    const asked = this.#asked.get(keyOf(response));
    if (asked?.host !== peer.host) {
      this.astray.add({ atMs, callId, peer, what: `${status} to ${response.method} answers nothing that came from there` });
      return;
    }
    const what = `${status} to ${response.method} after ${asked.final}`;
    if (status < 200) {
      asked.isAnswered = true;
      if (asked.final > 0) this.twice.add({ atMs, callId, peer, what });
    } else if (asked.final === 0) {
      asked.final = status;
      asked.finalTo = to;
      asked.finalAtMs = atMs;
    } else if (asked.final !== status || asked.finalTo !== to) {
      this.twice.add({ atMs, callId, peer, what: asked.final === status ? `${what} with another To` : what });
    }
  }
}

function answersIn(world: ServiceWorld): Answers {
  const known = (world.notes.get(Answers) as Answers | undefined) ?? new Answers(earOf(world));
  world.notes.set(Answers, known);
  return known;
}

/** RFC 3261 §17.2: a request has one final response, which is repeated as it was. */
export const oneFinalResponse: Invariant = {
  name: 'one final response',
  says: 'A request is answered by one final response and by nothing after it, and every INVITE by one once all is quiet.',
  watch(world: ServiceWorld): Watch {
    const answers = answersIn(world);
    return {
      broken: () => answers.twice.lines,
      brokenAtRest: () => {
        const open = new Findings(world);
        for (const { atMs, callId, peer } of answers.unanswered())
          open.add({ atMs, callId, peer, what: 'this INVITE never had a final response' });
        return [...answers.twice.lines, ...open.lines];
      },
    };
  },
};

/** RFC 3261 §18.2.2, RFC 3581 §4: nobody is answered who did not ask. */
export const answersGoBack: Invariant = {
  name: 'answers go back',
  says: 'A response leaves only for a host that sent the request which it answers.',
  watch(world: ServiceWorld): Watch {
    const { astray } = answersIn(world);
    return { broken: () => astray.lines, brokenAtRest: () => astray.lines };
  },
};
