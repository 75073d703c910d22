/**
 * The language of rrdtool: definitions, samples and spans -> commands; its answers -> values.
 * Nothing gets into a command that was not checked here: a line break would be a command of its own.
 */

import { assert } from '../lib/assert.ts';
import {
  assertDefinition,
  assertSafeName,
  assertSample,
  assertSourceName,
  formatValue,
} from './accept.ts';
import type { FetchPlan, FileFacts } from './fetch-plan.ts';
import type { Heartbeat, HeartbeatFacts } from './heartbeats.ts';
import type { Consolidation, DataSource, RrdDefinition, Sample } from './rrd.ts';

/** The path of a file inside the folder; it cannot be taken for an option. */
function formatPath(name: string): string {
  assertSafeName(name);
  return `./${name}.rrd`;
}

/** The command that makes a file whose first sample comes after `startS`. */
export function formatCreate(name: string, definition: RrdDefinition, startS: number): string {
  const options = `--no-overwrite --start ${startS} --step ${definition.stepS}`;
  return `create ${formatPath(name)} ${options} ${formatDefinition(definition)}`;
}

/** Data sources and archives as commands that make a file take them. */
export function formatDefinition(definition: RrdDefinition): string {
  assertDefinition(definition);
  const { dataSources, archives } = definition;
  const sources = dataSources.map((source) => {
    const bounds = `${formatBound(source.min)}:${formatBound(source.max)}`;
    return `DS:${source.name}:${source.kind}:${source.heartbeatS}:${bounds}`;
  });
  const kept = archives.map(({ consolidation, stepCount, rowCount }) => {
    return `RRA:${consolidation}:0.5:${stepCount}:${rowCount}`;
  });
  return [...sources, ...kept].join(' ');
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
  for (const sample of samples) {
    assertSample(sample, definition);
    const { atS, values } = sample;
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

/** The command that lets sources of a file bear longer silence. */
export function formatTune(name: string, heartbeats: readonly Heartbeat[]): string {
  const options = heartbeats.map((one) => `--heartbeat ${one.name}:${one.heartbeatS}`);
  return `tune ${formatPath(name)} ${options.join(' ')}`;
}

/** The command that reads what `planFetch` found. */
export function formatFetch(name: string, consolidation: Consolidation, plan: FetchPlan): string {
  const { startS, endS, stepS } = plan;
  return `fetch ${formatPath(name)} ${consolidation} -r ${stepS} -s ${startS} -e ${endS}`;
}

/** Reads the answer to `info`; null when it is not one. */
export function parseInfo(lines: readonly string[]): (FileFacts & HeartbeatFacts) | null {
  const fields = new Map<string, string>();
  const names: string[] = [];
  const heartbeats = new Map<string, number>();
  for (const line of lines) {
    const [, key, value] = /^([^ ]+) = "?([^"]*)"?$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    fields.set(key, value);
    const source = /^ds\[([^\]]+)\]\.index$/.exec(key)?.[1];
    if (source !== undefined) names[Number(value)] = source;
    const silent = /^ds\[([^\]]+)\]\.minimal_heartbeat$/.exec(key)?.[1];
    if (silent !== undefined) heartbeats.set(silent, Number(value));
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
  return stepS > 0 && lastAtS >= 0 ? { stepS, lastAtS, names, heartbeats, archives } : null;
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

function parseValue(text: string): number | null {
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

function formatSourceName(source: DataSource): string {
  assertSourceName(source);
  return source.name;
}

function formatBound(bound: number | null): string {
  return bound === null ? 'U' : formatValue('GAUGE', bound);
}
