/** A complaint of rrdtool that a sample is not newer than the newest in its file -> what is left to send. */

import type { Sample } from './rrd.ts';

/** What is left of samples after one of them was refused for its time. */
export interface Remainder {
  /** Those that are newer than the file. */
  readonly samples: readonly Sample[];
  /** How many more the file has already. */
  readonly oldCount: number;
}

/**
 * What to send after `batch`, the first of `samples`, was refused. Null when the reason is another one
 * than that a sample of the batch is too old.
 */
export function skipOld(
  samples: readonly Sample[],
  batch: readonly Sample[],
  reason: string,
): Remainder | null {
  const found =
    /illegal attempt to update using time (\d+)(?:\.0+)? when last update time is (\d+)/.exec(
      reason,
    );
  const [atS, lastAtS] = [Number(found?.[1]), Number(found?.[2])];
  const refused = batch.findIndex((sample) => sample.atS === atS);
  if (refused < 0 || atS > lastAtS) return null;
  // Those before the refused one are in the file.
  const newer = samples.slice(refused).filter((sample) => sample.atS > lastAtS);
  return { samples: newer, oldCount: samples.length - refused - newer.length };
}
