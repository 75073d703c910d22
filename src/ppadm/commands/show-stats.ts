/** `ppadm show stats`: latest values and series of the site or of a worker. */

import { type Command, Option } from 'commander';
import type { LastValuesJson, SeriesJson } from '../../contract/statistics.ts';
import { formatInstant } from '../../lib/instant.ts';
import { InvalidInput } from '../../model/errors.ts';
import { addExamples, onRun } from '../command-line.ts';
import { readSeconds } from '../field-options.ts';
import { MAX_PAGE_SIZE } from '../listing.ts';
import { withNearNames } from '../near-names.ts';
import { printAnswer, refuseNames } from '../objects.ts';
import { WORKER } from '../observed-kinds.ts';
import { escapeLine } from '../output/escape.ts';
import { formatTime } from '../output/format.ts';
import { formatSeries } from '../output/series.ts';
import type { Program } from '../program.ts';
import { formatDuration } from '../read-values.ts';
import type { Session } from '../session.ts';
import { listKind } from './list.ts';
import { addGraphOption, writeOtherForm } from './series-files.ts';

/** The statistics of the whole site. */
const COMMON = 'common';
const HOUR_S = 3_600;
const YEAR_S = 365 * 24 * HOUR_S;
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
  addGraphOption(stats);
  addExamples(stats, [
    'ppadm show stats',
    'ppadm show stats --period 7d',
    'ppadm show stats violet-0a1b2c3d --period 10m',
    'ppadm show stats --period 1d -o csv',
    'ppadm show stats --period 1mo --graph site.svg',
  ]);
  onRun(
    stats,
    program,
    async (session, [subject = COMMON]) => {
      const { period, graph } = stats.opts();
      await showStats(session, { subject, periodS: Number(period), graphFile: graph });
    },
    { takesCsv: true },
  );
}

/** Adds `show monitoring`, as the original called it. */
export function defineShowMonitoring(verb: Command, program: Program): void {
  const monitoring = verb
    .command('monitoring', { hidden: true })
    .description('figures of the site, of all workers or of one: ppadm show stats')
    .addOption(
      new Option('--type <type>', 'of what')
        .choices(['common', 'violets', 'violet'])
        .default(COMMON),
    )
    .option('--violet_id <worker>', 'which worker, with --type violet')
    .option('--period <duration>', 'how far back: 1h, all; or last');
  addExamples(monitoring, [
    'ppadm show monitoring --type common',
    'ppadm show monitoring --type violet --violet_id violet-0a1b2c3d --period 7d',
  ]);
  onRun(monitoring, program, async (session) => {
    const { type, violet_id: worker, period } = monitoring.opts();
    if (type === 'violets') return listKind(session, WORKER, { limit: MAX_PAGE_SIZE });
    const subject = type === COMMON ? COMMON : worker;
    if (subject === undefined) {
      throw new InvalidInput([{ path: '--violet_id', message: 'says which worker is meant.' }]);
    }
    await showStats(session, { subject: String(subject), periodS: readPeriod(period) });
  });
}

/** The original's words and durations; without any, the last hour. */
function readPeriod(text: unknown): number {
  if (text === 'all') return YEAR_S;
  return typeof text === 'string' && text !== 'last' ? readSeconds(text) : HOUR_S;
}

async function showStats(
  session: Session,
  wanted: { readonly subject: string; readonly periodS: number; readonly graphFile?: unknown },
): Promise<void> {
  const { subject, periodS, graphFile } = wanted;
  refuseNames(session, 'stats');
  const client = await session.connect();
  const query = {
    from: formatInstant(session.now - periodS * 1_000),
    to: formatInstant(session.now),
  };
  const isCommon = subject === COMMON;
  const path: Record<string, string> = isCommon ? {} : { worker: subject };
  const route = isCommon ? 'getCommonStatistics' : 'getWorkerStatistics';
  const show = async () => {
    if (await writeOtherForm(session, { route, call: { path, query }, graphFile })) return;
    const [last, series] = await Promise.all([
      client.call(isCommon ? 'getLastCommonStatistics' : 'getLastWorkerStatistics', { path }),
      client.call(route, { path, query }),
    ]);
    await printAnswer(session, { last, series }, () =>
      formatStats(session, { subject, periodS, last, series }),
    );
  };
  if (isCommon) return show();
  await withNearNames(session, { kind: WORKER, name: subject }, show);
}

function formatStats(session: Session, { subject, periodS, last, series }: Stats): string {
  const at = last.at === null ? 'no value yet' : `latest of ${formatTime(last.at)}`;
  const steps = `last ${formatDuration(periodS)} in steps of ${formatDuration(series.step)}`;
  const heading = `${escapeLine(subject)}: ${at}; ${steps}\n\n`;
  const names = [...new Set([...Object.keys(last.values), ...Object.keys(series.values)])];
  const rows = names.map((name) => ({
    name,
    last: last.values[name] ?? null,
    values: series.values[name] ?? [],
  }));
  return heading + formatSeries(rows, session);
}
