/**
 * Section 2, the entry: what an input makes of a check's state. Pure: `(state, input) -> state'`.
 * Every result is a hard state as yet.
 */

import type { CheckStateName } from '../model/check.ts';

/** What is remembered of a check between inputs. Instants are milliseconds since the epoch. */
export interface CheckState {
  readonly state: CheckStateName;
  /** Due time of the newest result that counted. */
  readonly scheduledAt: number;
  readonly lastStateChangeAt: number;
}

/** What may change a check's state. */
export interface StateInput {
  readonly state: CheckStateName;
  readonly scheduledAt: number;
  readonly finishedAt: number;
}

/**
 * The state after `input`; null when the input changes nothing, since it is no newer than what is
 * known: a duplicate, or a result that was overtaken. `state` is null before the first input.
 */
export function evaluate(state: CheckState | null, input: StateInput): CheckState | null {
  if (state !== null && input.scheduledAt <= state.scheduledAt) return null;
  const changed = state === null || state.state !== input.state;
  return {
    state: input.state,
    scheduledAt: input.scheduledAt,
    lastStateChangeAt: changed ? input.finishedAt : state.lastStateChangeAt,
  };
}
