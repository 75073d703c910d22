/** `ppadm show stats`: latest values and series of the site or of a worker. */

import { type Command, Option } from 'commander';
import type { LastValuesJson, SeriesJson } from '../../contract/statistics.ts';
import { formatInstant } from '../../lib/instant.ts';
import { addExamples, onRun } from '../command-line.ts';
import { readSeconds } from '../field-options.ts';
import { withNearNames } from '../near-names.ts';
import { printAnswer, refuseNames } from '../objects.ts';
import { WORKER } from '../observed-kinds.ts';
import { escapeLine } from '../output/escape.ts';
import { formatNumber, formatTime, NOTHING } from '../output/format.ts';
import { formatSparkline } from '../output/sparkline.ts';
import { formatTable } from '../output/table.ts';
import type { Program } from '../program.ts';
import { formatDuration } from '../read-values.ts';
import type { Session } from '../session.ts';

/** The statistics of the whole site. */
const COMMON = 'common';
const HOUR_S = 3_600;
/** Bars of a series where there is no terminal to fit into. */
const DEFAULT_BARS = 60;
const MIN_BARS = 8;

type Values = Readonly<Record<string, number | null>>;
type Series = Readonly<Record<string, readonly (number | null)[]>>;

interface Stats {
  readonly subject: string;
  readonly periodS: number;
  readonly last: LastValuesJson;
  readonly series: SeriesJson;
}

/** Adds `show stats`. */
export function defineShowStats(verb: Command, program: Program): void {
  const stats = verb
    .command('stats [common|worker]')
    .description('figures of the site, or of a worker');
  stats.addOption(
    new Option('--period <duration>', 'how far back the series go')
      .argParser(readSeconds)
      .default(HOUR_S, '1h'),
  );
  addExamples(stats, [
    'ppadm show stats',
    'ppadm show stats --period 7d',
    'ppadm show stats violet-0a1b2c3d --period 10m',
  ]);
  onRun(stats, program, async (session, [subject = COMMON]) => {
    await showStats(session, subject, Number(stats.opts()['period']));
  });
}

async function showStats(session: Session, subject: string, periodS: number): Promise<void> {
  refuseNames(session, 'stats');
  const client = await session.connect();
  const query = {
    from: formatInstant(session.now - periodS * 1_000),
    to: formatInstant(session.now),
  };
  const isCommon = subject === COMMON;
  const path: Record<string, string> = isCommon ? {} : { worker: subject };
  const fetchAll = () =>
    Promise.all([
      client.call(isCommon ? 'getLastCommonStatistics' : 'getLastWorkerStatistics', { path }),
      client.call(isCommon ? 'getCommonStatistics' : 'getWorkerStatistics', { path, query }),
    ]);
  const [last, series] = isCommon
    ? await fetchAll()
    : await withNearNames(session, { kind: WORKER, name: subject }, fetchAll);
  await printAnswer(session, { last, series }, () =>
    formatStats(session, { subject, periodS, last, series }),
  );
}

function formatStats(session: Session, { subject, periodS, last, series }: Stats): string {
  const at = last.at === null ? 'no value yet' : `latest of ${formatTime(last.at)}`;
  const steps = `last ${formatDuration(periodS)} in steps of ${formatDuration(series.step)}`;
  const heading = `${escapeLine(subject)}: ${at}; ${steps}\n\n`;
  return heading + formatFigures(session, last.values, series.values);
}

function formatFigures(session: Session, last: Values, series: Series): string {
  const names = [...new Set([...Object.keys(last), ...Object.keys(series)])];
  const figures = names.map((name) => {
    const values = series[name] ?? [];
    const known = values.filter((value) => value !== null);
    const least = known.length > 0 ? Math.min(...known) : null;
    const greatest = known.length > 0 ? Math.max(...known) : null;
    return {
      values,
      texts: [escapeLine(name), ...[last[name], least, greatest].map(formatFigure)],
    };
  });
  const titles = ['METRIC', 'LAST', 'MIN', 'MAX'];
  const taken = titles.reduce((sum, title, column) => {
    const widths = figures.map(({ texts }) => texts[column]?.length ?? 0);
    return sum + Math.max(title.length, ...widths) + 2;
  }, 0);
  const room = session.maxWidth === null ? DEFAULT_BARS : session.maxWidth - taken;
  const barCount = Math.min(DEFAULT_BARS, Math.max(MIN_BARS, room));
  return formatTable({
    columns: [...titles, 'SERIES'].map((title) => ({ title, isFlexible: false })),
    rows: figures.map(({ texts, values }) =>
      [...texts, formatSparkline(values, barCount)].map((text) => ({ text })),
    ),
    maxWidth: session.maxWidth,
    paintTitle: session.palette.title,
  });
}

function formatFigure(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : formatNumber(value);
}
