import { expect, it } from 'vitest';
import type { SipInvite } from '../../../machines/vocabulary/commands.ts';
import type { SipContext } from '../../../src/ports/sip/context.ts';
import { invite } from '../../../src/ports/sip/fork.ts';
import { LegTable } from '../../../src/ports/sip/leg-table.ts';

it.each([
  ['a device', {}],
  ['the party of another call', { adopts: 'leg:2/0' }],
])('a fork that shall ring %s as its caller has just given up fails, so that its call need not wait for it', (_, more) => {
  const posted: object[] = [];
  const context = { legs: new LegTable(), engine: { post: (fact: object) => posted.push(fact) } } as unknown as SipContext;
  const target = { contact: 'sip:bob@192.0.2.1', path: [], flow: '', stream: false, ...more };
  const command: SipInvite = {
    ...{ type: 'sip.invite', to: 'port:sip', leg: 'leg:1/1', call: 'call:1' },
    ...{ aor: 'sip:bob@x', device: 'desk', callId: 'x-1', target },
  };
  expect(invite(context, command)).toBeUndefined();
  expect(posted).toEqual([expect.objectContaining({ type: 'failure.received', leg: 'leg:1/1', status: 487 })]);
});
