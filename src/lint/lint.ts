/** Holds a scenario to the rules before it is loaded: what is heard is taken, waits end, what is kept open is let go. */
import type { Scenario } from '../../machines/scenario.ts';
import type { AnyKind } from '../engine/catalogue.ts';
import { type Explored, explore } from './explore.ts';
import { type Finding, RULES, type RuleName } from './finding.ts';
import { isLeaf, isPassing, nodesOf } from './nodes.ts';
import type { Rule } from './rule.ts';
import { bounded } from './rules/bounded.ts';
import { drawable } from './rules/drawable.ts';
import { emitted, runs } from './rules/emitted.ts';
import { heard } from './rules/heard.ts';
import { filters, interests } from './rules/interests.ts';
import { keptOpen, pushed } from './rules/kept-open.ts';
import { reachable } from './rules/reachable.ts';
import { kindsWith, type Subject, subjectOf } from './subject.ts';

const RULE_OF: Readonly<Record<RuleName, Rule>> = {
  drawn: drawable,
  filters,
  interests,
  heard,
  bounded,
  reachable,
  'kept-open': keptOpen,
  pushed,
  emitted,
  runs,
};

/** What was looked at, for a summary. */
export interface LintReport {
  readonly scenario: string;
  readonly states: number;
  /** Kinds of facts that a case hears. */
  readonly heard: number;
  /** Moments that were explored; `isWhole` where that was all there are. */
  readonly moments: number;
  readonly isWhole: boolean;
  readonly findings: readonly Finding[];
}

/** Everything that is wrong with a scenario. `own`: kinds of facts beside the service's; `settings` as its cases get them, the usual ones if left out. */
export function lintReport(scenario: Scenario, own: readonly AnyKind[] = [], settings?: unknown): LintReport {
  const subject = subjectOf(scenario, kindsWith(own), settings ?? usualSettings(scenario));
  const nothing: Explored = { steps: [], seen: new Map(), isWhole: false };
  const unsound = findingsOf('filters', subject, nothing);
  const isRunnable = unsound.length === 0;
  const explored = isRunnable ? explore(subject) : nothing;
  const findings = isRunnable
    ? RULES.flatMap((rule) => findingsOf(rule, subject, explored))
    : [...findingsOf('drawn', subject, explored), ...unsound];
  return {
    scenario: scenario.name,
    states: nodesOf(scenario.machine.root).filter((node) => isLeaf(node) && (node.type === 'final' || !isPassing(node))).length,
    heard: subject.heard.size,
    moments: explored.steps.length,
    isWhole: explored.isWhole,
    findings,
  };
}

/** What a case is told where the config says nothing. */
function usualSettings({ settings }: Scenario): unknown {
  try {
    return settings?.({}) ?? {};
  } catch {
    return {};
  }
}

/** Everything that is wrong with a scenario; empty if nothing is. */
export const lintScenario = (scenario: Scenario, own?: readonly AnyKind[], settings?: unknown): readonly Finding[] =>
  lintReport(scenario, own, settings).findings;

function findingsOf(rule: RuleName, subject: Subject, explored: Explored): Finding[] {
  const found: Finding[] = [];
  const scenario = subject.scenario.name;
  RULE_OF[rule](
    subject,
    (place, says, fix, level = 'fault') => found.push({ rule, level, scenario, place, says, fix }),
    explored,
  );
  return found;
}
