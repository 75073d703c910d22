/** How long a check may be without a new result while the schedule is healthy. */

/** Intervals that may pass before a result is missed: one to its due time, one to be begun in. */
export const PATIENT_INTERVALS = 2;

/** On top of them and of the time-out, for what is on its way. */
export const SILENCE_GRACE_MS = 15_000;

/** How the schedule asks for the results of a check. */
export interface Asking {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Since when it does so in this manner. */
  readonly since: number;
}

/** From the due time of the newest result to when the next one is overdue. */
export function patienceMs({ intervalMs, timeoutMs }: Omit<Asking, 'since'>): number {
  return PATIENT_INTERVALS * intervalMs + timeoutMs + SILENCE_GRACE_MS;
}
