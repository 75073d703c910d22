/** Writing statistics without ever holding up results: a failure is counted, shown, and passes. */

import type { Log } from '../lib/log.ts';
import { Unavailable } from '../model/errors.ts';
import type { RrdDefinition, RrdStore, Sample } from '../rrd/rrd.ts';
import type { WriteFailures } from './write-failures.ts';

/** Adds one sample to a file. Rejects only for a bug. */
export type WriteSeries = (
  name: string,
  definition: RrdDefinition,
  sample: Sample,
) => Promise<void>;

/** Creates the writer; logs once per outage. `kind`: of its failures. */
export function createSeriesWriter(options: {
  readonly rrd: RrdStore;
  readonly failures: WriteFailures;
  readonly kind: string;
  readonly log: Log;
}): WriteSeries {
  const { rrd, log, failures, kind } = options;
  let outage = false;
  return async (name, definition, sample) => {
    try {
      await rrd.update(name, definition, [sample]);
      outage = false;
      failures.note(kind, null);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      failures.note(kind, error);
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
