/** `disk`: free space of the violet's own host, as `check_disk`. */

import type { StopSignal } from '../../lib/stop-signal.ts';
import type { CheckStateName, Perfdatum } from '../../model/check.ts';
import { isAlert, type Threshold } from '../../nagios/threshold.ts';
import {
  type DiskLimits,
  type DiskOrder,
  type Limits,
  readDiskArguments,
  type Selection,
} from './disk-arguments.ts';
import type { FileSystemStats, Mount } from './file-systems.ts';
import { UsageError } from './options.ts';
import type { Pattern } from './pattern.ts';
import {
  describeError,
  type Probe,
  type ProbeContext,
  type ProbeReport,
  report,
  runWithin,
  showText,
  worse,
} from './probe.ts';

interface Chosen {
  readonly mount: Mount;
  readonly limits: DiskLimits;
}

interface Usage {
  /** In whole units, as they are shown and judged. */
  readonly usedUnits: number;
  readonly freeUnits: number;
  readonly totalUnits: number;
  /** Null for a file system that counts no such thing. */
  readonly freePercent: number | null;
  readonly freeFilesPercent: number | null;
  readonly usedFiles: number;
  readonly totalFiles: number;
}

interface Finding extends Chosen {
  readonly usage: Usage;
  readonly state: CheckStateName;
}

/** A place that cannot be looked at: the whole check is critical, as for `check_disk`. */
class Inaccessible extends Error {
  override name = 'Inaccessible';
}

/** See `probes.ts` for the arguments. */
export const probeDisk: Probe = async (args, context) => {
  const order = readDiskArguments(args, context.timeoutMs);
  let asked = '/';
  try {
    const findings = await runWithin(order.limitS * 1_000, context, (signal) =>
      look(order, { ...context, signal }, (path) => {
        asked = path;
      }),
    );
    if (findings !== null) return judge(findings, order);
    const text = `${showText(asked)} gives no answer within ${order.limitS} seconds`;
    return report('critical', `DISK CRITICAL - ${text}`);
  } catch (error) {
    if (!(error instanceof Inaccessible)) throw error;
    return report('critical', `DISK CRITICAL - ${showText(error.message)}`);
  }
};

async function look(
  order: DiskOrder,
  context: ProbeContext,
  onAsk: (path: string) => void,
): Promise<Finding[]> {
  const { fileSystems, signal } = context;
  const mounts = await fileSystems.listMounts().catch((error: unknown) => {
    throw new Inaccessible(`/proc/self/mounts is not accessible: ${describeError(error)}`);
  });
  const findings: Finding[] = [];
  for (const chosen of await choose(mounts, order, { ...context, onAsk })) {
    const { mount, limits } = chosen;
    onAsk(mount.point);
    const stats = await access(mount.point, signal, () => fileSystems.stat(mount.point, signal));
    // What has no space at all, such as /proc, is no disk.
    if (stats.totalBytes === 0) continue;
    const usage = measure(stats, order);
    findings.push({ mount, limits, usage, state: stateOf(usage, limits) });
  }
  return findings;
}

async function access<Answer>(
  path: string,
  signal: StopSignal,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Inaccessible(`${path} is not accessible: ${describeError(error)}`);
  }
}

interface Choosing extends Pick<ProbeContext, 'fileSystems' | 'signal'> {
  readonly onAsk: (path: string) => void;
}

/** The mounts that are asked for, each once; of several at one place the last is what is seen. */
async function choose(
  mounts: readonly Mount[],
  order: DiskOrder,
  context: Choosing,
): Promise<Chosen[]> {
  const places = [...new Map(mounts.map((mount) => [mount.point, mount])).values()];
  const chosen = new Map<string, Chosen>();
  for (const selection of order.selections) {
    if (selection.kind === 'ignored') {
      for (const mount of places.filter((one) => isMatch(selection.pattern, one))) {
        chosen.delete(mount.point);
      }
      continue;
    }
    const { limits } = selection;
    for (const mount of await findMounts(places, selection, { order, context })) {
      chosen.set(mount.point, { mount, limits });
    }
  }
  return [...chosen.values()].filter(({ mount }) => isWanted(mount, order));
}

async function findMounts(
  places: readonly Mount[],
  selection: Exclude<Selection, { kind: 'ignored' }>,
  { order, context }: { readonly order: DiskOrder; readonly context: Choosing },
): Promise<Mount[]> {
  if (selection.kind === 'all') return [...places];
  if (selection.kind === 'path')
    return [await findMount(places, selection.path, { order, context })];
  const { pattern } = selection;
  const matching = places.filter((mount) => isMatch(pattern, mount));
  if (matching.length > 0) return matching;
  throw new UsageError(`no file system matches "${pattern.source}"`);
}

async function findMount(
  places: readonly Mount[],
  path: string,
  { order, context }: { readonly order: DiskOrder; readonly context: Choosing },
): Promise<Mount> {
  const named = places.findLast(({ device, point }) => {
    return device === path || (order.isExact && point === path);
  });
  if (named !== undefined) return named;
  if (order.isExact) throw new Inaccessible(`${path} not found`);
  const { fileSystems, signal, onAsk } = context;
  onAsk(path);
  const real = await access(path, signal, () => fileSystems.resolve(path, signal));
  const around = places
    .filter(({ point }) => real === point || real.startsWith(point === '/' ? '/' : `${point}/`))
    .toSorted((one, other) => one.point.length - other.point.length)
    .at(-1);
  if (around === undefined) throw new Inaccessible(`${path} is on no file system`);
  return around;
}

function isMatch(pattern: Pattern, { point, device }: Mount): boolean {
  return pattern.test(point) === true || pattern.test(device) === true;
}

function isWanted({ point, device, type, isRemote }: Mount, order: DiskOrder): boolean {
  const { excluded, excludedTypes, includedTypes, selections } = order;
  // A path that was named is looked at, whatever -x says.
  const isExcluded =
    !selections.some(({ kind }) => kind === 'path') &&
    (excluded.includes(point) || excluded.includes(device));
  const isType = includedTypes.length === 0 || includedTypes.includes(type);
  return !isExcluded && isType && !excludedTypes.includes(type) && !(order.isLocal && isRemote);
}

/** Shares are those of `df`: of what anybody may use, and rounded against the file system. */
function measure(stats: FileSystemStats, order: DiskOrder): Usage {
  const { totalBytes, freeBytes, availableBytes, totalFiles, freeFiles } = stats;
  const toUnits = (bytes: number) => Math.floor(bytes / order.unit.bytes);
  const reservedBytes = order.ignoresReserved ? freeBytes - availableBytes : 0;
  const usedBytes = totalBytes - freeBytes;
  return {
    usedUnits: toUnits(usedBytes),
    freeUnits: toUnits(availableBytes),
    totalUnits: toUnits(totalBytes - reservedBytes),
    freePercent: freeShare(usedBytes, usedBytes + availableBytes),
    freeFilesPercent: freeShare(totalFiles - freeFiles, totalFiles),
    usedFiles: totalFiles - freeFiles,
    totalFiles,
  };
}

function freeShare(used: number, total: number): number | null {
  return total === 0 ? null : 100 - Math.ceil((used / total) * 100);
}

function stateOf(usage: Usage, { warning, critical }: DiskLimits): CheckStateName {
  if (reaches(usage, critical)) return 'critical';
  return reaches(usage, warning) ? 'warning' : 'ok';
}

function reaches({ freeUnits, freePercent, freeFilesPercent }: Usage, limits: Limits): boolean {
  const isReached = (limit: Threshold | null, value: number | null) => {
    return limit !== null && value !== null && isAlert(limit, value);
  };
  return (
    isReached(limits.units, freeUnits) ||
    isReached(limits.percent, freePercent) ||
    isReached(limits.filesPercent, freeFilesPercent)
  );
}

function judge(findings: readonly Finding[], order: DiskOrder): ProbeReport {
  if (findings.length === 0) {
    return report('unknown', 'DISK UNKNOWN - there is no file system of this kind');
  }
  const state = findings.map((one) => one.state).reduce(worse);
  const shown = findings.filter((one) => !order.showsErrorsOnly || one.state !== 'ok');
  const list = shown.map((finding) => {
    const { freeUnits, freePercent, freeFilesPercent } = finding.usage;
    const files = freeFilesPercent === null ? '-' : `${freeFilesPercent}%`;
    const free = `${freeUnits}${order.unit.name} (${freePercent ?? '-'}% inode=${files})`;
    return ` ${showText(nameOf(finding, order))} ${free};`;
  });
  const text = shown.length === 0 ? '' : ` - free space:${list.join('')}`;
  const perfdata = findings.flatMap((finding) => toPerfdata(finding, order));
  return report(state, `DISK ${state.toUpperCase()}${text}`, perfdata);
}

function nameOf({ mount }: Finding, { showsDevice }: DiskOrder): string {
  return showsDevice ? mount.device : mount.point;
}

/** What is in use, with the limits turned round: how much in use is too much. */
function toPerfdata(finding: Finding, order: DiskOrder): Perfdatum[] {
  const { usage, limits } = finding;
  const { bytes } = order.unit;
  const total = usage.totalUnits * bytes;
  const space = ({ units, percent }: Limits) => {
    const tides = [
      ...(units === null ? [] : [total - units.end * bytes]),
      ...(percent === null ? [] : [(1 - percent.end / 100) * total]),
    ];
    return tides.length === 0 ? null : String(Math.max(0, Math.floor(Math.min(...tides))));
  };
  const files = ({ filesPercent }: Limits) => {
    if (filesPercent === null) return null;
    return String(Math.max(0, Math.floor((1 - filesPercent.end / 100) * usage.totalFiles)));
  };
  const label = nameOf(finding, order);
  const { warning, critical } = limits;
  const spaceItem = {
    ...{ label, value: usage.usedUnits * bytes, unit: 'B', min: 0, max: total },
    ...{ warn: space(warning), crit: space(critical) },
  };
  if (!order.showsFiles) return [spaceItem];
  const filesItem = {
    ...{ label: `${label} (inodes)`, value: usage.usedFiles, unit: '', min: 0 },
    ...{ warn: files(warning), crit: files(critical), max: usage.totalFiles },
  };
  return [spaceItem, filesItem];
}
