/** Series of every check, for who wants them (`metrics.checks`): its state and its values. */

import type { Database } from '../database/database.ts';
import { countCheckFigures, listCheckFigures } from '../database/queries/check-series.ts';
import type { Clock } from '../lib/clock.ts';
import type { MetricSample, Metrics } from '../lib/metrics.ts';

/** What is shown. */
export interface CheckMetricsOptions {
  readonly metrics: Metrics;
  readonly database: Database;
  readonly maxSeries: number;
  readonly isActive: () => boolean;
  readonly clock: Clock;
}

interface CheckSeries {
  readonly states: readonly MetricSample[];
  readonly perfdata: readonly MetricSample[];
  readonly leftOut: number;
}

const NONE: CheckSeries = { states: [], perfdata: [], leftOut: 0 };
/** Less than the time between two looks: one reading serves the three metrics of a look. */
const KEEP_MS = 1_000;

/** Adds them. The red that holds the lease tells them. */
export function addCheckMetrics(options: CheckMetricsOptions): void {
  const { metrics, clock, isActive } = options;
  let reading: Promise<CheckSeries> = Promise.resolve(NONE);
  let readAt = Number.NEGATIVE_INFINITY;
  const read = () => {
    if (!isActive()) return NONE;
    if (clock.monotonic() - readAt < KEEP_MS) return reading;
    readAt = clock.monotonic();
    reading = readSeries(options);
    return reading;
  };
  metrics.gauge(
    'ppalette_red_check_state',
    'State of each check: 0 ok, 1 warning, 2 critical, 3 unknown.',
    async () => (await read()).states,
    ['host', 'plugin'],
  );
  metrics.gauge(
    'ppalette_red_check_perfdata',
    'Latest performance data of each check, in the unit that the plugin gave.',
    async () => (await read()).perfdata,
    ['host', 'plugin', 'label', 'unit'],
  );
  metrics.gauge(
    'ppalette_red_check_series_left_out',
    'At least so many series of checks are left out beyond metrics.maxCheckSeries.',
    async () => (await read()).leftOut,
  );
}

async function readSeries({ database, maxSeries }: CheckMetricsOptions): Promise<CheckSeries> {
  const checks = await listCheckFigures(database, maxSeries);
  const leftOutChecks =
    checks.length < maxSeries ? 0 : (await countCheckFigures(database)) - checks.length;
  const states = checks.map(({ host, plugin, state }) => ({
    labels: { host, plugin },
    value: state,
  }));
  // States come first: one that is missing is worse than a value that is.
  const values = checks.flatMap(({ host, plugin, perfdata }) =>
    perfdata.flatMap(({ label, unit, value }) =>
      value === null ? [] : [{ labels: { host, plugin, label, unit }, value }],
    ),
  );
  const perfdata = values.slice(0, maxSeries - states.length);
  return { states, perfdata, leftOut: leftOutChecks + values.length - perfdata.length };
}
