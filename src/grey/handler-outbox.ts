/**
 * Event handlers that changes of states ask for -> the workers of their hosts' zones. Each is written
 * with its change, handed out once, and forgotten with the report of what became of it: it runs at least
 * once, and not again when a result is delivered again. One grey does it for all.
 *
 * | the broker | what was handed out and not reported, after a start |
 * | keeps what it has | is in its queue still, or with a worker |
 * | is in this process | was lost with it: it is handed out again |
 */

import type { Broker } from '../broker/broker.ts';
import { shardOf, type Topology } from '../broker/topology.ts';
import type { Database } from '../database/database.ts';
import { startLease } from '../database/lease.ts';
import {
  deleteHandlerRuns,
  deleteUnreportedRuns,
  listHandlerRuns,
  markHandlerRunsSent,
  takeHandlerRunsBack,
  type WaitingRun,
} from '../database/queries/event-handlers.ts';
import { insertEvents } from '../database/queries/events.ts';
import { type Clock, repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../lib/metrics.ts';
import type { Envelope } from '../messages/envelope.ts';
import { HANDLER_REQUEST } from '../messages/event-handler.ts';
import { Unavailable } from '../model/errors.ts';
import { describeReport, formatHandlerId } from './handler-runs.ts';

const LOOK_MS = 500;
const PART = 200;
/** Parts read in one look; what is behind waits for the next. */
const MAX_PARTS = 50;
/** What a handler was to mend has changed by then. */
const MAX_AGE_MS = 10 * 60_000;
/** A worker that was away for long may still report; later nobody will. */
const MAX_UNREPORTED_MS = 24 * 3_600_000;
const CLEANUP_MS = 60_000;
/** Stands for a worker of one that no worker got. */
const NOBODY = 'grey';

/** What the outbox works with. */
export interface HandlerOutboxOptions {
  readonly database: Database;
  readonly broker: Broker;
  readonly topology: Topology;
  readonly envelope: Envelope;
  readonly shards: number;
  /** Unique among greys. */
  readonly holder: string;
  /** Of a handler. */
  readonly timeoutMs: number;
  /** Whether what the broker had is gone after a start. */
  readonly isBrokerForgetful: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Starts handing out. */
export async function startHandlerOutbox(
  options: HandlerOutboxOptions,
): Promise<{ stop(): Promise<void> }> {
  const { database, clock, log, metrics } = options;
  const sentCount = metrics.counter(
    'ppalette_grey_event_handlers_total',
    'Event handlers handed to workers, and those that became too old before.',
    ['outcome'],
  );
  const lease = await startLease({ ...options, name: 'eventHandlers' });
  let outage = false;

  const handOut = async (runs: readonly WaitingRun[]) => {
    const now = clock.now();
    const isOld = ({ at }: WaitingRun) => now - at >= MAX_AGE_MS;
    const old = runs.filter(isOld);
    await database.transaction(async (sql) => {
      await insertEvents(sql, old.map(describeExpired));
      await deleteHandlerRuns(
        sql,
        old.map(({ id }) => id),
      );
    });
    const sent: number[] = [];
    for (const run of runs) if (!isOld(run) && (await send(options, run))) sent.push(run.id);
    await markHandlerRunsSent(database, sent, now);
    if (old.length > 0) log.warn({ count: old.length }, 'event handlers became too old');
    sentCount.add(sent.length, { outcome: 'sent' });
    sentCount.add(old.length, { outcome: 'expired' });
  };
  let mustTakeBack = options.isBrokerForgetful;
  let cleanedAt = Number.NEGATIVE_INFINITY;
  const cleanUp = async () => {
    if (clock.monotonic() - cleanedAt < CLEANUP_MS) return;
    const count = await deleteUnreportedRuns(database, clock.now() - MAX_UNREPORTED_MS);
    if (count > 0) log.warn({ count }, 'nobody told what became of event handlers');
    cleanedAt = clock.monotonic();
  };
  const look = async () => {
    if (!lease.isHeld()) return;
    if (mustTakeBack) await takeHandlerRunsBack(database);
    mustTakeBack = false;
    await cleanUp();
    let after = 0;
    for (let part = 0; part < MAX_PARTS; part++) {
      const runs = await listHandlerRuns(database, after, PART);
      if (runs.length > 0) await handOut(runs);
      after = runs.at(-1)?.id ?? 0;
      if (runs.length < PART || !lease.isHeld()) break;
    }
    outage = false;
  };
  const looking = repeat(clock, LOOK_MS, look, (error) => {
    if (!outage) log.warn({ error }, 'event handlers cannot be handed out, trying on');
    outage = true;
  });
  return {
    async stop() {
      await looking.stop();
      await lease.stop();
    },
  };
}

/** False when its zone's queue does not take it now. */
async function send(
  { broker, topology, envelope, shards, timeoutMs }: HandlerOutboxOptions,
  run: WaitingRun,
): Promise<boolean> {
  const { at, checkId, level, command, macros, plugin } = run;
  const { id: hostId, zone, ...host } = run.host;
  const id = formatHandlerId(run.id);
  const message = envelope.seal(HANDLER_REQUEST, id, {
    ...{ id, checkId, level, command, at, expiresAt: at + MAX_AGE_MS, timeoutMs },
    ...{ shard: shardOf({ id: hostId }, shards), host, plugin: { name: plugin }, macros },
  });
  try {
    await broker.publish(topology.handlers(zone), message);
    return true;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return false;
  }
}

function describeExpired({ id, at, checkId, level, command, host, plugin }: WaitingRun) {
  const output = 'It could not be handed to a worker in time.';
  return describeReport({
    ...{ id: String(id), checkId, level, command, at, host: host.name, plugin },
    ...{ worker: NOBODY, outcome: 'expired', exitCode: null, output },
  });
}
