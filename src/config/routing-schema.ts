/** How people write where calls go: users' numbers and diversions, trunks, and the numbers that go to them. */
import { z } from 'zod';
import { seconds, section, text, whole, yesOrNo } from './forms.ts';

/** RFC 3261 §25.1 `user`, without escapes. */
export const userName = /^[A-Za-z0-9\-_.!~*'()&=+$,;?/]{1,64}$/;

const NAME = 'a name such as reception, without domain and spaces';
const NUMBER = 'a number in quotes, such as "+49301234" or "100"';
const FLAG = 'true, false, or a list of names of trunks or of number rules';
const TARGET = 'a user, an alias, a number in quotes or a sip: URI';
const target = text(TARGET, { max: 256, form: /^[^\s<>"]+$/ }).optional();
const RING_SECONDS = 'a number of seconds from 1 to 600, such as 20';

/** What a user's section says of routing. */
export const userRouting = {
  aliases: z
    .array(text(NAME, { max: 64, form: /^[A-Za-z0-9\-_.!~*'()&=+$,;?/]+$/ }), {
      error: `a list of names, such as [reception]`,
    })
    .max(100, { error: 'at most 100 aliases' })
    .default([]),
  numbers: z
    .array(text(NUMBER, { max: 64 }), { error: 'a list of numbers in quotes, such as ["+49301234", "100"]' })
    .max(1000, { error: 'at most 1000 numbers' })
    .default([]),
  outside: z.union([z.boolean(), z.array(text(FLAG, { max: 64 })).max(100)], { error: FLAG }).default(false),
  always: target,
  onBusy: target,
  onNoAnswer: target,
  onUnreachable: target,
  ringSeconds: z.number({ error: RING_SECONDS }).min(1, { error: RING_SECONDS }).max(600, { error: RING_SECONDS }).optional(),
};

const SERVER = 'a server such as sip:sip.carrier.example, sip:192.0.2.7:5080 or sip:sip.carrier.example;transport=tcp';
const HOST = /^([A-Za-z0-9_]([A-Za-z0-9_-]*)(\.[A-Za-z0-9_-]+)*\.?|\[[0-9a-fA-F:.]+\])$/;
const server = text(SERVER, { max: 300 });
const SOURCE = 'an address or a network, such as 192.0.2.7 or 192.0.2.0/24';
const DOMAIN = 'a domain such as carrier.example';

const trunk = section(
  {
    server: z
      .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(server, { error: SERVER }))
      .refine((list) => list.length >= 1 && list.length <= 8, { error: 'a list of 1 to 8 servers' }),
    domain: text(DOMAIN, { max: 253, form: HOST }).optional(),
    username: text('the user name that the trunk gave you, as text in quotes', { max: 256 }).optional(),
    password: text('the password that the trunk gave you, as text in quotes', { max: 256 }).optional(),
    realm: text('the realm of the trunk’s challenges, as text in quotes', { max: 256 }).optional(),
    register: yesOrNo(false),
    registerSeconds: whole(600, { min: 30, max: 86_400 }, 'whole seconds'),
    from: text('the number that all callers show, in quotes, such as "+49301230"', {
      max: 64,
      form: /^[A-Za-z0-9+*#._-]+$/,
    }).optional(),
    trusted: yesOrNo(false),
    allowFrom: z
      .array(text(SOURCE, { max: 64, form: /^[0-9a-fA-F:.]+(\/\d{1,3})?$/ }), {
        error: `a list of addresses, such as [192.0.2.0/24]`,
      })
      .max(100, { error: 'at most 100 addresses' })
      .optional(),
    inboundTo: target,
    maxCalls: whole(1000, { min: 1, max: 1_000_000 }),
    tryForSeconds: seconds(5, { min: 0.5, max: 32 }),
  },
  'a map with a server, such as { server: "sip:sip.carrier.example" }',
);

/** `trunks:` of the config. */
export const trunks = z
  .record(z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/), trunk, { error: 'a map of trunks, such as carrier: { server: "sip:…" }' })
  .optional();

const MATCH = 'a number such as "110", or a pattern such as "_0X." (X: a digit, Z: 1 to 9, N: 2 to 9, [13-5], at the end . or !)';
const TRUNKS = 'the name of a trunk, or a list of names in the order in which they are tried';
const RULE = 'a rule such as { match: "_0X.", trunk: carrier }';

const numberRule = section(
  {
    name: text('a name for users’ outside, such as national', { max: 64 }).optional(),
    match: text(MATCH, { max: 128 }),
    trunk: z
      .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(text(TRUNKS, { max: 64 }), { error: TRUNKS }))
      .refine((list) => list.length >= 1 && list.length <= 8, { error: TRUNKS }),
    strip: whole(0, { min: 0, max: 40 }, 'a whole number of digits'),
    prepend: text('digits in quotes, such as "+49"', { max: 40, form: /^[0-9*#ABCD+]+$/ }).optional(),
  },
  RULE,
);

/** `numbers:` of the config. */
export const numbers = z
  .array(numberRule, { error: `a list of rules, each like ${RULE.slice(7)}` })
  .max(10_000, { error: 'at most 10000 rules' })
  .default([]);

const CODE = 'a code in quotes that begins with * or #, such as "*37"';
/** What a star code may be. */
export const DIALLED_CODE = /^[*#][0-9*#]+$/;

/** `codes:` of the config. */
export const codes = z
  .array(text(CODE, { max: 16, form: DIALLED_CODE }), { error: `a list of codes in quotes, such as ["*37", "#37"]` })
  .max(100, { error: 'at most 100 codes' })
  .default([]);

export type WrittenTrunk = z.output<typeof trunks>;
export type WrittenRule = z.output<typeof numberRule>;
const userSection = z.object(userRouting);
export type WrittenUserRouting = z.output<typeof userSection>;
