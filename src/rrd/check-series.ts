/**
 * Statistics files of checks. A file cannot gain data sources without being written anew, so metrics
 * that turn up later get a further file, and nothing of the past is touched.
 */

import type { ArchiveSpan } from '../model/archive-span.ts';
import { defineArchives } from './archives.ts';
import type { DataSource, RrdDefinition } from './rrd.ts';

/** No finer than this: what comes more often is averaged. */
const MIN_STEP_S = 60;
/** Runs without a value that are bridged. */
const BRIDGED_RUNS = 3;

/** A metric as a file keeps it. */
export interface MetricSource {
  /** As plugins write it; `c` is a counter. */
  readonly unit: string;
}

/** The name of a check's n-th file. */
export function checkFileName(checkId: number, fileNumber: number): string {
  return `check-${checkId}-${fileNumber}`;
}

/** The data source of a file's n-th metric. */
export function sourceName(sourceNumber: number): string {
  return `m${sourceNumber}`;
}

/** The file of metrics of a check that runs every `intervalS` seconds. */
export function checkDefinition(
  metrics: readonly MetricSource[],
  intervalS: number,
  spans?: readonly ArchiveSpan[],
): RrdDefinition {
  const stepS = Math.max(MIN_STEP_S, Math.round(intervalS));
  const heartbeatS = BRIDGED_RUNS * stepS;
  return {
    stepS,
    dataSources: metrics.map(({ unit }, index): DataSource => {
      const name = sourceName(index);
      // A counter that starts again from nothing is unknown for a moment, not a leap.
      if (unit === 'c') return { name, kind: 'DERIVE', heartbeatS, min: 0, max: null };
      return { name, kind: 'GAUGE', heartbeatS, min: null, max: null };
    }),
    archives: defineArchives(stepS, spans),
  };
}
