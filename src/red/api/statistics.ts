/** Routes of statistics: series from the files, and their latest values. */

import type { LastValuesJson, PerfdataJson, SeriesJson } from '../../contract/statistics.ts';
import type { Database } from '../../database/database.ts';
import { listCheckMetrics } from '../../database/queries/check-metrics.ts';
import { findCheck } from '../../database/queries/checks.ts';
import { findWorker } from '../../database/queries/workers.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/instant.ts';
import { InvalidInput, NotFound, Unavailable } from '../../model/errors.ts';
import { checkFileName, sourceName } from '../../rrd/check-series.ts';
import type { Consolidation, RrdStore, Series } from '../../rrd/rrd.ts';
import { COMMON_FILE_NAME, workerFileName } from '../../rrd/series.ts';
import { readInstant } from './checks.ts';
import { defineRoute, type Route } from './server.ts';

const HOUR_MS = 3_600_000;
/** Points of a series when no step is asked for. */
const DEFAULT_POINTS = 60;
/** The latest known value is looked for in this span. */
const LAST_SPAN_MS = HOUR_MS;

/** What the routes need. */
export interface StatisticsContext {
  readonly database: Database;
  readonly rrd: RrdStore;
  readonly clock: Clock;
}

type SeriesQuery = Readonly<Record<'from' | 'to' | 'step' | 'metrics', string | undefined>>;

/** Creates the routes. */
export function statisticsRoutes(context: StatisticsContext): Route[] {
  const findFile = async (params: Readonly<Record<string, string>>) => {
    const id = params['worker'] ?? '';
    if (!(await findWorker(context.database, id))) throw new NotFound('worker', id);
    return workerFileName(id);
  };
  const series = async (file: string, query: unknown) => ({
    status: 200,
    body: await readSeries(context, file, query as SeriesQuery),
  });
  const last = async (file: string) => ({ status: 200, body: await readLast(context, file) });
  return [
    defineRoute('getCommonStatistics', ({ query }) => series(COMMON_FILE_NAME, query)),
    defineRoute('getWorkerStatistics', async ({ params, query }) =>
      series(await findFile(params), query),
    ),
    defineRoute('getLastCommonStatistics', () => last(COMMON_FILE_NAME)),
    defineRoute('getCheckPerfdata', async ({ params, query }) => ({
      status: 200,
      body: await readPerfdata(context, params, query),
    })),
    defineRoute('getLastWorkerStatistics', async ({ params }) => last(await findFile(params))),
  ];
}

async function readSeries(
  { rrd, clock }: StatisticsContext,
  file: string,
  query: SeriesQuery,
): Promise<SeriesJson> {
  const span = readSpan(query, clock);
  const found = await fetchSeries(rrd, file, span);
  const wanted = query.metrics?.split(',');
  const unknown = wanted?.filter((name) => !found.names.includes(name)) ?? [];
  if (unknown.length > 0) {
    const message = `"${unknown[0]}" is not one of ${found.names.join(', ')}`;
    throw new InvalidInput([{ path: 'metrics', message }], true);
  }
  const values: Record<string, (number | null)[]> = {};
  found.names.forEach((name, column) => {
    if (wanted && !wanted.includes(name)) return;
    values[name] = found.rows.map((row) => row[column] ?? null);
  });
  return { start: formatInstant(found.startS * 1_000), step: found.stepS, values };
}

/** The span that a query asks for: the last hour unless it says otherwise. */
function readSpan(query: Partial<SeriesQuery>, clock: Clock) {
  const to = readInstant('to', query.to, clock.now());
  const from = readInstant('from', query.from, to - HOUR_MS);
  if (from >= to) throw new InvalidInput([{ path: 'from', message: 'must be before to' }], true);
  const spanS = (to - from) / 1_000;
  return { from, to, stepS: Number(query.step ?? Math.ceil(spanS / DEFAULT_POINTS)) };
}

async function readPerfdata(
  { database, rrd, clock }: StatisticsContext,
  { host = '', plugin = '' }: Readonly<Record<string, string>>,
  query: Partial<SeriesQuery> & { readonly metric?: string; readonly cf?: Consolidation },
): Promise<PerfdataJson> {
  const check = await findCheck(database, host, plugin);
  if (!check) throw new NotFound('check', `${host} ${plugin}`);
  const span = readSpan(query, clock);
  const all = await listCheckMetrics(database, [check.checkId]);
  const metrics = all.filter(({ label }) => query.metric === undefined || query.metric === label);
  if (query.metric !== undefined && metrics.length === 0) {
    throw new NotFound('metric', query.metric);
  }
  const fileNumbers = [...new Set(metrics.map(({ fileNumber }) => fileNumber))];
  const files = new Map<number, Series>();
  for (const fileNumber of fileNumbers) {
    const name = checkFileName(check.checkId, fileNumber);
    files.set(fileNumber, await fetchSeries(rrd, name, span, query.cf));
  }
  const [first] = files.values();
  return {
    start: formatInstant((first?.startS ?? span.from / 1_000) * 1_000),
    step: first?.stepS ?? span.stepS,
    metrics: metrics.map(({ label, unit, fileNumber, sourceNumber }) => {
      const file = files.get(fileNumber);
      const column = file?.names.indexOf(sourceName(sourceNumber)) ?? -1;
      return { label, unit, values: file?.rows.map((row) => row[column] ?? null) ?? [] };
    }),
  };
}

async function readLast({ rrd, clock }: StatisticsContext, file: string): Promise<LastValuesJson> {
  const to = clock.now();
  const found = await fetchSeries(rrd, file, { from: to - LAST_SPAN_MS, to, stepS: 1 });
  const index = found.rows.findLastIndex((row) => row.some((value) => value !== null));
  const row = found.rows[index];
  const values: Record<string, number | null> = {};
  found.names.forEach((name, column) => {
    values[name] = row?.[column] ?? null;
  });
  return {
    at: row ? formatInstant((found.startS + index * found.stepS) * 1_000) : null,
    values,
  };
}

async function fetchSeries(
  rrd: RrdStore,
  file: string,
  span: { from: number; to: number; stepS: number },
  consolidation: Consolidation = 'AVERAGE',
): Promise<Series> {
  const problem = rrd.problem();
  const found = await rrd.fetch(file, {
    fromS: Math.floor(span.from / 1_000),
    toS: Math.ceil(span.to / 1_000),
    stepS: span.stepS,
    consolidation,
  });
  if (found) return found;
  if (problem !== null) throw new Unavailable('rrd', problem);
  throw new NotFound('statistics file', file);
}
