/** Why statistics could not be written lately, for whoever asks how grey does. */

import type { Clock } from '../lib/clock.ts';
import type { Metrics } from '../lib/metrics.ts';

/** So long after a failure it is told. The file that failed may be written once in five minutes. */
const TOLD_FOR_MS = 300_000;

/** Remembers the newest failure. */
export interface WriteFailures {
  /** Notes that writes of this kind failed, or that all of them went well: then it is over. */
  note(kind: string, error: Error | null): void;
  /** Null when all goes well, as far as is known. */
  problem(): string | null;
}

/** Creates it without failures. */
export function createWriteFailures(
  clock: Pick<Clock, 'monotonic'>,
  metrics: Metrics,
): WriteFailures {
  const failed = metrics.counter(
    'ppalette_grey_statistics_failures_total',
    'Writings of statistics that failed, by kind.',
    ['kind'],
  );
  const newest = new Map<string, { readonly text: string; readonly at: number }>();
  return {
    note(kind, error) {
      if (error === null) {
        newest.delete(kind);
        return;
      }
      failed.add(1, { kind });
      newest.set(kind, { text: error.message, at: clock.monotonic() });
    },
    problem() {
      const since = clock.monotonic() - TOLD_FOR_MS;
      for (const { text, at } of newest.values()) if (at >= since) return text;
      return null;
    },
  };
}
