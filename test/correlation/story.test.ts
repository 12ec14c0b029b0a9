import { describe, expect, it } from 'vitest';
import { Histories } from '../../src/correlation/history.ts';
import { type Story, storyOf } from '../../src/correlation/story.ts';

type Folded = Parameters<Histories['fold']>[0];

/** The stories told after these facts, each with its instant in milliseconds. */
function told(...facts: readonly (readonly [atMs: number, type: string, more?: object])[]): { stories: Story[]; open: number } {
  const stories: Story[] = [];
  const view = new Histories((history) => stories.push(storyOf(history)));
  for (const [at, type, more] of facts)
    view.fold({ type, call: 'call:7', caller: 'sip:alice@x', callee: 'sip:bob@x', at, ...more } as unknown as Folded);
  return { stories, open: view.size };
}
const ended = (outcome: string, status: number) => ({ outcome, status });

describe('the story of a call', () => {
  it('says what each device did and when, and why the call ended', () => {
    const { stories, open } = told(
      [1000, 'invite.received'],
      [1000, 'fork.started', { device: 'desk', case: '' }],
      [1020, 'leg.ringing', { device: 'desk', status: 180 }],
      [1030, 'push.delivered', { device: 'mobile' }],
      [1310, 'leg.failed', { device: 'desk', status: 486, reason: 'Busy Here' }],
      [3000, 'fork.started', { device: 'mobile', case: 'push-notification:1', target: {} }],
      [3100, 'leg.ringing', { device: 'mobile', status: 183 }],
      [4000, 'call.answered', { device: 'mobile' }],
      [9500, 'call.ended', ended('answered', 200)],
    );
    expect(open).toBe(0);
    expect(stories).toEqual([
      {
        call: 'call:7',
        caller: 'sip:alice@x',
        callee: 'sip:bob@x',
        outcome: 'answered',
        status: 200,
        seconds: 8.5,
        devices:
          'desk was called at 0.00 s, rang at 0.02 s, ended with 486 Busy Here at 0.31 s; ' +
          'mobile was pushed at 0.03 s, registered and was called at 2.00 s, said 183 at 2.10 s, answered at 3.00 s',
      },
    ]);
  });

  it.each<[string, [number, string, object?][], string]>([
    ['nobody could be rung', [[0, 'call.failed', { status: 480, reason: '' }]], 'the caller got 480 at 0.00 s'],
    ['the caller gave up', [[500, 'call.cancelled', { reason: '' }]], 'the caller gave up at 0.50 s'],
    [
      'a push failed',
      [[100, 'push.failed', { device: 'mobile', why: 'no such token' }]],
      'mobile could not be pushed (no such token) at 0.10 s',
    ],
    ['the service answered itself', [[100, 'call.answered', { device: '' }]], 'the service answered at 0.10 s'],
    [
      'a colleague was joined',
      [
        [
          100,
          'fork.started',
          { leg: 'leg:7/1', device: 'leg:8/0', case: 'pickup:1', aor: 'sip:carol@x', target: { adopts: 'leg:8/0' } },
        ],
        [200, 'leg.failed', { leg: 'leg:7/1', device: 'leg:8/0', status: 488, reason: '' }],
      ],
      'sip:carol@x came for the call at 0.10 s, ended with 488 at 0.20 s',
    ],
    [
      'it was sent on',
      [
        [100, 'route.found', { callee: 'sip:carol@x' }],
        [200, 'route.failed', { status: 404, reason: 'No Such User' }],
      ],
      'the call went on to sip:carol@x at 0.10 s, could not go on (404 No Such User) at 0.20 s',
    ],
    ['nothing happened at all', [], 'no device could be rung'],
  ])('is readable when %s', (_name, facts, devices) => {
    expect(told([0, 'invite.received'], ...facts, [900, 'call.ended', ended('failed', 480)]).stories[0]?.devices).toBe(devices);
  });

  it('does not grow without bound', () => {
    const many = Array.from({ length: 500 }, (_, n): [number, string, object] => [
      n,
      'leg.ringing',
      { device: `d${n % 100}`, status: 180 },
    ]);
    const [story] = told([0, 'invite.received'], ...many, ...many, ...many, [900, 'call.ended', ended('failed', 480)]).stories;
    expect(story?.devices.split('; ').length).toBeLessThanOrEqual(32);
    expect(story?.devices.split(', ').length).toBeLessThanOrEqual(32 * 12);
  });

  it('is not told of a call whose INVITE it has not seen', () => {
    expect(told([0, 'leg.ringing', { device: 'desk', status: 180 }], [1, 'call.ended', ended('failed', 480)])).toEqual({
      stories: [],
      open: 0,
    });
  });
});
