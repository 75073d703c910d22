/** Echoes by fping or ping, which may open the sockets that this process must not. */

import type { Outcome } from '../../model/check.ts';
import { findProgram } from '../executor/find-program.ts';
import {
  describeUnknownName,
  type EchoSeries,
  type EchoTarget,
  type Unanswerable,
} from './echo-series.ts';
import { type ProbeContext, showText } from './probe.ts';

/** Some hundred bytes a packet and a line for each complaint. */
const MAX_OUTPUT_BYTES = 65_536;

/** How one of the programs is called and read. */
interface Program {
  readonly name: string;
  arguments(target: EchoTarget): string[];
  /** Null when its output has no summary. */
  parse(output: string): EchoSeries | null;
}

const FPING: Program = {
  name: 'fping',
  arguments: ({ address, family, count, intervalMs, answerMs }) => [
    ...(family === 0 ? [] : [`-${family}`]),
    ...['-c', String(count), '-p', String(intervalMs), '-t', String(answerMs), '--', address],
  ],
  parse(output) {
    const summary =
      / : xmt\/rcv\/%loss = \d+\/\d+\/(\d+)%(?:, min\/avg\/max = [\d.]+\/([\d.]+)\/[\d.]+)?/;
    const [, loss, rtt] = summary.exec(output) ?? [];
    return readSeries(loss, rtt);
  },
};

const PING: Program = {
  name: 'ping',
  arguments: ({ address, family, count, intervalMs, answerMs }) => [
    ...(family === 0 ? [] : [`-${family}`]),
    // Less than 0.2 s is for root only, and older versions want whole seconds to wait.
    ...['-n', '-q', '-c', String(count), '-i', String(Math.max(200, intervalMs) / 1_000)],
    ...['-W', String(Math.max(1, Math.floor(answerMs / 1_000))), '--', address],
  ],
  parse(output) {
    const [, loss] = /, (\d+(?:\.\d+)?)% packet loss/.exec(output) ?? [];
    const [, rtt] = /= [\d.]+\/([\d.]+)\/[\d.]+/.exec(output) ?? [];
    return readSeries(loss, rtt);
  },
};

/** Sends them by the first program that is installed; null when there is none. */
export async function sendByProgram(
  target: EchoTarget,
  context: ProbeContext,
): Promise<EchoSeries | Unanswerable | null> {
  const { executor, environment, signal, timeoutMs } = context;
  for (const program of [FPING, PING]) {
    const file = await findProgram(program.name, environment['PATH'] ?? '');
    if (file === null) continue;
    const outcome = await executor.run({
      file,
      args: program.arguments(target),
      env: environment,
      cwd: '/',
      timeoutMs,
      maxOutputBytes: MAX_OUTPUT_BYTES,
      signal,
    });
    const series =
      'stderr' in outcome ? program.parse(`${outcome.stdout}\n${outcome.stderr}`) : null;
    return series ?? { problem: describeFailure(target, program.name, outcome) };
  }
  return null;
}

function readSeries(loss: string | undefined, rtt: string | undefined): EchoSeries | null {
  if (loss === undefined) return null;
  const rttMs = rtt === undefined ? null : Number(rtt);
  return { lossPercent: Number(loss), rttMs, reason: null };
}

/** A name that nobody knows is a mistake of ours; it says nothing about the host. */
function describeFailure(target: EchoTarget, program: string, outcome: Outcome): string {
  const complaint = 'stderr' in outcome ? outcome.stderr.trim().split('\n')[0] : '';
  const detail = outcome.kind === 'notStarted' ? outcome.detail : complaint || 'it said nothing';
  return /not known|not found|no address|failure in name/i.test(detail)
    ? describeUnknownName(target)
    : `${program} failed: ${showText(detail)}`;
}
