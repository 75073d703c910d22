/** Waiting times between tries: exponential, capped, with jitter so that many clients spread. */

/** How long to wait: first wait, factor per failure, longest wait. */
export interface BackoffPolicy {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * Milliseconds to wait after the `failures`-th failure in a row (1 = first), between half and
 * all of the exponential step. `random` returns 0..1.
 */
export function backoffMs(policy: BackoffPolicy, failures: number, random: () => number): number {
  const step = Math.min(policy.maxMs, policy.firstMs * 2 ** Math.min(failures - 1, 30));
  return step / 2 + (step / 2) * random();
}
