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
  'serviceParents',
  'hostNotUp',
] as const;

/** One of them. */
export type SilenceReason = (typeof SILENCE_REASONS)[number];

/** All that availability tells apart; `pending`: no result yet, `deleted`: it is gone. */
export const UNMEASURED_REASONS = ['pending', ...SILENCE_REASONS, 'deleted'] as const;

/** Why a stretch of history began. */
export const STRETCH_CAUSES = [
  ...(['firstResult', 'stateChange', 'hardened', 'measuredAgain'] as const),
  ...SILENCE_REASONS,
] as const;

/** The cause that is kept as this text; a reason of a newer program is one without a result. */
export function readCause(text: string): (typeof STRETCH_CAUSES)[number] {
  return STRETCH_CAUSES.find((cause) => cause === text) ?? 'noResult';
}

const EXPECTED: readonly string[] = [
  'maintenance',
  'outsidePeriod',
  'dependency',
  'serviceParents',
  'hostNotUp',
  'schedulerStopped',
] satisfies SilenceReason[];

/** Whether it is no news that results stay out, since nobody asks for any. */
export function isExpectedSilence(reason: string): boolean {
  return EXPECTED.includes(reason);
}
