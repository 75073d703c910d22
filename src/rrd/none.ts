/** Statistics on a machine without rrdtool: nothing is kept, and everybody who asks is told so. */

import type { Log } from '../lib/log.ts';
import type { RrdStore } from './rrd.ts';

/** The port, and what went by it. */
export interface NoStatistics extends RrdStore {
  /** How many samples were handed over and not kept. */
  droppedCount(): number;
}

/** Opens statistics that keep nothing, because of `reason`; logs that once. */
export function openNoStatistics(reason: string, log: Log): NoStatistics {
  let droppedCount = 0;
  log.warn({ reason }, 'statistics are off');
  return {
    driver: 'none',
    update(_name, _definition, samples) {
      droppedCount += samples.length;
      return Promise.resolve(0);
    },
    fetch: () => Promise.resolve(null),
    problem: () => `statistics are off (${reason}): install rrdtool or set rrd.driver`,
    close: () => Promise.resolve(),
    droppedCount: () => droppedCount,
  };
}
