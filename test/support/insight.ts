import type { CallQuery, Insight } from '../../src/insight/insight.ts';
import type { CallView } from '../../src/insight/model.ts';
import type { ServiceWorld } from '../../src/testing/service-world.ts';

/** What can be seen of a world that was made with `insight`. */
export function insightOf(world: ServiceWorld): Insight {
  const { insight } = world.service.service;
  if (insight === undefined) throw new Error('this world keeps nothing to be seen');
  return insight;
}

export const query = (asked: Partial<CallQuery> = {}): CallQuery => ({
  search: '',
  outcome: '',
  offset: 0,
  limit: 100,
  ...asked,
});

/** The n-th call that was kept. */
export function callOf(world: ServiceWorld, n = 1): CallView {
  const view = insightOf(world).call(`call:${n}`);
  if (view === undefined) throw new Error(`there is no call ${n}`);
  return view;
}

/** Its story, a line each. */
export const storyOf = (world: ServiceWorld, n = 1): string[] => callOf(world, n).story.map(({ text }) => text);
