/** A worker's figures -> broker, at once and then every N seconds. */

import type { Broker } from '../broker/broker.ts';
import type { Topology } from '../broker/topology.ts';
import { type Clock, repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Envelope } from '../messages/envelope.ts';
import { HEARTBEAT, type Heartbeat } from '../messages/heartbeat.ts';
import { Unavailable } from '../model/errors.ts';
import type { WorkerFigures } from './worker.ts';

/** What a heartbeat tells, and where it goes. */
export interface HeartbeatOptions {
  readonly id: string;
  readonly hostname: string;
  readonly version: string;
  readonly zones: readonly string[];
  /** Slots at this moment. */
  readonly slotCount: () => number;
  readonly intervalMs: number;
  readonly figures: () => WorkerFigures;
  /** 99th percentile of the event loop's delay since the last call. */
  readonly readLoopLagMs: () => number;
  /** Resident memory of this process in KiB. */
  readonly readRamUsedKib: () => number;
  readonly broker: Broker;
  readonly topology: Topology;
  readonly envelope: Envelope;
  readonly clock: Clock;
  readonly log: Log;
}

/** Starts the heartbeat. `stop` sends a last one that says `draining`. */
export function startHeartbeat(options: HeartbeatOptions): { stop(): Promise<void> } {
  const { broker, topology, envelope, clock, log } = options;
  const startedAt = clock.now();
  let finishedBefore = options.figures().finished;
  let countedAt = clock.monotonic();
  let maxThroughput = 0;

  const describe = (status: Heartbeat['status']): Heartbeat => {
    const figures = options.figures();
    const elapsedS = Math.max((clock.monotonic() - countedAt) / 1_000, 0.001);
    const throughput = (figures.finished - finishedBefore) / elapsedS;
    finishedBefore = figures.finished;
    countedAt = clock.monotonic();
    maxThroughput = Math.max(maxThroughput, throughput);
    const isConnected = broker.problem() === null;
    return {
      worker: options.id,
      hostname: options.hostname,
      version: options.version,
      zones: [...options.zones],
      status,
      sentAt: clock.now(),
      startedAt,
      intervalMs: options.intervalMs,
      workerCount: options.slotCount(),
      workerAlive: figures.running,
      consumersCount: figures.consumers,
      consumersAlive: isConnected ? figures.consumers : 0,
      publishersCount: 1,
      publishersAlive: isConnected ? 1 : 0,
      inputQueueSize: figures.waiting,
      throughput,
      maxThroughput,
      timedOut: figures.timedOut,
      notStarted: figures.notStarted,
      unsentResults: figures.unsent,
      loopLagMs: options.readLoopLagMs(),
      ramUsedKib: options.readRamUsedKib(),
    };
  };

  const send = async (status: Heartbeat['status']) => {
    const heartbeat = describe(status);
    // Worth nothing once the next is due.
    const expiresAt = heartbeat.sentAt + options.intervalMs * 3;
    const message = envelope.seal(
      HEARTBEAT,
      `${options.id}-${heartbeat.sentAt}`,
      heartbeat,
      expiresAt,
    );
    try {
      await broker.publish(topology.heartbeats, message);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      log.debug({ error }, 'heartbeat not sent');
    }
  };

  const onError = (error: unknown) => log.error({ error }, 'heartbeat failed');
  const first = send('running').catch(onError);
  const beats = repeat(clock, options.intervalMs, () => send('running'), onError);
  return {
    async stop() {
      await first;
      await beats.stop();
      if (broker.problem() === null) await send('draining').catch(onError);
    },
  };
}
