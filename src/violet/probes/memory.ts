/**
 * `memory`: how much memory of the violet's own host is in use. Debian has no such plugin in C; the
 * options are those that most of the scripts called `check_mem` share.
 */

import { readFile } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { isAlert, parseThreshold, type Threshold } from '../../nagios/threshold.ts';
import { readOptions, UsageError } from './options.ts';
import { type Probe, report } from './probe.ts';

const OPTIONS = {
  warning: { letter: 'w', takes: 'value' },
  critical: { letter: 'c', takes: 'value' },
  free: { letter: 'f', takes: 'nothing' },
} as const;

/** Bytes. */
interface Memory {
  readonly total: number;
  /** What programs could still get without swapping. */
  readonly available: number;
  readonly swapTotal: number;
  readonly swapFree: number;
}

/**
 * See `probes.ts` for the arguments. `-w` and `-c` are ranges of percent in use; with `-f`, the least
 * percent that must be available.
 */
export const probeMemory: Probe = async (args) => {
  const options = readOptions(args, OPTIONS);
  const isFree = options.has('free');
  const warning = readPercent('-w', options.get('warning'), isFree);
  const critical = readPercent('-c', options.get('critical'), isFree);
  const memory = await readMemory();
  const { total, available, swapTotal, swapFree } = memory;
  const used = total - available;
  const percent = ((isFree ? available : used) / total) * 100;
  let state: 'ok' | 'warning' | 'critical' = 'ok';
  if (isAlert(warning, percent)) state = 'warning';
  if (isAlert(critical, percent)) state = 'critical';
  const [share, what] = [`${percent.toFixed(1)}%`, isFree ? 'available' : 'used'];
  const sizes = `${formatSize(used)} of ${formatSize(total)} used, ${formatSize(available)} available`;
  const swap =
    swapTotal === 0 ? '' : `, swap ${formatSize(swapTotal - swapFree)} of ${formatSize(swapTotal)}`;
  const inBytes = (range: Threshold) => formatBytes(range, total);
  const limits = { warn: inBytes(warning), crit: inBytes(critical) };
  const plain = { unit: 'B', warn: null, crit: null, min: 0 };
  return report(state, `MEMORY ${state.toUpperCase()} - ${share} ${what}: ${sizes}${swap}`, [
    { ...plain, label: 'used', value: used, ...(isFree ? {} : limits), max: total },
    { ...plain, label: 'available', value: available, ...(isFree ? limits : {}), max: total },
    { ...plain, label: 'swap_used', value: swapTotal - swapFree, max: swapTotal },
  ]);
};

/** A range of percent. Of what is free a bare number is the least, as for disks. */
function readPercent(option: string, text: string | undefined, isFree: boolean): Threshold {
  if (text === undefined) throw new UsageError(`there is no limit: give ${option} PERCENT`);
  const range = text.replaceAll('%', '');
  const threshold = parseThreshold(isFree && /^[\d.]+$/.test(range) ? `${range}:` : range);
  if (threshold === null) throw new UsageError(`"${text}" is no range of percent, such as 90`);
  return threshold;
}

/** The range in bytes, as performance data has it. */
function formatBytes({ start, end, alertsInside }: Threshold, total: number): string {
  const toBytes = (percent: number) => String(Math.round((percent / 100) * total));
  const first = start === Number.NEGATIVE_INFINITY ? '~' : toBytes(start);
  const last = end === Number.POSITIVE_INFINITY ? '' : toBytes(end);
  return `${alertsInside ? '@' : ''}${start === 0 && last !== '' ? last : `${first}:${last}`}`;
}

/** Linux says what is available; elsewhere what is free stands for it. */
async function readMemory(): Promise<Memory> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const fields = new Map(
    [...text.matchAll(/^(\w+): +(\d+) kB$/gm)].map(([, name, kib]) => [name, Number(kib) * 1024]),
  );
  const field = (name: string) => fields.get(name) ?? 0;
  const cached = field('MemFree') + field('Buffers') + field('Cached');
  return {
    total: fields.get('MemTotal') ?? totalmem(),
    available: fields.get('MemAvailable') ?? (cached === 0 ? freemem() : cached),
    swapTotal: field('SwapTotal'),
    swapFree: field('SwapFree'),
  };
}

function formatSize(bytes: number): string {
  const gib = bytes / 2 ** 30;
  return gib >= 1 ? `${gib.toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`;
}
