/**
 * The language of rrdtool: definitions, samples and spans -> commands; its answers -> values.
 * Nothing gets into a command that was not checked here: a line break would be a command of its own.
 */

import { assert } from '../lib/assert.ts';
import type { Consolidation, DataSource, FetchSpan, RrdDefinition, Sample } from './rrd.ts';

/** What a file says of itself. */
export interface FileFacts {
  readonly stepS: number;
  /** Time of the newest sample, in seconds since the epoch. */
  readonly lastAtS: number;
  /** Its data sources, in its order. */
  readonly names: readonly string[];
  readonly archives: readonly {
    readonly consolidation: string;
    readonly stepCount: number;
    readonly rowCount: number;
  }[];
}

/** What may be read: rows of `stepS` whose ends are after `startS`, up to and with `endS`. */
export interface FetchPlan {
  readonly startS: number;
  readonly endS: number;
  readonly stepS: number;
}

/** What rrdtool says when a sample is not newer than the newest in the file. */
export interface TooOld {
  readonly atS: number;
  readonly lastAtS: number;
}

/** Asserts that `name` is what `formatFileName` makes, perhaps with a prefix. */
export function assertSafeName(name: string): void {
  assert(
    name.length <= 240 && /^(?:[a-z0-9_-]|%[0-9A-F]{2})+$/.test(name),
    'a statistics file is named in the safe alphabet',
  );
}

/** The path of a file inside the folder; it cannot be taken for an option. */
function formatPath(name: string): string {
  assertSafeName(name);
  return `./${name}.rrd`;
}

/** The command that makes a file whose first sample comes after `startS`. */
export function formatCreate(name: string, definition: RrdDefinition, startS: number): string {
  const { stepS, dataSources, archives } = definition;
  assertCount(stepS);
  assert(archives.length > 0, 'a statistics file has an archive');
  const sources = dataSources.map((source) => {
    assertCount(source.heartbeatS);
    const bounds = `${formatBound(source.min)}:${formatBound(source.max)}`;
    return `DS:${formatSourceName(source)}:${source.kind}:${source.heartbeatS}:${bounds}`;
  });
  const kept = archives.map(({ consolidation, stepCount, rowCount }) => {
    assertCount(stepCount);
    assertCount(rowCount);
    return `RRA:${consolidation}:0.5:${stepCount}:${rowCount}`;
  });
  const path = formatPath(name);
  return `create ${path} --no-overwrite --start ${startS} --step ${stepS} ${sources.join(' ')} ${kept.join(' ')}`;
}

/** The command that adds samples, each value to the data source of its name. */
export function formatUpdate(
  name: string,
  definition: RrdDefinition,
  samples: readonly Sample[],
): string {
  const { dataSources } = definition;
  assert(dataSources.length > 0, 'a statistics file has a data source');
  let command = `update ${formatPath(name)} --template ${dataSources.map(formatSourceName).join(':')}`;
  for (const { atS, values } of samples) {
    assert(values.length === dataSources.length, 'a sample has a value for each data source');
    command += ` ${atS}`;
    for (const [index, source] of dataSources.entries()) {
      command += `:${formatValue(source.kind, values[index] ?? null)}`;
    }
  }
  return command;
}

/** The command that makes a file tell what it is. */
export function formatInfo(name: string): string {
  return `info ${formatPath(name)}`;
}

/** The command that reads what `planFetch` found. */
export function formatFetch(name: string, consolidation: Consolidation, plan: FetchPlan): string {
  const { startS, endS, stepS } = plan;
  return `fetch ${formatPath(name)} ${consolidation} -r ${stepS} -s ${startS} -e ${endS}`;
}

/** A value as rrdtool takes it; what is not a number, or cannot be one of its kind, is unknown. */
export function formatValue(kind: DataSource['kind'], value: number | null): string {
  if (value === null || !Number.isFinite(value)) return 'U';
  if (kind === 'GAUGE' || kind === 'ABSOLUTE') return String(value);
  // Counters are whole numbers for rrdtool, and it does not know exponents there.
  if (kind === 'COUNTER' && value < 0) return 'U';
  return BigInt(Math.round(value)).toString();
}

/** Reads the answer to `info`; null when it is not one. */
export function parseInfo(lines: readonly string[]): FileFacts | null {
  const fields = new Map<string, string>();
  const names: string[] = [];
  for (const line of lines) {
    const [, key, value] = /^([^ ]+) = "?([^"]*)"?$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    fields.set(key, value);
    const source = /^ds\[([^\]]+)\]\.index$/.exec(key)?.[1];
    if (source !== undefined) names[Number(value)] = source;
  }
  const archives = [];
  for (let index = 0; fields.has(`rra[${index}].cf`); index++) {
    archives.push({
      consolidation: fields.get(`rra[${index}].cf`) ?? '',
      stepCount: Number(fields.get(`rra[${index}].pdp_per_row`)),
      rowCount: Number(fields.get(`rra[${index}].rows`)),
    });
  }
  const stepS = Number(fields.get('step'));
  const lastAtS = Number(fields.get('last_update'));
  return stepS > 0 && lastAtS >= 0 ? { stepS, lastAtS, names, archives } : null;
}

/**
 * Chooses the archive and cuts the span to what it keeps, so that an answer is never longer than an
 * archive. Undefined when no archive keeps this consolidation; `startS >= endS` = no rows.
 */
export function planFetch(facts: FileFacts, span: FetchSpan): FetchPlan | undefined {
  const kept = facts.archives
    .filter((archive) => archive.consolidation === span.consolidation)
    .map((archive) => {
      const stepS = facts.stepS * archive.stepCount;
      const endS = floorTo(stepS, facts.lastAtS);
      return { stepS, endS, startS: endS - stepS * archive.rowCount };
    });
  const reaching = kept.filter((archive) => archive.startS <= span.fromS);
  const distance = (archive: FetchPlan) => Math.abs(archive.stepS - span.stepS);
  const [best] =
    reaching.length > 0
      ? reaching.sort((one, other) => distance(one) - distance(other))
      : kept.sort((one, other) => one.startS - other.startS);
  if (best === undefined) return undefined;
  return {
    startS: Math.max(best.startS, floorTo(best.stepS, span.fromS)),
    endS: Math.min(best.endS, floorTo(best.stepS, span.toS + best.stepS - 1)),
    stepS: best.stepS,
  };
}

/** Reads the rows of an answer to `fetch` that are in the plan; values that are not known are null. */
export function parseRows(lines: readonly string[], plan: FetchPlan): (number | null)[][] {
  const rows: (number | null)[][] = [];
  for (const line of lines) {
    const [, atS, values] = /^(\d+): (.*)$/.exec(line) ?? [];
    if (atS === undefined || values === undefined) continue;
    if (Number(atS) <= plan.startS || Number(atS) > plan.endS) continue;
    rows.push(values.trim().split(/\s+/).map(parseValue));
  }
  return rows;
}

/** What rrdtool complains of when it is that a sample is too old; null for other complaints. */
export function parseTooOld(reason: string): TooOld | null {
  const found = /illegal attempt to update using time (\d+) when last update time is (\d+)/.exec(
    reason,
  );
  return found === null ? null : { atS: Number(found[1]), lastAtS: Number(found[2]) };
}

function parseValue(text: string): number | null {
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

function formatSourceName(source: DataSource): string {
  assert(/^[A-Za-z0-9_]{1,19}$/.test(source.name), 'a data source has a name that rrdtool takes');
  return source.name;
}

function formatBound(bound: number | null): string {
  return bound === null ? 'U' : formatValue('GAUGE', bound);
}

function assertCount(count: number): void {
  assert(Number.isSafeInteger(count) && count > 0, 'steps and rows are whole and positive');
}

function floorTo(stepS: number, atS: number): number {
  return Math.floor(atS / stepS) * stepS;
}
