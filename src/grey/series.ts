/** Writing statistics without ever holding up results: a failure is counted, shown, and passes. */

import type { Log } from '../lib/log.ts';
import type { Metrics } from '../lib/metrics.ts';
import { Unavailable } from '../model/errors.ts';
import type { RrdDefinition, RrdStore, Sample } from '../rrd/rrd.ts';

/** Adds one sample to a file. Rejects only for a bug. */
export type WriteSeries = (
  name: string,
  definition: RrdDefinition,
  sample: Sample,
) => Promise<void>;

/** Creates the writer; logs once per outage. */
export function createSeriesWriter(options: {
  readonly rrd: RrdStore;
  readonly log: Log;
  readonly metrics: Metrics;
}): WriteSeries {
  const { rrd, log } = options;
  let outage = false;
  return async (name, definition, sample) => {
    try {
      await rrd.update(name, definition, [sample]);
      outage = false;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      if (!outage) log.warn({ error, file: name }, 'statistics cannot be written');
      outage = true;
    }
  };
}

/**
 * The begin of the step that an instant lies in, in seconds. A value between two steps would be
 * smeared over both, and three checks be shown as 2.7.
 */
export function alignToStep(atS: number, stepS: number): number {
  return Math.floor(atS / stepS) * stepS;
}
