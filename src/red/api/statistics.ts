/** Routes of statistics: series from the files as JSON, CSV and graphs, and their latest values. */

import type { LastValuesJson, PerfdataJson, SeriesJson } from '../../contract/statistics.ts';
import type { Database } from '../../database/database.ts';
import { type CheckMetric, listCheckMetrics } from '../../database/queries/check-metrics.ts';
import { type CheckView, findCheck } from '../../database/queries/checks.ts';
import { findWorker } from '../../database/queries/workers.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/instant.ts';
import { InvalidInput, NotFound, Unavailable } from '../../model/errors.ts';
import { alignSeries, condenseSeries } from '../../rrd/align.ts';
import { checkFileName, sourceName } from '../../rrd/check-series.ts';
import { type Graph, naturalHeight } from '../../rrd/graph/graph.ts';
import { createPngDrawer } from '../../rrd/graph/png.ts';
import { writeSvg } from '../../rrd/graph/svg.ts';
import type { Consolidation, RrdStore, Series } from '../../rrd/rrd.ts';
import { COMMON_FILE_NAMES, workerFileName } from '../../rrd/series.ts';
import { commonGraph, perfdataGraph, workerGraph } from './graphs.ts';
import { type CsvColumn, chooseForm, formatCsv, type SeriesForm } from './series-forms.ts';
import { readSize, readSpan, type Span, type SpanQuery } from './series-span.ts';
import { type Answer, type Call, defineRoute, type Route } from './server.ts';

/** The latest known value is looked for in this span. */
const LAST_SPAN_MS = 3_600_000;
/** An SVG needs its own style; nothing else may be in it. */
const SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/** What the routes need. */
export interface StatisticsContext {
  readonly database: Database;
  readonly rrd: RrdStore;
  readonly clock: Clock;
}

type SeriesQuery = SpanQuery & { readonly metrics?: string };
type PerfdataQuery = SpanQuery & { readonly metric?: string; readonly cf?: Consolidation };

/** A series in each of its forms; a graph is made when it is wanted. */
interface Forms {
  readonly json: SeriesJson | PerfdataJson;
  readonly axis: Pick<Series, 'startS' | 'stepS'>;
  readonly columns: readonly CsvColumn[];
  readonly graph: () => Graph;
}

/** Creates the routes. */
export function statisticsRoutes(context: StatisticsContext): Route[] {
  const drawPng = createPngDrawer();
  const answer = async (
    { headers, query }: Pick<Call<SpanQuery>, 'headers' | 'query'>,
    read: (span: Span, form: SeriesForm) => Promise<Forms>,
  ): Promise<Answer> => {
    const form = chooseForm(headers['accept'] as string | undefined);
    const isGraph = form === 'svg' || form === 'png';
    const { width } = readSize(query, 0);
    const forms = await read(readSpan(query, context.clock, isGraph ? width : undefined), form);
    if (form === 'json') return { status: 200, body: forms.json };
    if (form === 'csv') {
      const type = { 'content-type': 'text/csv; charset=utf-8; header=present' };
      return { status: 200, body: formatCsv(forms.axis, forms.columns), headers: type };
    }
    const graph = forms.graph();
    const size = readSize(query, naturalHeight(graph.panels));
    if (form === 'png') {
      const svg = writeSvg(graph, size, query.theme === 'dark' ? 'dark' : 'light');
      return { status: 200, body: await drawPng(svg), headers: { 'content-type': 'image/png' } };
    }
    const headersOfSvg = {
      'content-type': 'image/svg+xml; charset=utf-8',
      'content-security-policy': SVG_POLICY,
    };
    return { status: 200, body: writeSvg(graph, size, query.theme), headers: headersOfSvg };
  };
  const findWorkerId = async (params: Readonly<Record<string, string>>) => {
    const id = params['worker'] ?? '';
    if (!(await findWorker(context.database, id))) throw new NotFound('worker', id);
    return id;
  };
  const last = async (files: readonly string[]) => ({
    status: 200,
    body: await readLast(context, files),
  });
  return [
    defineRoute('getCommonStatistics', (call) =>
      answer(call, (span) =>
        readSeries(context, { files: COMMON_FILE_NAMES, query: call.query, span }, commonGraph),
      ),
    ),
    defineRoute('getWorkerStatistics', async (call) => {
      const id = await findWorkerId(call.params);
      const files = [workerFileName(id)];
      return answer(call, (span) =>
        readSeries(context, { files, query: call.query, span }, (series) =>
          workerGraph(id, series, span),
        ),
      );
    }),
    defineRoute('getLastCommonStatistics', () => last(COMMON_FILE_NAMES)),
    defineRoute('getLastWorkerStatistics', async ({ params }) =>
      last([workerFileName(await findWorkerId(params))]),
    ),
    defineRoute('getCheckPerfdata', async (call) => {
      const { host = '', plugin = '' } = call.params;
      const check = await findCheck(context.database, host, plugin);
      if (!check) throw new NotFound('check', `${host} ${plugin}`);
      return answer(call, (span) => readPerfdata(context, check, { query: call.query, span }));
    }),
  ];
}

async function readSeries(
  { rrd }: StatisticsContext,
  what: { readonly files: readonly string[]; readonly query: SeriesQuery; readonly span: Span },
  draw: (series: Series, span: Span) => Graph,
): Promise<Forms> {
  const { span } = what;
  const found = selectColumns(await fetchFiles(rrd, what.files, span), what.query.metrics);
  const columns = found.names.map((name, column) => ({
    name,
    values: found.rows.map((row) => row[column] ?? null),
  }));
  const values = Object.fromEntries(columns.map((column) => [column.name, [...column.values]]));
  return {
    json: { start: formatInstant(found.startS * 1_000), step: found.stepS, values },
    axis: found,
    columns,
    graph: () => draw(condenseSeries(found, valuesOf(span)), span),
  };
}

/** How many values a span was asked for in. */
function valuesOf({ from, to, stepS }: Span): number {
  return Math.max(1, Math.ceil((to - from) / 1_000 / Math.max(1, stepS)));
}

/** Throws `InvalidInput` for a name that is not there. */
function selectColumns(series: Series, metrics: string | undefined): Series {
  if (metrics === undefined) return series;
  const wanted = metrics.split(',');
  const unknown = wanted.find((name) => !series.names.includes(name));
  if (unknown !== undefined) {
    const message = `"${unknown}" is not one of ${series.names.join(', ')}`;
    throw new InvalidInput([{ path: 'metrics', message }], true);
  }
  const kept = series.names.flatMap((name, column) => (wanted.includes(name) ? [column] : []));
  const pick = <Item>(items: readonly Item[]) => items.filter((_, column) => kept.includes(column));
  return { ...series, names: pick(series.names), rows: series.rows.map(pick) };
}

async function readPerfdata(
  { database, rrd }: StatisticsContext,
  check: CheckView,
  { query, span }: { readonly query: PerfdataQuery; readonly span: Span },
): Promise<Forms> {
  const all = await listCheckMetrics(database, [check.checkId]);
  const metrics = all.filter(({ label }) => query.metric === undefined || query.metric === label);
  if (query.metric !== undefined && metrics.length === 0) {
    throw new NotFound('metric', query.metric);
  }
  const found = await fetchMetrics(rrd, { check, metrics, span, cf: query.cf });
  const newest = new Map(check.run?.perfdata.map((item) => [item.label, item]));
  const toJson = (series: Series): PerfdataJson => ({
    start: formatInstant(series.startS * 1_000),
    step: series.stepS,
    metrics: metrics.map(({ label, unit }, column) => ({
      ...{ label, unit },
      warn: newest.get(label)?.warn ?? null,
      crit: newest.get(label)?.crit ?? null,
      values: series.rows.map((row) => row[column] ?? null),
    })),
  });
  const json = toJson(found);
  return {
    json,
    axis: found,
    columns: json.metrics.map(({ label, unit, values }) => ({
      name: unit === '' ? label : `${label} (${unit})`,
      values,
    })),
    graph() {
      const series = condenseSeries(found, valuesOf(span));
      return perfdataGraph(check, toJson(series), { series, span });
    },
  };
}

/** One column for each metric, in their order; without metrics there are no rows. */
async function fetchMetrics(
  rrd: RrdStore,
  what: {
    readonly check: CheckView;
    readonly metrics: readonly CheckMetric[];
    readonly span: Span;
    readonly cf: Consolidation | undefined;
  },
): Promise<Series> {
  const { check, metrics, span, cf } = what;
  const numbers = [...new Set(metrics.map(({ fileNumber }) => fileNumber))];
  if (numbers.length === 0) {
    return { startS: span.from / 1_000, stepS: span.stepS, names: [], rows: [] };
  }
  const files = await Promise.all(
    numbers.map(async (number) => {
      const found = await fetchSeries(rrd, checkFileName(check.checkId, number), span, cf);
      return { ...found, names: found.names.map((name) => `${number} ${name}`) };
    }),
  );
  const aligned = alignSeries(files) ?? files[0];
  if (aligned === undefined) throw new NotFound('statistics file', `${check.host} ${check.plugin}`);
  const columns = metrics.map(({ fileNumber, sourceNumber }) =>
    aligned.names.indexOf(`${fileNumber} ${sourceName(sourceNumber)}`),
  );
  return {
    ...aligned,
    names: metrics.map(({ label }) => label),
    rows: aligned.rows.map((row) => columns.map((column) => row[column] ?? null)),
  };
}

async function readLast(
  { rrd, clock }: StatisticsContext,
  files: readonly string[],
): Promise<LastValuesJson> {
  const to = clock.now();
  const found = await fetchFiles(rrd, files, { from: to - LAST_SPAN_MS, to, stepS: 1 });
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

/** Files of one subject as one series. The first must be there; others may have come later. */
async function fetchFiles(rrd: RrdStore, files: readonly string[], span: Span): Promise<Series> {
  const [first = '', ...others] = files;
  const found = [await fetchSeries(rrd, first, span)];
  for (const file of others) {
    const further = await fetchIfThere(rrd, file, span);
    if (further !== null) found.push(further);
  }
  return alignSeries(found) ?? { startS: span.from / 1_000, stepS: 1, names: [], rows: [] };
}

async function fetchSeries(
  rrd: RrdStore,
  file: string,
  span: Span,
  consolidation: Consolidation = 'AVERAGE',
): Promise<Series> {
  const problem = rrd.problem();
  const found = await fetchIfThere(rrd, file, span, consolidation);
  if (found) return found;
  if (problem !== null) throw new Unavailable('rrd', problem);
  throw new NotFound('statistics file', file);
}

function fetchIfThere(
  rrd: RrdStore,
  file: string,
  span: Span,
  consolidation: Consolidation = 'AVERAGE',
): Promise<Series | null> {
  return rrd.fetch(file, {
    fromS: Math.floor(span.from / 1_000),
    toS: Math.ceil(span.to / 1_000),
    stepS: span.stepS,
    consolidation,
  });
}
