/** Section 2.1, the use of history: stretches of states -> how long a check was in which. Pure. */

import { CHECK_STATES, type CheckStateName } from '../model/check.ts';

/** What a span is divided into. */
export type AvailabilityState = CheckStateName | 'notMeasured';

/** A stretch of one state; it lasts until the next begins. */
export interface Stretch {
  readonly fromAt: number;
  readonly state: AvailabilityState;
}

/** Milliseconds in each state; they add up to the span. */
export type AvailabilityMs = Record<AvailabilityState, number>;

/**
 * Divides `from <= at < to` among the states. `stretches` in order of their beginnings; time before
 * the first of them is not measured.
 */
export function sumStretches(
  stretches: readonly Stretch[],
  { from, to }: { readonly from: number; readonly to: number },
): AvailabilityMs {
  const sums: AvailabilityMs = { ok: 0, warning: 0, critical: 0, unknown: 0, notMeasured: 0 };
  let at = from;
  let state: AvailabilityState = 'notMeasured';
  for (const stretch of stretches) {
    const until = Math.min(Math.max(stretch.fromAt, at), to);
    sums[state] += until - at;
    at = until;
    state = stretch.state;
  }
  sums[state] += to - at;
  return sums;
}

/** Every state that a span is divided into, in the order of severity. */
export const AVAILABILITY_STATES: readonly AvailabilityState[] = [...CHECK_STATES, 'notMeasured'];
