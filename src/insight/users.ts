/** Users as they are shown: their bindings, and what came of their pushes. */
import type { FactOf } from '../../machines/vocabulary/descriptor.ts';
import type { bindingAdded, bindingRefreshed, bindingSlept } from '../../machines/vocabulary/facts.ts';
import type { Entry } from '../engine/entry.ts';
import type { Recording } from '../journal/recording.ts';
import type { BindingView, PushView, UserRow } from './model.ts';
import { productOf, userPart } from './people.ts';

export type Bound = FactOf<typeof bindingAdded | typeof bindingRefreshed | typeof bindingSlept>;

/** Of one user. */
const MAX_PUSHES = 20;
const PUSH_PARAMS = /;pn-[\w-]+(?:\s*=\s*(?:"[^"]*"?|[^;>?\s"]*))?/gi;
const PASSWORD = /^(\s*<?sips?:[^@:;>]*):[^@]*@/i;

/** One user, by all that is bound there. */
export const userRow = (aor: string, bound: readonly Bound[], calls: number): UserRow => ({
  aor,
  user: userPart(aor),
  awake: bound.filter(({ asleep }) => !asleep).length,
  asleep: bound.filter(({ asleep }) => asleep).length,
  expiresAt: bound.length === 0 ? null : Math.min(...bound.map(({ binding }) => binding.expiresAtMs)),
  calls,
});

/** A binding without what wakes its device. */
export function bindingView({ asleep, device, userAgent, binding }: Bound): BindingView {
  const { target, push } = binding;
  const contact = target.contact.replace(PUSH_PARAMS, '').replace(PASSWORD, '$1@');
  const [transport = '', , remote = ''] = target.flow.split('/');
  // A phone that has its token in its name, too, is shown without it.
  const hidden = (text: string): string => (push.prid === '' ? text : text.replaceAll(push.prid, '***'));
  const agent = hidden(userAgent);
  return {
    device: hidden(device),
    name: productOf(agent) || hostOf(contact),
    contact: hidden(contact),
    transport,
    remote: remote.split('#')[0] ?? '',
    userAgent: agent,
    isAwake: !asleep,
    registeredAt: binding.registeredAtMs,
    expiresAt: binding.expiresAtMs,
    pushProvider: push.provider,
  };
}

const hostOf = (contact: string): string =>
  /@?(\[[^\]]+\]|[\w.-]+)(?::\d+)?(?:[;?>]|$)/.exec(contact.replace(/^.*@/, ''))?.[1] ?? '';

type Fields = Entry & Readonly<Record<string, unknown>>;

/** The pushes of one user in one call. */
export function pushesIn({ kept, call }: Recording, aor: string): PushView[] {
  const pushes: (PushView & { readonly at: number })[] = [];
  for (const { entry } of kept) {
    const { type, at, device, push, aor: owner, why } = entry as Fields;
    if (type === 'push.send' && owner === aor) {
      const provider = String((push as { readonly provider?: unknown } | undefined)?.provider ?? '');
      pushes.push({ at, device: String(device), provider, call, came: 'sent', afterMs: null, why: '' });
      continue;
    }
    const came = CAME[type];
    if (came === undefined || (came === 'registered' && owner !== aor)) continue;
    const index = pushes.findIndex((one) => (one.device === device || one.device === 'account') && isOpen(one));
    const known = pushes[index];
    if (known !== undefined)
      pushes[index] = { ...known, came, afterMs: at - known.at, why: came === 'failed' ? String(why) : '' };
  }
  return pushes;
}

const CAME: Readonly<Record<string, PushView['came']>> = {
  'push.delivered': 'delivered',
  'push.failed': 'failed',
  'binding.added': 'registered',
  'binding.refreshed': 'registered',
};
const isOpen = ({ came }: PushView): boolean => came === 'sent' || came === 'delivered';

/** The last ones of all calls, which come newest first. */
export function pushesOf(aor: string, recordings: Iterable<Recording>): readonly PushView[] {
  const pushes: PushView[] = [];
  for (const recording of recordings) {
    pushes.push(...pushesIn(recording, aor).reverse());
    if (pushes.length >= MAX_PUSHES) break;
  }
  return pushes.slice(0, MAX_PUSHES);
}
