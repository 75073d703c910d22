/** Workers in SQL: every violet that sent a heartbeat, until retention forgets it. */

import type { Selectable } from 'kysely';
import type { Sql } from '../database.ts';
import type { WorkerTable } from '../schema.ts';
import { type EventEntry, insertEvents } from './events.ts';
import { upsertRows } from './upsert.ts';

/** A worker as its last heartbeat described it. */
export interface Worker {
  readonly id: string;
  readonly hostname: string;
  readonly version: string;
  readonly zones: readonly string[];
  readonly status: string;
  readonly startedAt: number;
  readonly heartbeatAt: number;
  readonly intervalMs: number;
  /** The heartbeat's figures by name. */
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * Stores heartbeats, and an event for each worker that is new or has another status. A heartbeat that
 * is older than the stored one changes nothing. One for each worker at most; in a transaction.
 */
export async function writeWorkers(sql: Sql, workers: readonly Worker[]): Promise<void> {
  if (workers.length === 0) return;
  const known = new Map(
    (await findWorkers(sql, workers)).map((worker) => [worker.id, worker] as const),
  );
  const changed = workers.filter(({ id, status, heartbeatAt }) => {
    const former = known.get(id);
    return !former || (former.status !== status && former.heartbeatAt < heartbeatAt);
  });
  await insertEvents(sql, changed.map(toEvent));
  const rows = workers.map((worker) => ({
    id: worker.id,
    hostname: worker.hostname,
    version: worker.version,
    zones: JSON.stringify(worker.zones),
    status: worker.status,
    started_at: worker.startedAt,
    heartbeat_at: worker.heartbeatAt,
    interval_ms: worker.intervalMs,
    figures: JSON.stringify(worker.figures),
  }));
  await upsertRows(sql, 'worker', rows, {
    key: ['id'],
    update: [
      'hostname',
      'version',
      'zones',
      'status',
      'started_at',
      'interval_ms',
      'figures',
      'heartbeat_at',
    ],
    onlyIfNewer: 'heartbeat_at',
  });
}

/**
 * Marks workers as lost that have been silent for `missing` heartbeats, with an event for each;
 * resolves to their ids. In a transaction.
 */
export async function markLostWorkers(sql: Sql, now: number, missing: number): Promise<string[]> {
  const rows = await sql.db
    .selectFrom('worker')
    .selectAll('worker')
    .where('worker.status', '=', 'running')
    .where(({ eb, val }) =>
      eb(
        eb('worker.heartbeat_at', '+', eb('worker.interval_ms', '*', val(missing))),
        '<',
        val(now),
      ),
    )
    .limit(1_000)
    .execute();
  const ids = rows.map((row) => row.id);
  if (ids.length === 0) return ids;
  await sql.db
    .updateTable('worker')
    .set({ status: 'lost' })
    .where('worker.id', 'in', ids)
    .execute();
  const lost = rows.map((row) => ({ ...readWorker(row), status: 'lost', heartbeatAt: now }));
  await insertEvents(sql, lost.map(toEvent));
  return ids;
}

/** All workers, the most recently heard first; at most 10,000. */
export async function listWorkers({ db }: Sql): Promise<Worker[]> {
  const rows = await db
    .selectFrom('worker')
    .selectAll('worker')
    .orderBy('worker.heartbeat_at', 'desc')
    .limit(10_000)
    .execute();
  return rows.map(readWorker);
}

/** One worker by id. */
export async function findWorker({ db }: Sql, id: string): Promise<Worker | undefined> {
  const row = await db
    .selectFrom('worker')
    .selectAll('worker')
    .where('worker.id', '=', id)
    .executeTakeFirst();
  return row ? readWorker(row) : undefined;
}

/** Workers that were last heard before `before`; at most `limit`. */
export async function listSilentWorkers(
  { db }: Sql,
  before: number,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('worker')
    .select('worker.id')
    .where('worker.heartbeat_at', '<', before)
    .orderBy('worker.heartbeat_at')
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

/**
 * Forgets a worker that was last heard before `before`; false when it was heard since. Until the
 * transaction ends, a heartbeat of it waits.
 */
export async function deleteSilentWorker(
  { db }: Sql,
  id: string,
  before: number,
): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('worker')
    .where('worker.id', '=', id)
    .where('worker.heartbeat_at', '<', before)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0;
}

async function findWorkers({ db }: Sql, workers: readonly Pick<Worker, 'id'>[]): Promise<Worker[]> {
  const ids = workers.map(({ id }) => id);
  const rows = await db
    .selectFrom('worker')
    .selectAll('worker')
    .where('worker.id', 'in', ids)
    .execute();
  return rows.map(readWorker);
}

function toEvent({ id, status, heartbeatAt }: Worker): EventEntry {
  return { at: heartbeatAt, type: 'worker', checkId: null, payload: { worker: id, status } };
}

function readWorker(row: Selectable<WorkerTable>): Worker {
  return {
    id: row.id,
    hostname: row.hostname,
    version: row.version,
    zones: JSON.parse(row.zones) as string[],
    status: row.status,
    startedAt: row.started_at,
    heartbeatAt: row.heartbeat_at,
    intervalMs: row.interval_ms,
    figures: JSON.parse(row.figures) as Record<string, number>,
  };
}
