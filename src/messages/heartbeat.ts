/** violet -> grey, every N seconds: I am here, and this is how I do. */

import Type, { type Static } from 'typebox';
import { defineMessage } from './envelope.ts';

/** What a worker may be called; the name goes into tables and file names. */
export const WORKER_ID = '^[A-Za-z0-9_.-]{1,100}$';

const Count = Type.Number({ minimum: 0 });

const HeartbeatSchema = Type.Object({
  /** The worker's id. */
  worker: Type.String({ pattern: WORKER_ID }),
  hostname: Type.String({ maxLength: 255 }),
  version: Type.String({ maxLength: 50 }),
  zones: Type.Array(Type.String({ maxLength: 100 }), { maxItems: 1000 }),
  status: Type.Union([Type.Literal('running'), Type.Literal('draining')]),
  sentAt: Type.Integer(),
  startedAt: Type.Integer(),
  intervalMs: Type.Integer({ minimum: 1 }),
  /** Slots for checks, and how many are running one. */
  workerCount: Count,
  workerAlive: Count,
  /** Consumers asked for, and those that now receive. */
  consumersCount: Count,
  consumersAlive: Count,
  /** Publishers asked for, and those that now can send. */
  publishersCount: Count,
  publishersAlive: Count,
  /** Requests taken from the broker that wait for a slot. */
  inputQueueSize: Count,
  /** Checks finished per second since the last heartbeat, and the highest such figure so far. */
  throughput: Count,
  maxThroughput: Count,
  /** Checks that ran out of time, and that could not be started, since the worker's start. */
  timedOut: Type.Optional(Count),
  notStarted: Type.Optional(Count),
  /** Results on their way to the broker, not confirmed yet. */
  unsentResults: Type.Optional(Count),
  /** 99th percentile of the event loop's delay since the last heartbeat. */
  loopLagMs: Type.Optional(Count),
  /** Resident memory in KiB. */
  ramUsedKib: Count,
});

/** A worker's heartbeat; instants are milliseconds since the epoch. */
export type Heartbeat = Static<typeof HeartbeatSchema>;

/** The message type of a heartbeat. */
export const HEARTBEAT = defineMessage({
  kind: 'heartbeat',
  version: 1,
  schema: HeartbeatSchema,
  instants: ['sentAt', 'startedAt'],
});
