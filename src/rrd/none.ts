/** Statistics switched off: nothing is kept, and everybody who asks is told so. */

import type { Log } from '../lib/log.ts';
import type { RrdStore } from './rrd.ts';

/** The port, and what went by it. */
export interface NoStatistics extends RrdStore {
  /** How many samples were handed over and not kept. */
  droppedCount(): number;
}

/** Opens statistics that keep nothing; logs that once. */
export function openNoStatistics(log: Log): NoStatistics {
  let droppedCount = 0;
  log.warn('statistics are off');
  return {
    driver: 'none',
    update(_name, _definition, samples) {
      droppedCount += samples.length;
      return Promise.resolve(0);
    },
    fetch: () => Promise.resolve(null),
    remove: () => Promise.resolve('outOfReach'),
    problem: () => 'statistics are off: rrd.driver is none',
    close: () => Promise.resolve(),
    droppedCount: () => droppedCount,
  };
}
