/** Calls as the API shows them: the schemas of the model's types. */
import { z } from '@hono/zod-openapi';
import type { ActorView, CallRow, CallView, MessageView, PartyView, Sentence, Visit } from '../../insight/model.ts';
import type { CallJournal, JournalEntry } from '../../journal/format.ts';
import { address, count, instant, instantOrNull, words } from './values.ts';

const OUTCOMES = ['open', 'answered', 'failed', 'cancelled', 'crashed'] as const;

const row = {
  call: address('call:7'),
  caller: words('Address of record, or URI, of who calls.'),
  callee: words('Whom the call is for.'),
  callerName: words("The caller's name as its phone gave it; empty where there is none."),
  outcome: z.enum(OUTCOMES).openapi({ description: '`open` while it goes on.' }),
  state: words('State of its chart; of a call that is over, the last one.'),
  startedAt: instant(),
  answeredAt: instantOrNull(),
  endedAt: instantOrNull(),
  status: count('Status that the caller got; 0 while there is none.'),
  why: words('The ending in a few words; empty while it goes on.'),
  callId: words("Call-ID of the caller's leg."),
};

/** A call in a list. */
export const callRow: z.ZodType<CallRow> = z.strictObject(row).openapi('CallRow');

const visit: z.ZodType<Visit> = z
  .strictObject({
    at: instant(),
    state: words('Dotted path; of parallel states, the paths with a space between.'),
    event: words('Type of the event that led there.'),
    n: count('The entry of the journal that it was; 0: none of them.'),
  })
  .openapi('Visit');

const actor: z.ZodType<ActorView> = z
  .strictObject({
    address: address('leg:7/1'),
    scenario: words('Name of its chart.'),
    bornAt: instant(),
    endedAt: instantOrNull(),
    state: words('Where it is, or was at last.'),
    path: z.array(visit).openapi({ description: 'How it came there, oldest first.' }),
  })
  .openapi('Actor');

const message: z.ZodType<MessageView> = z
  .strictObject({
    at: instant(),
    isIncoming: z.boolean(),
    transport: words('`udp`, `tcp`, `tls`, `ws`, `wss`, or `push`.'),
    remote: words("The other side's `host:port`."),
    label: words('`INVITE`, `200 OK (BYE)`, `push: incoming-call`.'),
    callId: words('Call-ID.'),
    leg: words('Leg that it belongs to; empty where that is not known.'),
    text: words('All of it, secrets masked; what was too long is cut, and says so.'),
  })
  .openapi('Message');

const sentence: z.ZodType<Sentence> = z
  .strictObject({
    at: instant(),
    text: words("`Bob's mobile was pushed`"),
    tone: z.enum(['end', 'good', 'bad', 'plain']),
    n: count('The entry of the journal that it tells of; 0 where it is none.'),
  })
  .openapi('Sentence');

const party: z.ZodType<PartyView> = z
  .strictObject({
    leg: address('leg:7/1'),
    name: words("`Bob's mobile`: for people."),
    aor: words('Address of record; empty for who is no user.'),
    device: words('Names the device among those of the user.'),
    remote: words("The other side's `host:port`."),
  })
  .openapi('Party');

const told = z
  .looseObject({ type: z.string() })
  .openapi({ description: 'A fact, command or delayed event with its attributes.' });
const known = z.strictObject({ at: z.number(), by: z.string(), fact: told });

const entry: z.ZodType<JournalEntry> = z
  .strictObject({
    n: count('Counts from 1.'),
    at: z.number().openapi({ description: 'Milliseconds since the call began.' }),
    takenAt: z.number().exactOptional(),
    by: z.string(),
    cause: count('`n` of the entry that led to this one; 0 where that is no part of the call.'),
    input: z.literal(true).exactOptional(),
    fact: told.exactOptional(),
    command: told.exactOptional(),
    timer: told.exactOptional(),
    born: z.array(z.strictObject({ scenario: z.string(), address: z.string() })).exactOptional(),
    current: z.array(known).exactOptional(),
    heard: z.array(z.string()).exactOptional(),
    ignored: z.array(z.string()).exactOptional(),
    withheld: z.array(z.string()).exactOptional(),
    refused: z.string().exactOptional(),
  })
  .openapi('JournalEntry');

/** Everything that is known of one call. */
export const callView: z.ZodType<CallView> = z
  .strictObject({
    ...row,
    parties: z.array(party).openapi({ description: 'Caller first, then in order of ringing.' }),
    actors: z.array(actor).openapi({ description: 'The call itself, legs, supervisors, streams.' }),
    entries: z.array(entry),
    messages: z.array(message),
    messagesCut: count('Messages that were not kept.'),
    story: z.array(sentence),
    related: z.array(z.string()).openapi({ description: 'Calls that it was joined to, went on from or into.' }),
  })
  .openapi('Call');

/** The journal of one call, as it is exported. */
export const callJournal: z.ZodType<CallJournal> = z
  .strictObject({
    callweave: z.literal('journal'),
    version: z.literal(1),
    call: address('call:7'),
    caller: z.string(),
    callee: z.string(),
    continues: z.string(),
    outcome: z.enum(OUTCOMES),
    startedAt: z.number(),
    busyMs: z.number(),
    cut: z.string().openapi({ description: 'Why it cannot be played again; empty if it can.' }),
    scenarios: z.array(z.strictObject({ name: z.string(), settings: z.unknown().exactOptional() })),
    standing: z.array(z.strictObject({ aor: z.string(), actor: z.string(), facts: z.array(known) })),
    entries: z.array(entry),
  })
  .openapi('CallJournal');
