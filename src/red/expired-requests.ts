/**
 * Requests whose time passed before a worker took them, as their queue tells: counted as missed, and
 * remembered by check, so that its silence can be explained. Taken by the red that has the schedule,
 * which is the one that explains.
 */

import { ACK, type Broker, type Consumer } from '../broker/broker.ts';
import type { Topology } from '../broker/topology.ts';
import { type Clock, repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Lru } from '../lib/lru.ts';
import { parseRequestId } from './request-trail.ts';

/** Checks remembered; about 100 bytes each. */
const MAX_CHECKS = 200_000;
/** How soon a red that takes the schedule over begins. */
const LOOK_MS = 1_000;

/** What this works with. */
export interface ExpiredRequestsOptions {
  readonly broker: Broker;
  readonly topology: Topology;
  readonly isActive: () => boolean;
  /** Told of each request's id. */
  readonly onExpired: (id: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Knows which requests expired lately. */
export interface ExpiredRequests {
  /** Due time of the newest request of a check that expired; undefined when none is known. */
  newestOf(checkId: number): number | undefined;
  stop(): Promise<void>;
}

/** Starts taking them. */
export async function startExpiredRequests(
  options: ExpiredRequestsOptions,
): Promise<ExpiredRequests> {
  const { broker, topology, isActive, onExpired, clock, log } = options;
  const newest = new Lru<number, number>(MAX_CHECKS);
  let consumer: Consumer | null = null;
  const take = async (id: string) => {
    onExpired(id);
    const request = parseRequestId(id);
    if (request !== undefined) {
      const { checkId, scheduledAt } = request;
      newest.set(checkId, Math.max(scheduledAt, newest.get(checkId) ?? 0));
    }
    return ACK;
  };
  const follow = async () => {
    if (isActive()) {
      consumer ??= await broker.consumeEach(topology.expired, { concurrency: 100 }, ({ id }) =>
        take(id),
      );
      return;
    }
    const former = consumer;
    consumer = null;
    await former?.stop();
  };
  await follow();
  const following = repeat(clock, LOOK_MS, follow, (error) =>
    log.warn({ error }, 'expired requests cannot be counted, trying on'),
  );
  return {
    newestOf: (checkId) => newest.get(checkId),
    async stop() {
      await following.stop();
      await consumer?.stop();
    },
  };
}
