/**
 * Section 2: the walk between good, soft and hard. What one result makes of state type and attempt,
 * for services and hosts alike.
 */

import type { StateType } from '../../model/state-type.ts';

/** What a result means beside what was known before. */
export type Transition =
  /** Good, as before. */
  | 'stillGood'
  /** A problem that is tried again. */
  | 'softProblem'
  /** A problem that is hard now: no attempt is left, or another one than before. */
  | 'hardProblem'
  /** The hard problem of before. */
  | 'stillProblem'
  /** Good again before it was hard. */
  | 'softRecovery'
  | 'hardRecovery';

/** Where an object stands. */
export interface Standing<Name extends string> {
  readonly state: Name;
  readonly stateType: StateType;
  /** 1 and up. */
  readonly attempt: number;
}

/** What decides the walk beside the result. */
export interface AttemptRules<Name extends string> {
  /** `ok` or `up`. */
  readonly good: Name;
  /** At least 1. */
  readonly maxCheckAttempts: number;
  /** The attempt at which a problem is hard without being tried again; null when it is not. */
  readonly hardAtOnce: number | null;
  /** Whether a soft problem begins again at attempt 1. */
  readonly startsAgain: boolean;
  readonly hardProblemAttempt: 'max' | 'first';
}

/** Where an object stands after a result. */
export interface Step {
  readonly stateType: StateType;
  readonly attempt: number;
  readonly transition: Transition;
}

const STILL_GOOD: Step = { stateType: 'hard', attempt: 1, transition: 'stillGood' };
const SOFT_RECOVERY: Step = { ...STILL_GOOD, transition: 'softRecovery' };
const HARD_RECOVERY: Step = { ...STILL_GOOD, transition: 'hardRecovery' };

/**
 * The step that `result` is. A soft recovery comes out as hard, which it is from then on. A change
 * between problem states does not reset the attempt.
 */
export function step<Name extends string>(
  before: Standing<Name>,
  result: Name,
  rules: AttemptRules<Name>,
): Step {
  const wasGood = before.state === rules.good;
  if (result === rules.good) {
    if (wasGood) return STILL_GOOD;
    return before.stateType === 'soft' ? SOFT_RECOVERY : HARD_RECOVERY;
  }
  const { maxCheckAttempts, hardAtOnce } = rules;
  const isHardProblem = !wasGood && before.stateType === 'hard';
  if (isHardProblem && before.state === result) {
    return hard('stillProblem', Math.min(before.attempt, maxCheckAttempts), rules);
  }
  if (hardAtOnce !== null) return hard('hardProblem', hardAtOnce, rules);
  if (isHardProblem) return hard('hardProblem', maxCheckAttempts, rules);
  const attempt = wasGood || rules.startsAgain ? 1 : before.attempt + 1;
  if (attempt >= maxCheckAttempts) return hard('hardProblem', maxCheckAttempts, rules);
  return { stateType: 'soft', attempt, transition: 'softProblem' };
}

function hard<Name extends string>(
  transition: Transition,
  attempt: number,
  rules: AttemptRules<Name>,
): Step {
  const shown = rules.hardProblemAttempt === 'first' ? 1 : attempt;
  return { stateType: 'hard', attempt: shown, transition };
}
