/** How results of a check become its state, as its plugin says. */

import type { CheckStateName } from './check.ts';

/** The policy of a plugin's checks. */
export interface CheckPolicy {
  /** Results in a row that a problem takes to be hard; 1: it is hard at once. */
  readonly maxCheckAttempts: number;
  /** Between the checks of a soft problem; null: the regular interval. */
  readonly retryIntervalMs: number | null;
  /** Whether every problem result counts as a new problem. */
  readonly isVolatile: boolean;
  readonly flapDetection: boolean;
  /** Percent; null: as the site has it. */
  readonly lowFlapThreshold: number | null;
  readonly highFlapThreshold: number | null;
  /** States in which a changed output is told. */
  readonly stalking: readonly CheckStateName[];
}

/** What a plugin has that says nothing else. */
export const DEFAULT_POLICY: CheckPolicy = {
  maxCheckAttempts: 1,
  retryIntervalMs: null,
  isVolatile: false,
  flapDetection: true,
  lowFlapThreshold: null,
  highFlapThreshold: null,
  stalking: [],
};
