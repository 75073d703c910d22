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

/** What fping says of a complaint, behind `ICMP `, and what `check_ping` does. IPv4 alone. */
const FPING_WORDS: readonly Words[] = [
  ['Network Unreachable', 'Network Unreachable'],
  ['Unreachable (Network Unreachable For Type Of Service)', 'Network Unreachable'],
  ['Host Unreachable', 'Host Unreachable'],
  ['Unreachable (Host Unreachable For Type Of Service)', 'Host Unreachable'],
  ['Port Unreachable', 'Bogus ICMP: Port Unreachable'],
  ['Protocol Unreachable', 'Bogus ICMP: Protocol Unreachable'],
  ['Unreachable (Communication with Network Prohibited)', 'Network Prohibited'],
  ['Unreachable (Communication with Host Prohibited)', 'Host Prohibited'],
  ['Unreachable (Communication Administratively Prohibited)', 'Packet Filtered'],
  ['Time Exceeded', 'Time to live exceeded'],
  ['Unreachable (', 'Destination Unreachable'],
];
/** What ping says, first IPv4, then IPv6, then of this machine; the first that fits counts. */
const PING_WORDS: readonly Words[] = [
  ['Destination Net Unreachable', 'Network Unreachable'],
  ['Destination Host Unreachable', 'Host Unreachable'],
  ['Destination Port Unreachable', 'Bogus ICMP: Port Unreachable'],
  ['Destination Protocol Unreachable', 'Bogus ICMP: Protocol Unreachable'],
  ['Destination Net Prohibited', 'Network Prohibited'],
  ['Destination Host Prohibited', 'Host Prohibited'],
  ['Packet filtered', 'Packet Filtered'],
  ['Time to live exceeded', 'Time to live exceeded'],
  ['Destination unreachable: No route', 'Network Unreachable'],
  ['Destination unreachable: Address unreachable', 'Host Unreachable'],
  ['Destination unreachable: Port unreachable', 'Bogus ICMP: Port Unreachable'],
  ['Destination unreachable: Administratively prohibited', 'Packet Filtered'],
  ['Destination unreachable: ', 'Destination Unreachable'],
  ['Time exceeded: ', 'Time to live exceeded'],
  ['Network is unreachable', 'Network Unreachable'],
  ['No route to host', 'Network Unreachable'],
];

/** What a program says, and what it means. */
type Words = readonly [said: string, reason: string];

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
    return readSeries(loss, rtt, findReason(FPING_WORDS, output, 'ICMP '));
  },
};

const PING: Program = {
  name: 'ping',
  arguments: ({ address, family, count, intervalMs, answerMs }) => [
    ...(family === 0 ? [] : [`-${family}`]),
    // Less than 0.2 s is for root only, and older versions want whole seconds to wait.
    // Not quiet, which would keep complaints to itself.
    ...['-n', '-c', String(count), '-i', String(Math.max(200, intervalMs) / 1_000)],
    ...['-W', String(Math.max(1, Math.floor(answerMs / 1_000))), '--', address],
  ],
  parse(output) {
    const [, loss] = /, (\d+(?:\.\d+)?)% packet loss/.exec(output) ?? [];
    const [, rtt] = /= [\d.]+\/([\d.]+)\/[\d.]+/.exec(output) ?? [];
    const reason = findReason(PING_WORDS, output);
    // It sends nothing and has no summary when there is no way to the host.
    return readSeries(loss ?? (reason === null ? undefined : '100'), rtt, reason);
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

function findReason(words: readonly Words[], output: string, before = ''): string | null {
  return words.find(([said]) => output.includes(before + said))?.[1] ?? null;
}

function readSeries(
  loss: string | undefined,
  rtt: string | undefined,
  reason: string | null,
): EchoSeries | null {
  if (loss === undefined) return null;
  const rttMs = rtt === undefined ? null : Number(rtt);
  return { lossPercent: Number(loss), rttMs, reason: rttMs === null ? reason : null };
}

/** A name that nobody knows is a mistake of ours; it says nothing about the host. */
function describeFailure(target: EchoTarget, program: string, outcome: Outcome): string {
  const complaint = 'stderr' in outcome ? outcome.stderr.trim().split('\n')[0] : '';
  const detail = outcome.kind === 'notStarted' ? outcome.detail : complaint || 'it said nothing';
  return /not known|not found|no address|failure in name/i.test(detail)
    ? describeUnknownName(target)
    : `${program} failed: ${showText(detail)}`;
}
