/** Arguments of the probe `disk` -> which file systems, measured by what. */

import { parseThreshold, type Threshold } from '../../nagios/threshold.ts';
import { type Options, readOptions, UsageError } from './options.ts';
import { createPattern, type Pattern } from './pattern.ts';
import { readTimeLimit } from './probe.ts';

const OPTIONS = {
  warning: { letter: 'w', takes: 'value' },
  critical: { letter: 'c', takes: 'value' },
  iwarning: { letter: 'W', takes: 'value' },
  icritical: { letter: 'K', takes: 'value' },
  path: { letter: 'p', takes: 'value', aliases: ['partition'] },
  all: { letter: 'A', takes: 'nothing' },
  'ereg-path': { letter: 'r', takes: 'value', aliases: ['ereg-partition'] },
  'eregi-path': { letter: 'R', takes: 'value', aliases: ['eregi-partition'] },
  'ignore-ereg-path': { letter: 'i', takes: 'value', aliases: ['ignore-ereg-partition'] },
  'ignore-eregi-path': { letter: 'I', takes: 'value', aliases: ['ignore-eregi-partition'] },
  clear: { letter: 'C', takes: 'nothing' },
  exclude_device: { letter: 'x', takes: 'value' },
  'exclude-type': { letter: 'X', takes: 'value' },
  'include-type': { letter: 'N', takes: 'value' },
  'exact-match': { letter: 'E', takes: 'nothing' },
  'errors-only': { letter: 'e', takes: 'nothing' },
  'freespace-ignore-reserved': { letter: 'f', takes: 'nothing' },
  iperfdata: { letter: 'P', takes: 'nothing' },
  local: { letter: 'l', takes: 'nothing' },
  mountpoint: { letter: 'M', takes: 'nothing' },
  kilobytes: { letter: 'k', takes: 'nothing' },
  megabytes: { letter: 'm', takes: 'nothing' },
  units: { letter: 'u', takes: 'value' },
  timeout: { letter: 't', takes: 'value' },
} as const;

type DiskOptions = Options<keyof typeof OPTIONS>;

/** Ranges of what is free, which alert inside; null: no such limit. */
export interface Limits {
  readonly units: Threshold | null;
  readonly percent: Threshold | null;
  readonly filesPercent: Threshold | null;
}

/** Limits by state. */
export interface DiskLimits {
  readonly warning: Limits;
  readonly critical: Limits;
}

/** A step of choosing; a later one overrides the limits of an earlier one. */
export type Selection =
  | { readonly kind: 'all'; readonly limits: DiskLimits }
  | { readonly kind: 'path'; readonly path: string; readonly limits: DiskLimits }
  | { readonly kind: 'pattern'; readonly pattern: Pattern; readonly limits: DiskLimits }
  | { readonly kind: 'ignored'; readonly pattern: Pattern };

/** The size of one unit, and its name. */
export interface Unit {
  readonly bytes: number;
  readonly name: string;
}

/** What to look at, and how. */
export interface DiskOrder {
  readonly selections: readonly Selection[];
  /** Devices and places that are left out. */
  readonly excluded: readonly string[];
  readonly excludedTypes: readonly string[];
  /** Empty: all types. */
  readonly includedTypes: readonly string[];
  readonly isExact: boolean;
  readonly isLocal: boolean;
  readonly showsErrorsOnly: boolean;
  readonly ignoresReserved: boolean;
  readonly showsFiles: boolean;
  readonly showsDevice: boolean;
  readonly unit: Unit;
  readonly limitS: number;
}

const UNITS: Readonly<Record<string, Unit>> = {
  bytes: { bytes: 1, name: 'B' },
  kB: { bytes: 2 ** 10, name: 'kiB' },
  KiB: { bytes: 2 ** 10, name: 'kiB' },
  MB: { bytes: 2 ** 20, name: 'MiB' },
  MiB: { bytes: 2 ** 20, name: 'MiB' },
  GB: { bytes: 2 ** 30, name: 'GiB' },
  GiB: { bytes: 2 ** 30, name: 'GiB' },
  TB: { bytes: 2 ** 40, name: 'TiB' },
  TiB: { bytes: 2 ** 40, name: 'TiB' },
};

const NO_LIMITS: Limits = { units: null, percent: null, filesPercent: null };

/** Reads the arguments. Throws `UsageError`. */
export function readDiskArguments(args: readonly string[], timeoutMs: number): DiskOrder {
  const options = readOptions(args, OPTIONS);
  return {
    selections: readSelections(options),
    excluded: options.all('exclude_device'),
    excludedTypes: options.all('exclude-type'),
    includedTypes: options.all('include-type'),
    isExact: options.has('exact-match'),
    isLocal: options.has('local'),
    showsErrorsOnly: options.has('errors-only'),
    ignoresReserved: options.has('freespace-ignore-reserved'),
    showsFiles: options.has('iperfdata'),
    showsDevice: options.has('mountpoint'),
    unit: readUnit(options),
    limitS: readTimeLimit(options.get('timeout'), timeoutMs),
  };
}

function readUnit(options: DiskOptions): Unit {
  if (options.has('kilobytes')) return { bytes: 2 ** 10, name: 'kiB' };
  const text = options.get('units') ?? 'MB';
  const unit = Object.hasOwn(UNITS, text) ? UNITS[text] : undefined;
  if (unit === undefined) {
    throw new UsageError(`"${text}" is no unit: it must be ${Object.keys(UNITS).join(', ')}`);
  }
  return unit;
}

/** Limits hold for the paths after them, until `-C`. Without any path all are chosen. */
function readSelections(options: DiskOptions): Selection[] {
  const selections: Selection[] = [];
  let limits: DiskLimits = { warning: NO_LIMITS, critical: NO_LIMITS };
  let isPathChosen = false;
  const choose = (selection: Selection) => {
    if (!hasLimits(limits))
      throw new UsageError('there is no limit before -p: give -w or -c first');
    selections.push(selection);
    isPathChosen = true;
  };
  for (const { name, value } of options.inOrder) {
    if (name === 'warning' || name === 'iwarning') {
      limits = { ...limits, warning: readLimit(limits.warning, name, value) };
    } else if (name === 'critical' || name === 'icritical') {
      limits = { ...limits, critical: readLimit(limits.critical, name, value) };
    } else if (name === 'path') choose({ kind: 'path', path: value, limits });
    else if (name === 'all') choose({ kind: 'all', limits });
    else if (name === 'ereg-path' || name === 'eregi-path') {
      const pattern = createPattern(value, { ignoresCase: name === 'eregi-path' });
      choose({ kind: 'pattern', pattern, limits });
    } else if (name === 'ignore-ereg-path' || name === 'ignore-eregi-path') {
      if (!isPathChosen) throw new UsageError('nothing is chosen before -i: give -A first');
      const pattern = createPattern(value, { ignoresCase: name === 'ignore-eregi-path' });
      selections.push({ kind: 'ignored', pattern });
    } else if (name === 'clear') {
      if (!isPathChosen) selections.push({ kind: 'all', limits });
      limits = { warning: NO_LIMITS, critical: NO_LIMITS };
      isPathChosen = false;
    }
  }
  if (isPathChosen) return selections;
  if (!hasLimits(limits)) throw new UsageError('there is no limit: give -w or -c');
  // Before the others: what was chosen by its path keeps its limits.
  return [{ kind: 'all', limits }, ...selections];
}

function hasLimits({ warning, critical }: DiskLimits): boolean {
  return [warning, critical].some((one) => Object.values(one).some((limit) => limit !== null));
}

/** `10%` or a number of units: as much or less alerts. */
function readLimit(limits: Limits, name: string, text: string): Limits {
  const isPercent = text.endsWith('%') || name.startsWith('i');
  const number = /^@?(\d+(?:\.\d+)?)%?$/.exec(text)?.[1];
  const threshold = number === undefined ? null : parseThreshold(`@${number}`);
  if (threshold === null) {
    throw new UsageError(
      `"${text}" is no limit of --${name}, such as ${isPercent ? '10%' : '500'}`,
    );
  }
  if (name.startsWith('i')) return { ...limits, filesPercent: threshold };
  return isPercent ? { ...limits, percent: threshold } : { ...limits, units: threshold };
}
