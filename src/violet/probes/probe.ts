/**
 * What a built-in probe is: a check that needs no process of its own, with the options, states and
 * performance data of the monitoring plugin of the same name. And what probes share.
 */

import { getSystemErrorMap } from 'node:util';
import type { Clock } from '../../lib/clock.ts';
import { startDeadline } from '../../lib/deadline.ts';
import type { StopSignal } from '../../lib/stop-signal.ts';
import { CHECK_STATES, type CheckStateName, type Perfdatum } from '../../model/check.ts';
import { formatPerfdata } from '../../nagios/perfdata.ts';
import { isAlert, parseThreshold } from '../../nagios/threshold.ts';
import type { Executor } from '../executor/executor.ts';
import type { Icmp } from '../icmp/icmp.ts';
import type { FileSystems } from './file-systems.ts';
import { readNumber, UsageError } from './options.ts';

/** What a probe of a service on the network may use. */
export interface ServiceContext {
  /** The host that is checked; `address` is what is probed when no option says otherwise. */
  readonly host: { readonly name: string; readonly address: string };
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Aborts when time is up: the probe lets go of everything and rejects. */
  readonly signal: StopSignal;
}

/** What any probe may use. */
export interface ProbeContext extends ServiceContext {
  /** For probes that need a program. */
  readonly executor: Executor;
  /** The environment of such a program; its `PATH` is where it is looked for. */
  readonly environment: Readonly<Record<string, string>>;
  /** Echoes that need no program. */
  readonly icmp: Icmp;
  /** Of the host that this violet runs on. */
  readonly fileSystems: FileSystems;
}

/** What a probe says, in the form of a plugin. */
export interface ProbeReport {
  readonly exitCode: number;
  readonly stdout: string;
}

/**
 * Probes the host with these arguments. Rejects with `UsageError` for arguments that it does not
 * know, with anything once `signal` has aborted, and else never: a target in trouble is a report.
 */
export type Probe<Context = ProbeContext> = (
  args: readonly string[],
  context: Context,
) => Promise<ProbeReport>;

/** One that needs nothing of this process, and so can run on any thread of it. */
export type ServiceProbe = Probe<ServiceContext>;

/** Options that mean the same for all probes of a service on the network. */
export const TIME_OPTIONS = {
  warning: { letter: 'w', takes: 'value' },
  critical: { letter: 'c', takes: 'value' },
  timeout: { letter: 't', takes: 'value' },
} as const;

/** Addresses of which family only. */
export const FAMILY_OPTIONS = {
  'use-ipv4': { letter: '4', takes: 'nothing' },
  'use-ipv6': { letter: '6', takes: 'nothing' },
} as const;

/** The host that an option names, else the host's address. An empty one would mean this machine. */
export function readHost(
  given: string | undefined,
  { host }: Pick<ServiceContext, 'host'>,
): string {
  const address = given ?? host.address;
  if (address === '') throw new UsageError('there is no host: its name is empty');
  return address;
}

/** A report. What the target said must have been through `showText`. */
export function report(
  state: CheckStateName,
  text: string,
  perfdata: readonly Perfdatum[] = [],
): ProbeReport {
  const tail = perfdata.length === 0 ? '' : `|${formatPerfdata(perfdata)}`;
  return { exitCode: CHECK_STATES.indexOf(state), stdout: `${text}${tail}\n` };
}

/** The longest text of a target that is shown, in characters. */
const MAX_SHOWN_LENGTH = 500;

/**
 * A target's text on one line of a report: no `|`, so that no target makes performance data, no
 * control characters.
 */
export function showText(text: string): string {
  const line = text
    .slice(0, MAX_SHOWN_LENGTH)
    .replaceAll('|', '¦')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return text.length > MAX_SHOWN_LENGTH ? `${line} ...` : line;
}

/** Ranges for the time a target takes, in seconds, as given by `-w` and `-c`. */
export interface TimeThresholds {
  readonly warning: string | undefined;
  readonly critical: string | undefined;
}

/** What `TIME_OPTIONS` give: ranges for the time a target takes, and when to give it up. */
export function readTimes(
  options: { get(name: keyof typeof TIME_OPTIONS): string | undefined },
  { timeoutMs }: Pick<ServiceContext, 'timeoutMs'>,
): { readonly thresholds: TimeThresholds; readonly limitS: number } {
  const thresholds = { warning: options.get('warning'), critical: options.get('critical') };
  for (const text of [thresholds.warning, thresholds.critical]) {
    if (text !== undefined && parseThreshold(text) === null) {
      throw new UsageError(`"${text}" is no range of seconds`);
    }
  }
  return { thresholds, limitS: readTimeLimit(options.get('timeout'), timeoutMs) };
}

/** The seconds that `-t` gives a target; the time of the check when it was not given. */
export function readTimeLimit(text: string | undefined, timeoutMs: number): number {
  if (text === undefined) return timeoutMs / 1_000;
  return readNumber(text, { name: 'number of seconds', max: 86_400, isWhole: false });
}

/** The family of addresses that `FAMILY_OPTIONS` ask for; 0 is any. */
export function readFamily(options: {
  has(name: keyof typeof FAMILY_OPTIONS): boolean;
}): 0 | 4 | 6 {
  if (options.has('use-ipv6')) return 6;
  return options.has('use-ipv4') ? 4 : 0;
}

/** The state that a time stands for. */
export function judgeTime(timeS: number, { warning, critical }: TimeThresholds): CheckStateName {
  if (isOutOf(critical, timeS)) return 'critical';
  return isOutOf(warning, timeS) ? 'warning' : 'ok';
}

function isOutOf(text: string | undefined, value: number): boolean {
  const threshold = text === undefined ? null : parseThreshold(text);
  return threshold !== null && isAlert(threshold, value);
}

/** The time as performance data; `maxS` is null when nothing limits it but the check's time-out. */
export function timePerfdatum(
  timeS: number,
  { warning, critical }: TimeThresholds,
  maxS: number | null,
): Perfdatum {
  return {
    label: 'time',
    value: roundTo6(timeS),
    unit: 's',
    warn: warning ?? null,
    crit: critical ?? null,
    min: 0,
    max: maxS,
  };
}

/** Six decimals, as the plugins print. */
export function roundTo6(value: number): number {
  return Number(value.toFixed(6));
}

/** The worse of two states; `unknown` is worse than `ok` only. */
export function worse(one: CheckStateName, other: CheckStateName): CheckStateName {
  const order: readonly CheckStateName[] = ['ok', 'unknown', 'warning', 'critical'];
  return order.indexOf(one) > order.indexOf(other) ? one : other;
}

/** Why the system refused, in its own words, such as `Connection refused`. */
export function describeError(error: unknown): string {
  // Several addresses were tried: the first one's failure stands for all.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return showText(String(first));
  const errno = 'errno' in first && typeof first.errno === 'number' ? first.errno : 0;
  const words = getSystemErrorMap().get(errno)?.[1];
  return words === undefined ? showText(first.message) : words[0]?.toUpperCase() + words.slice(1);
}

/** Whether a name could not be turned into an address. */
export function isNameError(error: unknown): boolean {
  return /^(ENOTFOUND|ENODATA|EAI_)/.test(codeOf(error));
}

/** The code of a system's or library's error, such as `ECONNREFUSED`; empty when there is none. */
export function codeOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error && 'code' in first ? String(first.code) : '';
}

/**
 * Runs a part of a probe within `-t`. Resolves to null when that ran out before the check's own
 * time-out; rejects as `run` does, which must end when its signal aborts.
 */
export async function runWithin<Result>(
  limitMs: number,
  { clock, signal, timeoutMs }: Pick<ServiceContext, 'clock' | 'signal' | 'timeoutMs'>,
  run: (signal: StopSignal) => Promise<Result>,
): Promise<Result | null> {
  if (limitMs >= timeoutMs) return run(signal);
  const deadline = startDeadline(clock, limitMs, signal);
  try {
    return await run(deadline.signal);
  } catch (error) {
    if (deadline.hasExpired() && !signal.aborted) return null;
    throw error;
  } finally {
    deadline.end();
  }
}
