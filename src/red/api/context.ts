/** What the API works on, handed to its routes. */

import type { Broker } from '../../broker/broker.ts';
import type { Topology } from '../../broker/topology.ts';
import type { Database } from '../../database/database.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Envelope } from '../../messages/envelope.ts';
import type { CheckStateName } from '../../model/check.ts';
import type { RrdStore } from '../../rrd/rrd.ts';
import type { EventFeed } from '../event-feed.ts';
import type { RequestTrail } from '../request-trail.ts';
import type { SchedulerFigures } from '../scheduler.ts';
import type { StoredResults } from '../stored-results.ts';
import type { ServerOptions } from './server.ts';

/** What the API works on. */
export interface ApiContext extends Pick<ServerOptions, 'tls' | 'trustedProxies'> {
  readonly version: string;
  readonly database: Database;
  readonly broker: Broker;
  /** The broker's address without passwords. */
  readonly brokerLabel: string;
  readonly topology: Topology;
  readonly envelope: Envelope;
  /** Result queues. */
  readonly shards: number;
  /** What this site decides about results from outside. */
  readonly settings: {
    readonly serviceCheckTimeoutState: CheckStateName;
    readonly acceptPassiveServiceChecks: boolean;
    readonly acceptPassiveHostChecks: boolean;
  };
  readonly storedResults: StoredResults;
  readonly feed: EventFeed;
  readonly trail: RequestTrail;
  readonly rrd: RrdStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Called after each committed change of the configuration with its version. */
  readonly onChanged: (version: number) => void;
  /** What the API tells of the schedule. */
  readonly schedule: {
    readonly isActive: () => boolean;
    /** Why the schedule is not complete yet; null once it is. */
    readonly startProblem: () => string | null;
    readonly jobCount: () => number;
    /** Undefined when the check is not scheduled. */
    readonly dueAtOf: (checkId: number) => number | undefined;
    readonly figures: () => SchedulerFigures;
  };
}
