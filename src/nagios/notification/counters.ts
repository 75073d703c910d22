/**
 * Section 5.3: what is remembered of the notifications of a problem, and what sending one makes of
 * it. Part of an object's state.
 */

/** Of the current problem; all empty when there is none or nobody was told. */
export interface NotificationCounters<Name extends string> {
  /** Problem notifications so far. */
  readonly count: number;
  /** The newest one since the last change of state; null when there is none. */
  readonly lastAt: number | null;
  /** None before; null: at once. */
  readonly nextAt: number | null;
  /** Whether an interval of 0 forbids another one. */
  readonly isExhausted: boolean;
  /** The problem states that somebody was told of. */
  readonly states: readonly Name[];
  /** How long the problem had lasted at the newest one; 0 when there is none. */
  readonly lastedMs: number;
}

/** Nobody was told of anything. */
export const UNNOTIFIED: NotificationCounters<never> = {
  count: 0,
  lastAt: null,
  nextAt: null,
  isExhausted: false,
  states: [],
  lastedMs: 0,
};

/** After a change of state or hard state: the next one is due at once, numbers go on. */
export function clearTimers<Name extends string>(
  counters: NotificationCounters<Name>,
): NotificationCounters<Name> {
  const { lastAt, nextAt, isExhausted } = counters;
  if (lastAt === null && nextAt === null && !isExhausted) return counters;
  return { ...counters, lastAt: null, nextAt: null, isExhausted: false };
}

/** How a problem notification was sent. */
export interface SentProblem<Name extends string> {
  readonly state: Name;
  readonly at: number;
  /** How long the problem has lasted. */
  readonly lastedMs: number;
  /** To the next one; 0: never again for this problem. */
  readonly intervalMs: number;
  readonly isVolatile: boolean;
}

/** After somebody was told of a problem. */
export function countProblem<Name extends string>(
  counters: NotificationCounters<Name>,
  { state, at, lastedMs, intervalMs, isVolatile }: SentProblem<Name>,
): NotificationCounters<Name> {
  return {
    count: counters.count + 1,
    lastAt: at,
    nextAt: at + intervalMs,
    isExhausted: intervalMs === 0 && !isVolatile,
    states: counters.states.includes(state) ? counters.states : [...counters.states, state],
    lastedMs,
  };
}
