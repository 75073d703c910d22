/** `ppadm show availability|perfdata`: how a check, or a host itself, did over a span of time. */

import { type Command, Option } from 'commander';
import type { AvailabilityJson } from '../../contract/checks.ts';
import type { HostAvailabilityJson } from '../../contract/host-states.ts';
import type { PerfdataJson } from '../../contract/statistics.ts';
import { formatInstant } from '../../lib/instant.ts';
import { addExamples, onRun } from '../command-line.ts';
import { readSeconds } from '../field-options.ts';
import { HOST } from '../kinds.ts';
import { readPath } from '../names.ts';
import { withNearNames } from '../near-names.ts';
import { printAnswer, printObject, refuseNames } from '../objects.ts';
import { CHECK, HOST_STATE } from '../observed-kinds.ts';
import { formatNumber, formatTime } from '../output/format.ts';
import { formatSeries } from '../output/series.ts';
import { formatTable } from '../output/table.ts';
import type { Program } from '../program.ts';
import { formatDuration } from '../read-values.ts';
import type { Session } from '../session.ts';
import { kindOf, readSubject, type Subject } from '../subjects.ts';
import { readWhen } from '../when.ts';
import { addGraphOption, writeOtherForm } from './series-files.ts';

const HOUR_S = 3_600;

/** Adds `show host`, `show availability` and `show perfdata`. */
export function defineShowCheck(verb: Command, program: Program): void {
  const host = verb.command('host <host>').description('the state of a host, by its host check');
  addExamples(host, ['ppadm show host web1', 'ppadm show host web1 -o json']);
  onRun(host, program, async (session, [name = '']) => {
    const client = await session.connect();
    const state = await withNearNames(session, { kind: HOST, name }, () =>
      client.call('getHostState', { path: { host: name } }),
    );
    await printObject(session, HOST_STATE, state);
  });

  const availability = verb
    .command('availability <host> [plugin]')
    .description('how long a check, or a host itself, was in which state')
    .option('--from <when>', 'since: 2026-11-23T10:00:00Z, or 30d; default: a day before --to')
    .option('--to <when>', 'until; default: now')
    .option('--hard', 'count soft problems as the hard state before them');
  addExamples(availability, [
    'ppadm show availability web1 ping',
    'ppadm show availability web1 ping --from 30d -o json',
    'ppadm show availability web1 --from 30d   # of the host itself',
  ]);
  onRun(availability, program, (session, args) => {
    const { from, to, hard } = availability.opts();
    const query = {
      from: readWhen(from, { option: '--from', now: session.now }),
      to: readWhen(to, { option: '--to', now: session.now }),
      stateType: hard === true ? 'hard' : undefined,
    };
    return showAvailability(session, readSubject(args), query);
  });

  const perfdata = verb
    .command('perfdata <host> [plugin]')
    .description("series of a check's performance data")
    .option('--metric <label>', 'only this one')
    .addOption(
      new Option('--period <duration>', 'how far back the series go')
        .argParser(readSeconds)
        .default(HOUR_S, '1h'),
    )
    .addOption(
      new Option('--cf <function>', 'how values are condensed')
        .choices(['AVERAGE', 'MIN', 'MAX'])
        .default('AVERAGE'),
    );
  addGraphOption(perfdata);
  addExamples(perfdata, [
    'ppadm show perfdata web1 ping',
    'ppadm show perfdata web1 ping --metric rta --period 7d --cf MAX',
    'ppadm show perfdata web1 ping --period 1d -o csv',
    'ppadm show perfdata web1 ping --period 1w --graph ping.png',
  ]);
  onRun(
    perfdata,
    program,
    (session, args) => {
      const { metric, period, cf, graph } = perfdata.opts();
      const from = formatInstant(session.now - Number(period) * 1_000);
      const query = { metric, cf, from, to: formatInstant(session.now) };
      return showPerfdata(session, { path: readPath(CHECK, args), query }, graph);
    },
    { takesCsv: true },
  );
}

type Query = Readonly<Record<string, string | undefined>>;

async function showAvailability(session: Session, subject: Subject, query: Query) {
  refuseNames(session, 'availability');
  const client = await session.connect();
  const { name, path } = subject;
  const route = subject.kind === 'host' ? 'getHostAvailability' : 'getCheckAvailability';
  const answer = await withNearNames(session, { kind: kindOf(subject), name }, () =>
    client.call<'getHostAvailability' | 'getCheckAvailability'>(route, { path, query }),
  );
  await printAnswer(session, answer, () => formatAvailability(session, answer));
}

function formatAvailability(
  session: Session,
  answer: AvailabilityJson | HostAvailabilityJson,
): string {
  const { from, to, states, planned, reasons } = answer;
  const { palette, maxWidth } = session;
  const table = formatTable({
    columns: ['STATE', 'TIME', 'SHARE'].map((title) => ({ title, isFlexible: false })),
    rows: Object.entries({ ...states, planned }).map(([state, { seconds, percent }]) => [
      { text: state, paint: palette.state(state) },
      { text: formatDuration(Math.round(seconds)) },
      { text: `${formatNumber(percent)} %` },
    ]),
    maxWidth,
    paintTitle: palette.title,
  });
  const head = `${formatTime(from)} to ${formatTime(to)}\n\n${table}`;
  if (Object.keys(reasons).length === 0) return head;
  const why = formatTable({
    columns: ['NOT MEASURED', 'TIME'].map((title) => ({ title, isFlexible: false })),
    rows: Object.entries(reasons).map(([reason, seconds]) => [
      { text: reason },
      { text: formatDuration(Math.round(seconds)) },
    ]),
    maxWidth,
    paintTitle: palette.title,
  });
  return `${head}\n${why}`;
}

async function showPerfdata(
  session: Session,
  call: { readonly path: Record<string, string>; readonly query: Query },
  graphFile: unknown,
): Promise<void> {
  refuseNames(session, 'perfdata');
  const client = await session.connect();
  const subject = { kind: CHECK, name: Object.values(call.path).join('/') };
  const route = 'getCheckPerfdata';
  await withNearNames(session, subject, async () => {
    if (await writeOtherForm(session, { route, call, graphFile })) return;
    const answer = await client.call(route, call);
    await printAnswer(session, answer, () => formatPerfdataSeries(session, answer));
    if (answer.metrics.length === 0) session.say('There is no performance data of this time.');
  });
}

function formatPerfdataSeries(session: Session, { step, metrics }: PerfdataJson): string {
  if (metrics.length === 0) return '';
  const rows = metrics.map(({ label, unit, values }) => ({
    name: unit === '' ? label : `${label} (${unit})`,
    last: values.findLast((value) => value !== null) ?? null,
    values,
  }));
  return `in steps of ${formatDuration(step)}\n\n${formatSeries(rows, session)}`;
}
