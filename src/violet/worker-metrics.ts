/** What a worker counts. */

import {
  type CounterMetric,
  FAST_BUCKETS_S,
  limitValues,
  type Metrics,
  SLOW_BUCKETS_S,
} from '../lib/metrics.ts';
import type { CheckRequest } from '../messages/check-request.ts';
import type { Outcome } from '../model/check.ts';
import type { Slots } from './slots.ts';

/** Plugins that have series of their own; each costs 15. The first that run are these. */
const MAX_PLUGINS = 50;

/** The counters of a worker. */
export interface WorkerMetrics {
  readonly expired: CounterMetric;
  readonly refused: CounterMetric;
  readonly repeated: CounterMetric;
  readonly dead: CounterMetric;
  /** Counts a run that has ended; instants are milliseconds since the epoch. */
  run(
    request: CheckRequest,
    outcome: Outcome,
    span: { readonly startedAt: number; readonly finishedAt: number },
  ): void;
}

/** Creates them. `figures` are read when somebody asks; `slots` by the kind of checks. */
export function createWorkerMetrics(
  metrics: Metrics,
  figures: {
    readonly slots: Readonly<Record<string, Pick<Slots, 'count' | 'running' | 'waiting'>>>;
    readonly unsent: () => number;
  },
): WorkerMetrics {
  const { counter, gauge, histogram } = metrics;
  const byKind = (figure: 'count' | 'running' | 'waiting') => () =>
    Object.entries(figures.slots).map(([kind, slots]) => ({
      labels: { kind },
      value: slots[figure],
    }));
  const labelNames = ['kind'];
  gauge(
    'ppalette_violet_slots',
    'Checks that may run at the same time: programs, light ones, and those that people ask for now.',
    byKind('count'),
    labelNames,
  );
  gauge('ppalette_violet_slots_in_use', 'Checks that run now.', byKind('running'), labelNames);
  gauge(
    'ppalette_violet_waiting_requests',
    'Requests in hand that wait for a slot.',
    byKind('waiting'),
    labelNames,
  );
  gauge(
    'ppalette_violet_unsent_results',
    'Results that the broker has not confirmed yet.',
    figures.unsent,
  );
  const checkCount = counter(
    'ppalette_violet_checks_total',
    'Checks run, by outcome.',
    ['outcome'],
    ['exited', 'signalled', 'timedOut', 'notStarted', 'sshFailed'],
  );
  const failureCount = counter(
    'ppalette_violet_spawn_failures_total',
    'Checks that could not be started, by reason.',
    ['reason'],
    ['missing', 'notExecutable', 'refused'],
  );
  const observeDuration = histogram(
    'ppalette_violet_check_duration_seconds',
    `How long checks ran, by plugin; of more than ${MAX_PLUGINS} plugins the rest is "other".`,
    SLOW_BUCKETS_S,
    ['plugin'],
  );
  const observeLatency = histogram(
    'ppalette_violet_start_latency_seconds',
    'From the due time of a check to its start.',
    FAST_BUCKETS_S,
  );
  const limitPlugin = limitValues(MAX_PLUGINS);
  return {
    expired: counter(
      'ppalette_violet_expired_requests_total',
      'Requests whose time passed before a slot was free.',
    ),
    refused: counter(
      'ppalette_violet_refused_requests_total',
      'Requests given up because too many waited for the same host or plugin, or for suspects.',
    ),
    repeated: counter(
      'ppalette_violet_repeated_requests_total',
      'Requests delivered again while or after they were run here, and not run twice.',
    ),
    dead: counter('ppalette_violet_dead_letters_total', 'Requests that nobody understands.'),
    run({ scheduledAt, plugin }, outcome, { startedAt, finishedAt }) {
      checkCount.add(1, { outcome: outcome.kind });
      if (outcome.kind === 'notStarted') failureCount.add(1, { reason: outcome.why });
      observeDuration((finishedAt - startedAt) / 1_000, { plugin: limitPlugin(plugin.name) });
      observeLatency((startedAt - scheduledAt) / 1_000);
    },
  };
}
