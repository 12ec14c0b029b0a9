/** The service as a whole, its users and actors, as the API shows them. */
import { z } from '@hono/zod-openapi';
import type { ActorRow, BindingView, FactView, Now, PushView, UserRow, UserView } from '../../insight/model.ts';
import { callRow } from './calls.ts';
import { address, count, instant, instantOrNull, words } from './values.ts';

const counts = <const K extends string>(...names: readonly K[]) =>
  z.strictObject(Object.fromEntries(names.map((name) => [name, z.number().int().min(0)])) as Record<K, z.ZodNumber>);
const perMinute = () => z.array(z.number()).openapi({ description: 'Of the last minutes, oldest first; the last is not over.' });

/** How the service is, at this moment. */
export const now: z.ZodType<Now> = z
  .strictObject({
    at: instant(),
    version: z.string(),
    startedAt: instant(),
    isDraining: z.boolean().openapi({ description: 'Takes no new calls any more.' }),
    calls: counts('ringing', 'talking', 'other'),
    ended: counts('answered', 'failed', 'cancelled', 'crashed'),
    bindings: counts('awake', 'asleep', 'users'),
    actors: z.record(z.string(), z.number()).openapi({ description: 'Living actors by scenario.' }),
    perMinute: z.strictObject({ calls: perMinute(), registers: perMinute(), pushes: perMinute() }),
    lagMs: z.number().openapi({ description: 'By how much work is late.' }),
    memoryBytes: z.number(),
    refusing: z.number().openapi({ description: 'Share of new calls that is refused with 503, 0 to 1.' }),
  })
  .openapi('Now');

const user = {
  aor: address('sip:bob@example.com'),
  user: words("The user's name in the config, or the user part."),
  awake: count('Bindings that can be rung at once.'),
  asleep: count('Bindings that are woken by push first.'),
  expiresAt: instantOrNull(),
  calls: count('Calls of this user that are not over.'),
};

/** Bindings of one address of record, counted. */
export const userRow: z.ZodType<UserRow> = z.strictObject(user).openapi('UserRow');

const binding: z.ZodType<BindingView> = z
  .strictObject({
    device: words('Names it among the devices of the user.'),
    name: words('For people.'),
    contact: words('Without pn-* parameters.'),
    transport: z.string(),
    remote: z.string(),
    userAgent: z.string(),
    isAwake: z.boolean(),
    registeredAt: instant(),
    expiresAt: instant(),
    pushProvider: words('`pn-provider`; empty if it cannot be woken.'),
  })
  .openapi('Binding');

const push: z.ZodType<PushView> = z
  .strictObject({
    at: instant(),
    device: z.string(),
    provider: z.string(),
    call: address('call:7'),
    came: z.enum(['sent', 'delivered', 'registered', 'failed']),
    afterMs: z.number().nullable().openapi({ description: 'From the push to what came of it.' }),
    why: z.string(),
  })
  .openapi('Push');

/** Everything that is known of one user. */
export const userView: z.ZodType<UserView> = z
  .strictObject({ ...user, bindings: z.array(binding), pushes: z.array(push), recent: z.array(callRow) })
  .openapi('User');

/** A case of a supervisor, a stream, or any other actor in a list. */
export const actorRow: z.ZodType<ActorRow> = z
  .strictObject({
    address: address('push-notification:3'),
    scenario: z.string(),
    state: z.string(),
    bornAt: instant(),
    call: words('The call that it belongs to; empty where none.'),
  })
  .openapi('ActorRow');

/** One fact as it is told to who subscribes. */
export const factView: z.ZodType<FactView> = z
  .strictObject({
    seq: z.number(),
    at: instant(),
    by: words('Who wrote it.'),
    cause: z.number().openapi({ description: '`seq` of what led to it.' }),
    type: z.string().openapi({ example: 'call.answered' }),
    call: words('Call that it belongs to; empty where none.'),
    attributes: z.record(z.string(), z.unknown()).openapi({ description: 'Secrets masked.' }),
  })
  .openapi('Fact');
