/** Workers in SQL: every violet that ever sent a heartbeat. */

import type { Selectable } from 'kysely';
import type { Sql } from '../database.ts';
import type { WorkerTable } from '../schema.ts';
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

/** Stores heartbeats; an older one than the stored changes nothing. One for each worker at most. */
export async function writeWorkers(sql: Sql, workers: readonly Worker[]): Promise<void> {
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
