/** What a start is given from outside, and what every role is handed. */

import type { Broker } from '../broker/broker.ts';
import type { Topology } from '../broker/topology.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../lib/clock.ts';
import type { Lifecycle } from '../lib/lifecycle.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../lib/metrics.ts';
import type { Envelope } from '../messages/envelope.ts';

/** From outside, so that a whole system can be simulated. */
export interface AppContext {
  readonly clock: Clock;
  /** 0..1 */
  readonly random: () => number;
  readonly log: Log;
  /** Ends a start that waits for something that is away. */
  readonly signal: AbortSignal;
}

/** What every role is handed. */
export interface Shared extends AppContext {
  readonly config: Config;
  readonly lifecycle: Lifecycle;
  readonly metrics: Metrics;
  readonly envelope: Envelope;
  readonly topology: Topology;
  readonly broker: Broker;
  readonly version: string;
  /** How many queues of results there are. */
  readonly shards: number;
}

/** Resident memory of this process. */
export function readRamUsedKib(): number {
  return Math.round(process.memoryUsage.rss() / 1_024);
}
