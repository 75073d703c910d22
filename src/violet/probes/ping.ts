/**
 * `ping`: loss and round trip time of ICMP echo, as `check_ping`. Through sockets of this process
 * where they are permitted, else through fping or ping.
 */

import { isHostName, parseIpAddress } from '../../lib/ip.ts';
import type { CheckStateName } from '../../model/check.ts';
import { type EchoSeries, type EchoTarget, sendBySocket } from './echo-series.ts';
import { readNumber, readOptions, UsageError } from './options.ts';
import { sendByProgram } from './ping-programs.ts';
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
/**
 * For the last answer, when there is time for it and no threshold allows more. The system looks for a
 * neighbour for 3 s before it says that there is none.
 */
const ANSWER_MS = 3_500;
/** Of the time that a check has; the rest is for starting the program and finding the address. */
const TIME_SHARE = 0.8;

/** Limits of round trip time and loss; reaching one counts. */
interface Limit {
  readonly rttMs: number;
  readonly lossPercent: number;
}

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
  const target: EchoTarget = { address, family: readFamily(options), count, intervalMs, answerMs };
  const series = await sendEchoes(target, context);
  return 'exitCode' in series ? series : judge(series, { address, warning, critical });
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
async function sendEchoes(
  target: EchoTarget,
  context: ProbeContext,
): Promise<EchoSeries | ProbeReport> {
  const bySocket = await sendBySocket(target, context);
  const series = typeof bySocket === 'string' ? await sendByProgram(target, context) : bySocket;
  if (series !== null) {
    return 'problem' in series ? report('unknown', `PING UNKNOWN - ${series.problem}`) : series;
  }
  return report(
    'unknown',
    `PING UNKNOWN - neither fping nor ping is installed: install one of them, for instance with "apt install fping"; and ${bySocket}`,
  );
}

function judge(
  { lossPercent, rttMs, reason }: EchoSeries,
  {
    address,
    warning,
    critical,
  }: { readonly address: string; readonly warning: Limit; readonly critical: Limit },
): ProbeReport {
  const reaches = (limit: Limit) =>
    lossPercent >= limit.lossPercent || rttMs === null || rttMs >= limit.rttMs;
  let state: CheckStateName = 'ok';
  if (reaches(critical)) state = 'critical';
  else if (reaches(warning)) state = 'warning';
  const rtt = rttMs === null ? '' : `, RTA = ${rttMs.toFixed(2)} ms`;
  const loss = `Packet loss = ${lossPercent}%${rtt}`;
  const what = reason === null ? loss : `${reason} (${address})`;
  const text = `PING ${state.toUpperCase()} - ${what}`;
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
