/** Statistics whose times and failures are counted, whatever writes them. */

import type { Clock } from '../lib/clock.ts';
import { FAST_BUCKETS_S, type Metrics } from '../lib/metrics.ts';
import { Unavailable } from '../model/errors.ts';
import type { RrdStore } from './rrd.ts';

/** The same store, watched. */
export function withRrdMetrics(store: RrdStore, metrics: Metrics, clock: Clock): RrdStore {
  const observe = metrics.histogram(
    'ppalette_rrd_operation_seconds',
    'How long updates, fetches and removals of statistics files took.',
    FAST_BUCKETS_S,
    ['operation'],
  );
  const failureCount = metrics.counter(
    'ppalette_rrd_failures_total',
    'Updates, fetches and removals of statistics files that failed.',
    ['operation'],
    ['update', 'fetch', 'remove'],
  );
  metrics.gauge('ppalette_rrd_available', 'Whether statistics can be written.', () =>
    // Off because somebody wants it so is nothing to be alarmed about.
    store.driver === 'none' ? null : Number(store.problem() === null),
  );
  const measure = async <Result>(operation: string, call: () => Promise<Result>) => {
    const startedAt = clock.monotonic();
    try {
      return await call();
    } catch (error) {
      // What nobody can answer is no failure of the store.
      if (error instanceof Unavailable) failureCount.add(1, { operation });
      throw error;
    } finally {
      observe((clock.monotonic() - startedAt) / 1_000, { operation });
    }
  };
  return {
    driver: store.driver,
    update: (...update) => measure('update', () => store.update(...update)),
    fetch: (...fetch) => measure('fetch', () => store.fetch(...fetch)),
    remove: (name) => measure('remove', () => store.remove(name)),
    problem: () => store.problem(),
    close: () => store.close(),
  };
}
