/** Why nothing is known of a check or host for a stretch of time. */

/** Why its results stay out, one word each: what red tells grey, and what grey finds by itself. */
export const SILENCE_REASONS = [
  'maintenance',
  'noWorker',
  'noResult',
  'expired',
  'schedulerStopped',
  'outsidePeriod',
  'dependency',
] as const;

/** One of them. */
export type SilenceReason = (typeof SILENCE_REASONS)[number];

/** All that availability tells apart; `pending`: no result yet, `deleted`: it is gone. */
export const UNMEASURED_REASONS = ['pending', ...SILENCE_REASONS, 'deleted'] as const;

/** One of them. */
export type UnmeasuredReason = (typeof UNMEASURED_REASONS)[number];

const EXPECTED: readonly string[] = [
  'outsidePeriod',
  'dependency',
  'schedulerStopped',
] satisfies SilenceReason[];

/** Whether it is no news that results stay out, since nobody asks for any. */
export function isExpectedSilence(reason: string): boolean {
  return EXPECTED.includes(reason);
}
