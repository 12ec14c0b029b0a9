import type { Config } from '../config.ts';
import type { CallRecord } from '../correlation/record.ts';
import type { Story } from '../correlation/story.ts';
import type { Service } from '../service.ts';
import type { World } from './world.ts';

/** A service that also remembers how its calls ended. */
export interface ObservedService {
  readonly service: Service;
  readonly config: Config;
  readonly stories: readonly Story[];
  readonly records: readonly CallRecord[];
  /** A line for each call that is over, where the world keeps journals. */
  readonly journals: readonly string[];
}

/** The whole service in virtual time, with its network, its phones and what it remembers of its calls. */
export type ServiceWorld = World<Config, ObservedService>;
