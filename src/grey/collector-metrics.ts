/** What the collector of results tells of itself. */

import { type CounterMetric, FAST_BUCKETS_S, type Metrics, type Observe } from '../lib/metrics.ts';

const BATCH_BUCKETS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000];
const LATENCY_BUCKETS_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What a collector counts and observes. */
export interface CollectorMetrics {
  readonly stored: CounterMetric;
  readonly repeated: CounterMetric;
  readonly orphaned: CounterMetric;
  readonly refused: CounterMetric;
  readonly dead: CounterMetric;
  readonly failed: CounterMetric;
  readonly observeLatency: Observe;
  readonly observeStore: Observe;
  readonly observeBatch: Observe;
}

/** Creates them. */
export function createCollectorMetrics(metrics: Metrics): CollectorMetrics {
  return {
    stored: metrics.counter('ppalette_grey_results_total', 'Results stored.'),
    repeated: metrics.counter(
      'ppalette_grey_repeated_results_total',
      'Results that were no newer than the known state.',
    ),
    orphaned: metrics.counter(
      'ppalette_grey_orphaned_results_total',
      'Results of checks that were deleted meanwhile.',
    ),
    refused: metrics.counter(
      'ppalette_grey_refused_batches_total',
      'Batches not stored, since another grey had taken the shard over.',
    ),
    dead: metrics.counter('ppalette_grey_dead_letters_total', 'Messages that nobody understands.'),
    failed: metrics.counter(
      'ppalette_grey_store_failures_total',
      'Tries to store a batch that failed because the database was away.',
    ),
    observeLatency: metrics.histogram(
      'ppalette_grey_store_latency_seconds',
      'From the due time of a check to its stored result.',
      LATENCY_BUCKETS_S,
    ),
    observeStore: metrics.histogram(
      'ppalette_grey_store_seconds',
      'How long it took to evaluate a batch and to commit it.',
      FAST_BUCKETS_S,
    ),
    observeBatch: metrics.histogram(
      'ppalette_grey_batch_results',
      'Results and commands in a batch.',
      BATCH_BUCKETS,
    ),
  };
}
