/** Heartbeats -> the table of workers and one statistics file for each worker. */

import {
  ACK,
  type Broker,
  type Consumer,
  type Delivery,
  type Settlement,
} from '../broker/broker.ts';
import type { Topology } from '../broker/topology.ts';
import type { Database } from '../database/database.ts';
import { type Worker, writeWorkers } from '../database/queries/workers.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../lib/metrics.ts';
import type { Envelope } from '../messages/envelope.ts';
import { HEARTBEAT, type Heartbeat } from '../messages/heartbeat.ts';
import { PoisonMessage } from '../model/errors.ts';
import type { RrdStore } from '../rrd/rrd.ts';
import { workerDefinition, workerFileName, workerSample } from '../rrd/series.ts';
import { alignToStep, createSeriesWriter } from './series.ts';
import { WorkerInstances } from './worker-instances.ts';

/** What the heartbeat consumer works with. */
export interface HeartbeatOptions {
  readonly broker: Broker;
  readonly topology: Topology;
  readonly envelope: Envelope;
  readonly database: Database;
  readonly rrd: RrdStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Starts storing heartbeats. */
export function startHeartbeats(options: HeartbeatOptions): Promise<Consumer> {
  const { envelope, log, database } = options;
  const heartbeatCount = options.metrics.counter(
    'ppalette_grey_heartbeats_total',
    'Heartbeats of workers stored.',
  );
  const refusedCount = options.metrics.counter(
    'ppalette_grey_refused_heartbeats_total',
    'Heartbeats of a worker whose name another process has taken.',
  );
  const writeSeries = createSeriesWriter(options);
  const instances = new WorkerInstances(options.clock);
  const refuseTwin = (heartbeat: Heartbeat) => {
    const { worker, hostname } = heartbeat;
    const other = instances.findOther(heartbeat);
    if (other === null) return false;
    const remedy = 'give each its own violet.id';
    // At each heartbeat: it goes on until somebody acts.
    log.error(
      { worker, hostname, otherHostname: other.hostname, remedy },
      'two workers of one name',
    );
    refusedCount.add();
    return true;
  };

  const store = async (deliveries: readonly Delivery[]): Promise<Settlement[]> => {
    const settlements: Settlement[] = [];
    const newest = new Map<string, Heartbeat>();
    for (const delivery of deliveries) {
      try {
        const heartbeat = envelope.open(HEARTBEAT, delivery);
        settlements.push(ACK);
        if (refuseTwin(heartbeat)) continue;
        const known = newest.get(heartbeat.worker);
        if (!known || known.sentAt < heartbeat.sentAt) newest.set(heartbeat.worker, heartbeat);
      } catch (error) {
        if (!(error instanceof PoisonMessage)) throw error;
        log.warn({ error, messageId: delivery.id }, 'heartbeat not understood, dead-lettered');
        settlements.push({ kind: 'dead', reason: error.message });
      }
    }
    const workers = [...newest.values()].map(toWorker);
    await database.transaction((sql) => writeWorkers(sql, workers));
    for (const heartbeat of newest.values()) {
      const definition = workerDefinition(Math.max(1, Math.round(heartbeat.intervalMs / 1_000)));
      const sample = workerSample(heartbeat);
      const atS = alignToStep(sample.atS, definition.stepS);
      await writeSeries(workerFileName(heartbeat.worker), definition, { ...sample, atS });
    }
    heartbeatCount.add(newest.size);
    return settlements;
  };
  return options.broker.consumeBatches(options.topology.heartbeats, { maxCount: 200 }, store);
}

function toWorker(heartbeat: Heartbeat): Worker {
  return {
    id: heartbeat.worker,
    hostname: heartbeat.hostname,
    version: heartbeat.version,
    zones: heartbeat.zones,
    status: heartbeat.status,
    startedAt: heartbeat.startedAt,
    heartbeatAt: heartbeat.sentAt,
    intervalMs: heartbeat.intervalMs,
    figures: {
      workerCount: heartbeat.workerCount,
      workerAlive: heartbeat.workerAlive,
      consumersCount: heartbeat.consumersCount,
      consumersAlive: heartbeat.consumersAlive,
      publishersCount: heartbeat.publishersCount,
      publishersAlive: heartbeat.publishersAlive,
      inputQueueSize: heartbeat.inputQueueSize,
      throughput: heartbeat.throughput,
      maxThroughput: heartbeat.maxThroughput,
      ramUsedKib: heartbeat.ramUsedKib,
      timedOut: heartbeat.timedOut ?? 0,
      notStarted: heartbeat.notStarted ?? 0,
      unsentResults: heartbeat.unsentResults ?? 0,
      loopLagMs: heartbeat.loopLagMs ?? 0,
    },
  };
}
