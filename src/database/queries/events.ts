/** The log of events: written in the transaction in which something happened, read by who follows. */

import type { Sql } from '../database.ts';
import { chunksOf } from './upsert.ts';

/** What can happen. */
export type EventType =
  | 'stateChange'
  | 'flapping'
  | 'acknowledgement'
  | 'downtime'
  | 'measurement'
  | 'notification'
  | 'eventHandler'
  | 'configuration'
  | 'worker'
  | 'problem'
  | 'discovery';

/** Something that happened. */
export interface EventEntry {
  readonly at: number;
  readonly type: EventType;
  /** Null when it is not about a check. */
  readonly checkId: number | null;
  /** Becomes JSON. */
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A stored event. Ids go up, but may become visible out of order. */
export interface StoredEvent extends EventEntry {
  readonly id: number;
}

/** Writes events. */
export async function insertEvents({ db }: Sql, events: readonly EventEntry[]): Promise<void> {
  for (const chunk of chunksOf(events, 1_000)) {
    const rows = chunk.map(({ at, type, checkId, payload }) => ({
      at,
      type,
      check_id: checkId,
      payload: JSON.stringify(payload),
    }));
    await db.insertInto('event').values(rows).execute();
  }
}

/** Events behind `afterId` in the order of their ids; at most `limit`. */
export async function listEventsAfter(
  { db }: Sql,
  afterId: number,
  limit: number,
): Promise<StoredEvent[]> {
  const rows = await db
    .selectFrom('event')
    .selectAll('event')
    .where('event.id', '>', afterId)
    .orderBy('event.id')
    .limit(limit)
    .execute();
  return rows.map(readEvent);
}

/** Those of these events that are there. */
export async function findEvents({ db }: Sql, ids: readonly number[]): Promise<StoredEvent[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('event')
    .selectAll('event')
    .where('event.id', 'in', ids)
    .orderBy('event.id')
    .execute();
  return rows.map(readEvent);
}

/** The highest id; 0 when nothing happened yet. */
export async function getNewestEventId({ db }: Sql): Promise<number> {
  const row = await db
    .selectFrom('event')
    .select((builder) => builder.fn.max('event.id').as('id'))
    .executeTakeFirst();
  return Number(row?.id ?? 0);
}

/** Deletes what happened before `before`, at most `limit` rows; resolves to how many went. */
export async function deleteOldEvents({ db }: Sql, before: number, limit: number): Promise<number> {
  const rows = await db
    .selectFrom('event')
    .select('event.id')
    .where('event.at', '<', before)
    .orderBy('event.at')
    .limit(limit)
    .execute();
  if (rows.length === 0) return 0;
  const ids = rows.map((row) => row.id);
  await db.deleteFrom('event').where('event.id', 'in', ids).execute();
  return ids.length;
}

function readEvent(row: {
  id: number;
  at: number;
  type: string;
  check_id: number | null;
  payload: string;
}): StoredEvent {
  return {
    id: row.id,
    at: row.at,
    type: row.type as EventType,
    checkId: row.check_id,
    payload: JSON.parse(row.payload) as Record<string, unknown>,
  };
}
