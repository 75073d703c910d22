/** How results become states: of checks as their plugin says, of hosts as they say themselves. */

import type { CheckStateName } from './check.ts';
import type { HostStateName } from './host-state.ts';

/** What the policies of checks and hosts have in common. */
interface StatePolicy<Name extends string> {
  /** Results in a row that a problem takes to be hard; 1: it is hard at once. */
  readonly maxCheckAttempts: number;
  /** Between the checks of a soft problem; null: the regular interval. */
  readonly retryIntervalMs: number | null;
  readonly flapDetection: boolean;
  /** Percent; null: as the site has it. */
  readonly lowFlapThreshold: number | null;
  readonly highFlapThreshold: number | null;
  /** States that are recorded to find flapping; none: all. */
  readonly flapStates: readonly Name[];
  /** States in which a changed output is told; `notification`: the state is, with each that is sent. */
  readonly stalking: readonly (Name | 'notification')[];
  /** Script and arguments that run when the state changes; empty: none. */
  readonly eventHandler: string;
}

/** The policy of a plugin's checks. */
export interface CheckPolicy extends StatePolicy<CheckStateName> {
  /** Whether every problem result counts as a new problem. */
  readonly isVolatile: boolean;
}

/** The policy of a host's own state. */
export type HostPolicy = StatePolicy<HostStateName>;

const DEFAULTS = {
  maxCheckAttempts: 1,
  retryIntervalMs: null,
  flapDetection: true,
  lowFlapThreshold: null,
  highFlapThreshold: null,
  flapStates: [],
  stalking: [],
  eventHandler: '',
};

/** What a plugin has that says nothing else. */
export const DEFAULT_POLICY: CheckPolicy = { ...DEFAULTS, isVolatile: false };

/** What a host has that says nothing else. */
export const DEFAULT_HOST_POLICY: HostPolicy = DEFAULTS;
