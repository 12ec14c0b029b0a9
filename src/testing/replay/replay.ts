import type { CallJournal } from '../../journal/format.ts';
import { type ServiceWorldOptions, userScenarios } from '../service-world.ts';
import { playJournal, type Replay } from './play.ts';

/** Scenarios beside the service's own, as a world takes them; one with the name of the service's own takes its place. */
export type ReplayOptions = Pick<ServiceWorldOptions, 'scenarios' | 'facts'>;

/** Plays a journal again in virtual time, through a real engine with the charts of now. */
export const replay = (journal: CallJournal, options: ReplayOptions = {}): Replay => playJournal(journal, userScenarios(options));
