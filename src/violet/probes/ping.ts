/**
 * `ping`: loss and round trip time of ICMP echo, as `check_ping`. Through fping or ping, which may
 * open the raw sockets that this process must not.
 */

import { isHostName, parseIpAddress } from '../../lib/ip.ts';
import type { CheckStateName, Outcome } from '../../model/check.ts';
import { findProgram } from '../executor/find-program.ts';
import { readNumber, readOptions, UsageError } from './options.ts';
import {
  FAMILY_OPTIONS,
  type Probe,
  type ProbeContext,
  type ProbeReport,
  readFamily,
  readHost,
  readTimeLimit,
  report,
  roundTo6,
  showText,
  TIME_OPTIONS,
} from './probe.ts';

const OPTIONS = {
  hostname: { letter: 'H', takes: 'value' },
  packets: { letter: 'p', takes: 'value' },
  ...TIME_OPTIONS,
  ...FAMILY_OPTIONS,
} as const;

const DEFAULT_PACKET_COUNT = 5;
const MAX_PACKET_COUNT = 100;
/** From packet to packet, when there is time for it. */
const INTERVAL_MS = 500;
/** For the last answer, when there is time for it and no threshold allows more. */
const ANSWER_MS = 2_000;
/** Of the time that a check has; the rest is for starting the program and finding the address. */
const TIME_SHARE = 0.8;
/** Some hundred bytes a packet and a line for each complaint. */
const MAX_OUTPUT_BYTES = 65_536;

/** Limits of round trip time and loss; reaching one counts. */
interface Limit {
  readonly rttMs: number;
  readonly lossPercent: number;
}

interface Target {
  readonly address: string;
  readonly family: 0 | 4 | 6;
  readonly count: number;
  readonly intervalMs: number;
  readonly answerMs: number;
}

/** What came back. */
interface Echo {
  readonly lossPercent: number;
  /** Average; null when nothing came back. */
  readonly rttMs: number | null;
}

/** How one of the programs is called and read. */
interface Program {
  readonly name: string;
  arguments(target: Target): string[];
  /** Null when its output has no summary. */
  parse(output: string): Echo | null;
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
    return readEcho(loss, rtt);
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
    return readEcho(loss, rtt);
  },
};

/** See `probes.ts` for the arguments. */
export const probePing: Probe = async (args, context) => {
  const options = readOptions(args, OPTIONS);
  const warning = readLimit('-w', options.get('warning'));
  const critical = readLimit('-c', options.get('critical'));
  if (warning.rttMs > critical.rttMs || warning.lossPercent > critical.lossPercent) {
    throw new UsageError('a limit of -w is beyond that of -c');
  }
  const limitS = readTimeLimit(options.get('timeout'), context.timeoutMs);
  const address = readHost(options.get('hostname'), context);
  if (!isAddress(address)) {
    return report('unknown', `PING UNKNOWN - Invalid hostname/address - ${showText(address)}`);
  }
  const count = readNumber(options.get('packets') ?? String(DEFAULT_PACKET_COUNT), {
    name: 'number of packets',
    max: MAX_PACKET_COUNT,
    isWhole: true,
  });
  if (count === 0) throw new UsageError('0 packets are none');
  const timeMs = Math.min(limitS * 1_000, context.timeoutMs) * TIME_SHARE;
  const intervalMs = Math.max(10, Math.round(Math.min(INTERVAL_MS, timeMs / (2 * count))));
  const restMs = timeMs - (count - 1) * intervalMs;
  const wantedMs = Math.max(ANSWER_MS, critical.rttMs);
  const answerMs = Math.max(10, Math.round(Math.min(restMs, wantedMs)));
  const target = { address, family: readFamily(options), count, intervalMs, answerMs };
  const echo = await sendEcho(target, context);
  return 'exitCode' in echo ? echo : judge(echo, warning, critical);
};

/** `RTA,LOSS%`, round trip average in milliseconds. */
function readLimit(option: string, text: string | undefined): Limit {
  if (text === undefined) throw new UsageError(`there is no limit: give ${option} RTA_MS,LOSS%`);
  const [, rtt, loss] = /^(\d+(?:\.\d+)?)[,:](\d+(?:\.\d+)?)%?$/.exec(text) ?? [];
  const limit = { rttMs: Number(rtt), lossPercent: Number(loss) };
  if (Number.isFinite(limit.rttMs) && limit.lossPercent <= 100) return limit;
  throw new UsageError(`"${text}" is no RTA_MS,LOSS%, such as 100.0,20%`);
}

/** Nothing that passes here begins with `-`, so it cannot be an option of the program. */
function isAddress(text: string): boolean {
  const withoutZone = text.replace(/%[A-Za-z0-9_.-]{1,32}$/, '');
  return isHostName(text) || parseIpAddress(withoutZone) !== undefined;
}

/** What came back, or the report when that cannot be known. */
async function sendEcho(target: Target, context: ProbeContext): Promise<Echo | ProbeReport> {
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
    const echo = 'stderr' in outcome ? program.parse(`${outcome.stdout}\n${outcome.stderr}`) : null;
    return echo ?? describeFailure(target, program.name, outcome);
  }
  return report(
    'unknown',
    'PING UNKNOWN - neither fping nor ping is installed: install one of them, for instance with "apt install fping"',
  );
}

function readEcho(loss: string | undefined, rtt: string | undefined): Echo | null {
  if (loss === undefined) return null;
  return { lossPercent: Number(loss), rttMs: rtt === undefined ? null : Number(rtt) };
}

/** A name that nobody knows is a mistake of ours; it says nothing about the host. */
function describeFailure(target: Target, program: string, outcome: Outcome): ProbeReport {
  const complaint = 'stderr' in outcome ? outcome.stderr.trim().split('\n')[0] : '';
  const detail = outcome.kind === 'notStarted' ? outcome.detail : complaint || 'it said nothing';
  const text = /not known|not found|no address|failure in name/i.test(detail)
    ? `Invalid hostname/address - ${target.address}`
    : `${program} failed: ${showText(detail)}`;
  return report('unknown', `PING UNKNOWN - ${text}`);
}

function judge({ lossPercent, rttMs }: Echo, warning: Limit, critical: Limit): ProbeReport {
  const reaches = (limit: Limit) =>
    lossPercent >= limit.lossPercent || rttMs === null || rttMs >= limit.rttMs;
  let state: CheckStateName = 'ok';
  if (reaches(critical)) state = 'critical';
  else if (reaches(warning)) state = 'warning';
  const rtt = rttMs === null ? '' : `, RTA = ${rttMs.toFixed(2)} ms`;
  const text = `PING ${state.toUpperCase()} - Packet loss = ${lossPercent}%${rtt}`;
  return report(state, text, [
    {
      label: 'rta',
      value: rttMs === null ? null : roundTo6(rttMs),
      unit: 'ms',
      warn: String(warning.rttMs),
      crit: String(critical.rttMs),
      min: 0,
      max: null,
    },
    {
      label: 'pl',
      value: lossPercent,
      unit: '%',
      warn: String(warning.lossPercent),
      crit: String(critical.lossPercent),
      min: 0,
      max: null,
    },
  ]);
}
