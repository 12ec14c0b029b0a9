import { check } from './check.ts';
import type { Command } from './command.ts';
import { OPERATING } from './operating.ts';
import { replay } from './replay.ts';

/** All commands, in the order of `--help`. */
export const COMMANDS: readonly Command[] = [check, replay, ...OPERATING];
