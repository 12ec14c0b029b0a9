/**
 * The official inspection events of chosen actors, made from the engine's journal: who was sent what by whom, and where that
 * led. Nothing is heard while nobody looks, and each event is written once however many look.
 */
import type { Scenario } from '../../machines/scenario.ts';
import type { ActorState, Engine } from '../engine/engine.ts';
import type { Entry } from '../engine/entry.ts';
import type { Step, Taking } from '../engine/journal.ts';
import type { Told } from '../journal/format.ts';
import { callOf } from '../journal/recorder.ts';
import { definitionOf, definitionOfNothing } from './definition.ts';
import type { InspectedEvent } from './official.ts';
import { type InspectionWish, isOfUsers, isWished, type OpenCall } from './wish.ts';
import { actorInspected, eventInspected, inspectedEvent, type Place, snapshotInspected, snapshotOf } from './writing.ts';

export interface InspectionParts {
  readonly engine: Pick<Engine, 'journal' | 'actor' | 'now'>;
  readonly machineOf: (scenario: string) => Scenario['machine'] | undefined;
  /** Takes the secrets out. */
  readonly mask: (told: Told, isFact: boolean) => Told;
  /** Calls that go on, newest first. */
  readonly openCalls: () => readonly OpenCall[];
  /** Addresses of the actors of a call that goes on. */
  readonly membersOf: (call: string) => readonly string[];
  /** Addresses of the registrations of a user. */
  readonly registrationsOf: (user: string) => readonly string[];
  /** Calls and registrations that one viewer may follow at once. */
  readonly maxRoots: number;
}

/** Somebody who looks. */
interface Viewer {
  readonly wish: InspectionWish;
  readonly send: (event: string) => void;
  readonly roots: Set<Root>;
  /** Calls among them that are there for the sample alone. */
  readonly samples: Set<Root>;
  /** Actors beside those that it follows of which it was told. */
  readonly told: Set<string>;
}

/** A call or a registration that somebody follows. */
interface Root {
  readonly address: string;
  readonly viewers: Set<Viewer>;
  /** Its living actors, itself included. */
  readonly members: Set<string>;
}

/** After so many, others are told of again. */
const MAX_TOLD = 4_096;

/** Makes the events for all who look. */
export class Inspection {
  readonly #parts: InspectionParts;
  readonly #viewers = new Set<Viewer>();
  readonly #roots = new Map<string, Root>();
  /** By actor. */
  readonly #followed = new Map<string, Root>();
  #detach: (() => void) | undefined;

  constructor(parts: InspectionParts) {
    this.#parts = parts;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** Actors that somebody follows. */
  get size(): number {
    return this.#followed.size;
  }

  /** Tells the wished actors as they are and all that they do from now on, as JSON; returns how to stop. */
  open(wish: InspectionWish, send: (event: string) => void): () => void {
    const viewer: Viewer = { wish, send, roots: new Set(), samples: new Set(), told: new Set() };
    this.#viewers.add(viewer);
    this.#detach ??= this.#parts.engine.journal.observe((taking) => this.#take(taking));
    this.#present(viewer);
    return () => this.#close(viewer);
  }

  #close(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    for (const root of viewer.roots) {
      root.viewers.delete(viewer);
      if (root.viewers.size === 0) this.#forget(root);
    }
    if (this.#viewers.size > 0) return;
    this.#detach?.();
    this.#detach = undefined;
  }

  #forget(root: Root): void {
    for (const address of root.members) this.#followed.delete(address);
    this.#roots.delete(root.address);
  }

  /** What is there already. */
  #present(viewer: Viewer): void {
    const { calls, users, sample } = viewer.wish;
    const open = users.length > 0 || sample > 0 ? this.#parts.openCalls() : [];
    const wished = open.filter((call) => isOfUsers(call, users)).map(({ call }) => call);
    for (const address of [...users.flatMap((user) => this.#parts.registrationsOf(user)), ...calls, ...wished])
      this.#followPresent(address, viewer, false);
    for (const { call } of open.slice(0, sample)) this.#followPresent(call, viewer, true);
  }

  #followPresent(address: string, viewer: Viewer, isSample: boolean): void {
    const { engine, membersOf } = this.#parts;
    const scenario = engine.actor(address)?.scenario;
    if (scenario === undefined || [...viewer.roots].some((root) => root.address === address)) return;
    const root = this.#follow(address, viewer, isSample);
    if (root === undefined) return;
    const members = scenario === 'call' ? membersOf(address) : [];
    for (const member of new Set([address, ...members])) {
      const actor = engine.actor(member);
      // A registration serves many calls, and is followed as its user's.
      if (actor === undefined || (actor.scenario === 'registration' && member !== address)) continue;
      this.#enter(member, root);
      viewer.send(this.#introduction(actor, root.address));
    }
  }

  #follow(address: string, viewer: Viewer, isSample: boolean): Root | undefined {
    if (viewer.roots.size >= this.#parts.maxRoots) return undefined;
    let root = this.#roots.get(address);
    if (root === undefined) {
      root = { address, viewers: new Set(), members: new Set() };
      this.#roots.set(address, root);
    }
    root.viewers.add(viewer);
    viewer.roots.add(root);
    if (isSample) viewer.samples.add(root);
    return root;
  }

  #enter(address: string, root: Root): void {
    root.members.add(address);
    this.#followed.set(address, root);
  }

  #introduction({ address, scenario, value }: ActorState, rootId: string): string {
    const machine = this.#parts.machineOf(scenario);
    const definition = machine === undefined ? definitionOfNothing(address) : definitionOf(machine);
    return actorInspected({ rootId, sessionId: address, atMs: this.#parts.engine.now() }, definition, snapshotOf(value));
  }

  #take(taking: Taking): void {
    const { entry, steps } = taking;
    let event: InspectedEvent | undefined;
    for (const step of steps) {
      const root = step.isBirth ? this.#rootOfNewborn(step, entry) : this.#followed.get(step.address);
      if (root === undefined) continue;
      event ??= inspectedEvent(taking, this.#parts.mask);
      this.#tellStep(step, root, taking, event);
    }
    if (this.#followed.size === 0) return;
    if (entry.to !== undefined && steps.length === 0) this.#tellOrder(taking, String(entry.to));
    if (entry.type === 'actor.ended') this.#ended(String((entry as { address?: unknown }).address));
  }

  #rootOfNewborn(step: Step, birth: Entry): Root | undefined {
    const { scenario, address } = step;
    const root =
      scenario === 'call' || scenario === 'registration' ? this.#newRoot(scenario, address, birth) : this.#rootOf(birth);
    if (root !== undefined) this.#enter(address, root);
    return root;
  }

  #rootOf(entry: Entry): Root | undefined {
    return this.#followed.size === 0 ? undefined : callOf(entry, (address) => this.#followed.get(address));
  }

  #newRoot(scenario: 'call' | 'registration', address: string, birth: Entry): Root | undefined {
    for (const viewer of this.#viewers) {
      const isMeant = isWished(viewer.wish, address, birth as Entry & Readonly<Record<string, unknown>>);
      const isSample = !isMeant && scenario === 'call' && viewer.samples.size < viewer.wish.sample;
      if (isMeant || isSample) this.#follow(address, viewer, isSample);
    }
    return this.#roots.get(address);
  }

  #tellStep(step: Step, root: Root, { entry, atMs }: Taking, event: InspectedEvent): void {
    const place: Place = { rootId: root.address, sessionId: step.address, atMs };
    const snapshot = snapshotOf((step.snapshot as { readonly value?: unknown } | undefined)?.value, step.status);
    const machine = step.isBirth ? this.#parts.machineOf(step.scenario) : undefined;
    const told = [
      ...(machine === undefined ? [] : [actorInspected(place, definitionOf(machine), snapshot)]),
      eventInspected(place, event, entry.by),
      snapshotInspected(place, event, snapshot),
    ];
    for (const viewer of root.viewers) {
      this.#introduce(entry.by, viewer);
      for (const one of told) viewer.send(one);
    }
  }

  /** What a followed actor wants of a port, or of nobody. */
  #tellOrder(taking: Taking, to: string): void {
    const root = this.#followed.get(taking.entry.by);
    if (root === undefined) return;
    const event = inspectedEvent(taking, this.#parts.mask);
    const told = eventInspected({ rootId: root.address, sessionId: to, atMs: taking.atMs }, event, taking.entry.by);
    for (const viewer of root.viewers) {
      this.#introduce(to, viewer);
      viewer.send(told);
    }
  }

  /** Ports and actors that are not followed stand at the ends of arrows all the same. */
  #introduce(address: string, viewer: Viewer): void {
    const root = this.#followed.get(address);
    if (viewer.told.has(address) || (root !== undefined && viewer.roots.has(root))) return;
    if (viewer.told.size >= MAX_TOLD) viewer.told.clear();
    viewer.told.add(address);
    const actor = this.#parts.engine.actor(address);
    const place: Place = { rootId: address, sessionId: address, atMs: this.#parts.engine.now() };
    viewer.send(
      actor === undefined
        ? actorInspected(place, definitionOfNothing(address), snapshotOf({}))
        : this.#introduction(actor, address),
    );
  }

  #ended(address: string): void {
    const root = this.#followed.get(address);
    if (root === undefined) return;
    this.#followed.delete(address);
    root.members.delete(address);
    if (root.members.size > 0) return;
    this.#roots.delete(root.address);
    for (const viewer of root.viewers) {
      viewer.roots.delete(root);
      viewer.samples.delete(root);
    }
  }
}
