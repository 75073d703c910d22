/** The language of rrdcached, where it differs from that of rrdtool. */

import { formatValue } from './accept.ts';
import type { FetchPlan, FileFacts } from './fetch-plan.ts';
import type { HeartbeatFacts } from './heartbeats.ts';
import type { Consolidation, RrdDefinition, Sample } from './rrd.ts';
import { formatDefinition, parseInfo } from './rrdtool-text.ts';

/** How long a command line may get; rrdcached before 1.7 takes 4,096 characters. */
const MAX_LINE_LENGTH = 4_000;
/** Longest form of a time and of a value with the signs between. */
const MAX_TIME_LENGTH = 12;
const MAX_VALUE_LENGTH = 26;
/** Characters that are left for the command and the path. */
const MAX_PATH_LENGTH = 1_000;

/** Where a file is for rrdcached, in a command: spaces would end it. */
export function escapePath(path: string): string {
  return path.replace(/[\\ ]/g, '\\$&');
}

/** The command that makes a file whose first sample comes after `startS`. */
export function formatCachedCreate(
  path: string,
  definition: RrdDefinition,
  startS: number,
): string {
  return `CREATE ${path} -b ${startS} -s ${definition.stepS} -O ${formatDefinition(definition)}`;
}

/** How many samples with so many values go into one command. */
export function countPerCommand(valueCount: number): number {
  const sampleLength = MAX_TIME_LENGTH + valueCount * MAX_VALUE_LENGTH;
  return Math.max(1, Math.floor((MAX_LINE_LENGTH - MAX_PATH_LENGTH) / sampleLength));
}

/** The command that adds samples; `places` are those of the file's data sources in the definition. */
export function formatCachedUpdate(
  path: string,
  { dataSources }: RrdDefinition,
  { samples, places }: { readonly samples: readonly Sample[]; readonly places: readonly number[] },
): string {
  const texts = samples.map(({ atS, values }) => {
    const inOrder = places.map((place) => {
      const kind = dataSources[place]?.kind;
      return kind === undefined ? 'U' : formatValue(kind, values[place] ?? null);
    });
    return `${atS}:${inOrder.join(':')}`;
  });
  return `UPDATE ${path} ${texts.join(' ')}`;
}

/** Reads the answer to INFO; null when it is not one. */
export function parseCachedInfo(lines: readonly string[]): (FileFacts & HeartbeatFacts) | null {
  return parseInfo(lines.map((line) => line.replace(/^(\S+) \d /, '$1 = ')));
}

/**
 * The command that reads what `planFetch` found. It cannot name a step: rrdcached reads the finest
 * archive that reaches back far enough, so the span begins where the finer ones do not reach. For
 * rrdtool an archive of single steps keeps every consolidation.
 */
export function formatCachedFetch(
  path: string,
  facts: FileFacts,
  { plan, consolidation }: { readonly plan: FetchPlan; readonly consolidation: Consolidation },
): string {
  const finer = facts.archives
    .filter((archive) => archive.consolidation === consolidation || archive.stepCount === 1)
    .map(({ stepCount, rowCount }) => ({ stepS: stepCount * facts.stepS, rowCount }))
    .filter(({ stepS }) => stepS < plan.stepS)
    .map(({ stepS, rowCount }) => (Math.floor(facts.lastAtS / stepS) - rowCount) * stepS - 1);
  const startS = Math.min(plan.startS, ...finer);
  return `FETCH ${path} ${consolidation} ${startS} ${plan.endS}`;
}
