/** Times and failures of the database, by what statements do. */

import type { Clock } from '../lib/clock.ts';
import { FAST_BUCKETS_S, type Metrics } from '../lib/metrics.ts';
import { Unavailable } from '../model/errors.ts';
import type { StatementWatch } from './database.ts';

/** The watch for a database whose statements are to be counted. */
export function watchStatements(metrics: Metrics, clock: Clock): StatementWatch {
  const observe = metrics.histogram(
    'ppalette_database_operation_seconds',
    'How long statements and whole transactions took.',
    FAST_BUCKETS_S,
    ['operation'],
  );
  const failureCount = metrics.counter(
    'ppalette_database_failures_total',
    'Statements and transactions that failed because the database was away.',
  );
  let isAvailable = true;
  metrics.gauge(
    'ppalette_database_available',
    'Whether the last statement reached the database; the lease asks twice a second.',
    () => Number(isAvailable),
  );
  return () => {
    const startedAt = clock.monotonic();
    return (operation, failure) => {
      observe((clock.monotonic() - startedAt) / 1_000, { operation });
      isAvailable = !(failure instanceof Unavailable);
      if (!isAvailable) failureCount.add();
    };
  };
}
