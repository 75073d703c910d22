/** Series of the site, of a worker and of a check -> what their graphs show. */

import type { PerfdataJson } from '../../contract/statistics.ts';
import { parseThreshold } from '../../nagios/threshold.ts';
import {
  type Graph,
  type GraphColor,
  type GraphPanel,
  MAX_PANELS,
  MAX_SERIES,
  seriesColor,
} from '../../rrd/graph/graph.ts';
import type { Series } from '../../rrd/rrd.ts';
import type { Span } from './series-span.ts';

interface PanelPlan {
  readonly title: string;
  readonly unit: string;
  readonly isStacked?: true;
  /** What values are multiplied with to be in that unit. */
  readonly factor?: number;
  readonly sources: readonly (readonly [name: string, label: string, color?: GraphColor])[];
}

const KIB = 1_024;

const COMMON_PANELS: readonly PanelPlan[] = [
  {
    ...{ title: 'Active checks by state', unit: '', isStacked: true },
    sources: [
      ['checks_ok', 'ok', 'good'],
      ['checks_warn', 'warning', 'warning'],
      ['checks_error', 'critical', 'bad'],
      ['checks_incorrect', 'unknown', 'unclear'],
    ],
  },
  {
    ...{ title: 'Active hosts by state', unit: '', isStacked: true },
    sources: [
      ['hosts_active_up', 'up', 'good'],
      ['hosts_down', 'down', 'bad'],
      ['hosts_unreachable', 'unreachable', 'unclear'],
    ],
  },
  {
    ...{ title: 'Problems', unit: '' },
    sources: [
      ['problems_unhandled', 'unhandled', 'bad'],
      ['problems_soft', 'soft', 'warning'],
    ],
  },
  {
    ...{ title: 'Results stored and checks missed', unit: '/s' },
    sources: [
      ['results_per_second', 'results', 'good'],
      ['missed_per_second', 'missed', 'bad'],
    ],
  },
  {
    ...{ title: 'Lateness of the schedule', unit: 's' },
    sources: [
      ['lateness_median', 'median'],
      ['lateness_p99', '99th percentile'],
    ],
  },
  {
    ...{ title: 'Checks and hosts', unit: '' },
    sources: [
      ['checks_all', 'checks'],
      ['checks_active', 'checks outside maintenance'],
      ['hosts_all', 'hosts'],
      ['hosts_active', 'hosts outside maintenance'],
    ],
  },
  { ...{ title: 'Memory of grey', unit: 'B', factor: KIB }, sources: [['ram_used', 'resident']] },
];

const WORKER_PANELS: readonly PanelPlan[] = [
  {
    ...{ title: 'Checks finished', unit: '/s' },
    sources: [['throughput', 'checks']],
  },
  {
    ...{ title: 'Places for checks', unit: '' },
    sources: [
      ['worker_count', 'places'],
      ['worker_alive', 'in use'],
      ['input_queue_size', 'waiting'],
    ],
  },
  {
    ...{ title: 'Connections to the broker', unit: '' },
    sources: [
      ['consumers_count', 'consumers'],
      ['consumers_alive', 'consumers that receive'],
      ['publishers_count', 'publishers'],
      ['publishers_alive', 'publishers that can send'],
    ],
  },
  { ...{ title: 'Memory', unit: 'B', factor: KIB }, sources: [['ram_used', 'resident']] },
];

/** The graph of the whole site. */
export function commonGraph(series: Series, span: Span): Graph {
  return planned('Site', COMMON_PANELS, { series, span });
}

/** The graph of one worker. */
export function workerGraph(worker: string, series: Series, span: Span): Graph {
  return planned(`Worker ${worker}`, WORKER_PANELS, { series, span });
}

function planned(
  title: string,
  plans: readonly PanelPlan[],
  { series, span }: { readonly series: Series; readonly span: Span },
): Graph {
  const panels = plans.flatMap(({ sources, factor = 1, isStacked, ...plan }): GraphPanel[] => {
    const shown = sources.flatMap(([name, label, color], index) => {
      const column = series.names.indexOf(name);
      if (column < 0) return [];
      const values = series.rows.map((row) => scale(row[column] ?? null, factor));
      return [{ label, color: color ?? seriesColor(index), values }];
    });
    if (shown.length === 0) return [];
    return [{ ...plan, isStacked: isStacked === true, series: shown, thresholds: [] }];
  });
  return { title, description: describe(panels), ...axisOf(series, span), panels };
}

/** Units of plugins that are multiples of one that has prefixes of its own. */
const MULTIPLES: Readonly<Record<string, readonly [unit: string, factor: number]>> = {
  ...{ ms: ['s', 1e-3], us: ['s', 1e-6], ns: ['s', 1e-9], KB: ['B', KIB], MB: ['B', KIB ** 2] },
  ...{ GB: ['B', KIB ** 3], TB: ['B', KIB ** 4], c: ['/s', 1] },
};

/** The graph of a check's metrics: those of one unit share a panel, with their limits as lines. */
export function perfdataGraph(
  check: { readonly host: string; readonly plugin: string },
  { metrics }: Pick<PerfdataJson, 'metrics'>,
  { series, span }: { readonly series: Omit<Series, 'names' | 'rows'>; readonly span: Span },
): Graph {
  const groups = new Map<string, PerfdataJson['metrics']>();
  for (const metric of metrics) {
    const [unit] = MULTIPLES[metric.unit] ?? [metric.unit];
    groups.set(unit, [...(groups.get(unit) ?? []), metric]);
  }
  const panels = [...groups].slice(0, MAX_PANELS).map(([unit, group]): GraphPanel => {
    const shown = group.slice(0, MAX_SERIES);
    const left = group.length > shown.length ? ` (${shown.length} of ${group.length})` : '';
    return {
      title: `${unit === '' ? 'Values' : `Values in ${unit}`}${left}`,
      unit,
      isStacked: false,
      series: shown.map(({ label, unit: own, values }, index) => {
        const [, factor] = MULTIPLES[own] ?? [own, 1];
        const scaled = values.map((value) => scale(value, factor));
        return { label, color: seriesColor(index), values: scaled };
      }),
      thresholds: limitsOf(shown),
    };
  });
  const left =
    groups.size > panels.length ? ` ${groups.size - panels.length} units are left out.` : '';
  const title = `${check.host} ${check.plugin}`;
  return { title, description: describe(panels) + left, ...axisOf(series, span), panels };
}

/** The limits of metrics that share a panel, each once. */
function limitsOf(metrics: PerfdataJson['metrics']): GraphPanel['thresholds'] {
  const limits = new Map<string, GraphPanel['thresholds'][number]>();
  for (const { unit, warn, crit } of metrics) {
    const [, factor] = MULTIPLES[unit] ?? [unit, 1];
    // Of a counter the file keeps the rate, while its limits are of the count.
    if (unit === 'c') continue;
    for (const [label, range, color] of [
      ['warning', warn, 'warning'],
      ['critical', crit, 'bad'],
    ] as const) {
      for (const bound of boundsOf(range)) {
        limits.set(`${label} ${bound * factor}`, { label, value: bound * factor, color });
      }
    }
  }
  return [...limits.values()].slice(0, 2 * MAX_SERIES);
}

/** Where a range begins and ends; a beginning at zero is where most values begin anyway. */
function boundsOf(range: string | null): number[] {
  const threshold = range === null ? null : parseThreshold(range);
  if (threshold === null) return [];
  const { start, end } = threshold;
  return (start === 0 ? [end] : [start, end]).filter(Number.isFinite);
}

function axisOf({ startS, stepS }: Omit<Series, 'names' | 'rows'>, { from, to }: Span) {
  return { startS, stepS, fromS: from / 1_000, toS: to / 1_000 };
}

function describe(panels: readonly GraphPanel[]): string {
  const parts = panels.map(
    ({ title, series }) => `${title}: ${series.map(({ label }) => label).join(', ')}.`,
  );
  return parts.length === 0 ? 'There are no values.' : parts.join(' ');
}

function scale(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}
