/** `ppadm trace HOST PLUGIN` or `ppadm trace ID`: one request's way, and the time at each step. */

import type { Command } from 'commander';
import type { TraceJson } from '../../contract/traces.ts';
import { addExamples, onRun } from '../command-line.ts';
import { readPath } from '../names.ts';
import { withNearNames } from '../near-names.ts';
import { printAnswer, refuseNames } from '../objects.ts';
import { CHECK } from '../observed-kinds.ts';
import { escapeLine } from '../output/escape.ts';
import { formatTable } from '../output/table.ts';
import type { Program } from '../program.ts';
import { formatDuration } from '../read-values.ts';
import type { Session } from '../session.ts';

/** Makes `trace` of the verb. */
export function defineTrace(verb: Command, program: Program): void {
  verb.arguments('<host> [plugin]').usage('[options] <host> <plugin> | <request id>');
  addExamples(verb, [
    'ppadm trace web1 ping                      # its newest request',
    'ppadm trace 12-1764000000000               # as in logs (requestId) and in "ppadm history -o json"',
    'ppadm trace web1/ping -o json',
  ]);
  onRun(verb, program, showTrace);
}

async function showTrace(session: Session, args: readonly string[]): Promise<void> {
  refuseNames(session, 'trace');
  const trace = await fetchTrace(session, args);
  await printAnswer(session, trace, () => formatTrace(session, trace));
}

async function fetchTrace(session: Session, args: readonly string[]): Promise<TraceJson> {
  const client = await session.connect();
  const [first = ''] = args;
  if (args.length === 1 && !first.includes('/')) {
    return client.call('getTrace', { path: { trace: first } });
  }
  const path = readPath(CHECK, args);
  const name = Object.values(path).join('/');
  return withNearNames(session, { kind: CHECK, name }, () =>
    client.call('getCheckTrace', { path }),
  );
}

function formatTrace(session: Session, trace: TraceJson): string {
  const { palette, maxWidth } = session;
  const state = trace.state === null ? '' : `, ${palette.state(trace.state)(trace.state)}`;
  const worker = trace.worker === null ? '' : `, by ${escapeLine(trace.worker)}`;
  const title = `${escapeLine(`${trace.host}/${trace.plugin}`)}  ${escapeLine(trace.id)}`;
  const table = formatTable({
    columns: ['STEP', 'SERVICE', 'AT', 'AFTER DUE', 'TOOK'].map((name) => ({
      title: name,
      isFlexible: false,
    })),
    rows: trace.steps.map(({ step, service, at, offset, took }) => [
      { text: step },
      { text: service },
      // To the millisecond, as logs have it.
      { text: escapeLine(at) },
      { text: formatSpan(offset) },
      { text: took === null ? '' : formatSpan(took) },
    ]),
    maxWidth,
    paintTitle: palette.title,
  });
  const clocks =
    trace.clockDifference === null
      ? ''
      : `\nThe clocks of two services differ by ${formatDuration(trace.clockDifference)} at least; times across them are off by that.\n`;
  return `${title}  ${trace.progress}${state}${worker}\n${escapeLine(trace.detail)}\n\n${table}${clocks}`;
}

function formatSpan(seconds: number): string {
  return `${seconds < 0 ? '-' : ''}${formatDuration(Math.abs(seconds))}`;
}
