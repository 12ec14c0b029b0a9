import type { Explored } from './explore.ts';
import type { Finding } from './finding.ts';
import type { Subject } from './subject.ts';

/** Tells of a finding: the state, what is wrong, what to write; a fault unless it is said to be a warning. */
export type Say = (place: string, says: string, fix: string, level?: Finding['level']) => void;

/** One rule that scenarios are held to. */
export type Rule = (subject: Subject, say: Say, explored: Explored) => void;
