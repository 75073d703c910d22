/** A check that is wanted now -> its zone's queue, ahead of the schedule's. */

import { randomUUID } from 'node:crypto';
import type { Broker } from '../broker/broker.ts';
import type { Topology } from '../broker/topology.ts';
import type { CheckTarget } from '../database/queries/check-targets.ts';
import type { Clock } from '../lib/clock.ts';
import { CHECK_REQUEST } from '../messages/check-request.ts';
import type { Envelope } from '../messages/envelope.ts';
import { createRequest } from './check-request.ts';
import type { RequestTrail } from './request-trail.ts';

/** How long such a request may wait for a worker. */
export const RUN_NOW_LIMIT_MS = 60_000;

/** What requests are sent with. */
export interface RunNowContext {
  readonly broker: Broker;
  readonly topology: Topology;
  readonly envelope: Envelope;
  readonly shards: number;
  readonly clock: Clock;
  readonly trail: RequestTrail;
}

/** A request that was sent. */
export interface SentRequest {
  readonly id: string;
  readonly checkId: number;
  readonly scheduledAt: number;
}

/**
 * Sends a request; it asks for no check period. `isFreshnessCheck`: results have become too old.
 * Throws `Unavailable` without the broker.
 */
export async function requestRun(
  { broker, topology, envelope, shards, clock, trail }: RunNowContext,
  { checkId, host, plugin }: CheckTarget,
  { isFreshnessCheck = false } = {},
): Promise<SentRequest> {
  const scheduledAt = clock.now();
  const expiresAt = scheduledAt + RUN_NOW_LIMIT_MS;
  const id = `${checkId}-${scheduledAt}-${randomUUID().slice(0, 8)}`;
  const occasion = { id, checkId, scheduledAt, expiresAt, sentAt: scheduledAt };
  const request = {
    ...createRequest(occasion, { host, plugin }, shards),
    ...(isFreshnessCheck ? { isFreshnessCheck } : {}),
  };
  const message = envelope.seal(CHECK_REQUEST, id, request, expiresAt);
  trail.note('sent', request, scheduledAt);
  await broker.publish(topology.checksNow(host.zone), message);
  trail.note('confirmed', request, clock.now());
  return { id, checkId, scheduledAt };
}
