/** When checks were in downtimes: from the events of these, in the transaction that writes them. */

import type { Sql } from '../database.ts';
import type { EventEntry } from './events.ts';
import { upsertRows } from './upsert.ts';

/** A time of one check in one downtime. */
export interface DowntimeStretch {
  readonly from: number;
  /** Null while it lasts. */
  readonly to: number | null;
}

/** Writes the beginnings and ends that are among events, in their order. */
export async function noteDowntimes(sql: Sql, events: readonly EventEntry[]): Promise<void> {
  const begun = new Map<string, Row>();
  const ended = new Map<string, Row>();
  for (const { type, checkId, at, payload } of events) {
    if (type !== 'downtime' || checkId === null) continue;
    const downtime = String(payload['id']);
    const key = `${checkId} ${downtime}`;
    const row = { check_id: checkId, downtime, from_at: at };
    const known = begun.get(key);
    if (payload['action'] === 'started') begun.set(key, { ...row, to_at: null });
    else if (known !== undefined) begun.set(key, { ...known, to_at: at });
    else if (payload['action'] !== 'refused') ended.set(key, { ...row, to_at: at });
  }
  const key = ['check_id', 'downtime'] as const;
  await upsertRows(sql, 'downtime_stretch', [...begun.values()], { key, update: [] });
  // One that never began leaves a stretch of no length.
  await upsertRows(sql, 'downtime_stretch', [...ended.values()], { key, update: ['to_at'] });
}

interface Row {
  readonly check_id: number;
  readonly downtime: string;
  readonly from_at: number;
  readonly to_at: number | null;
}

/** The stretches of a check that touch a span, the earliest first; at most `limit`. */
export async function listDowntimeStretches(
  { db }: Sql,
  checkId: number,
  { from, to, limit }: { readonly from: number; readonly to: number; readonly limit: number },
): Promise<DowntimeStretch[]> {
  const rows = await db
    .selectFrom('downtime_stretch')
    .select(['downtime_stretch.from_at', 'downtime_stretch.to_at'])
    .where('downtime_stretch.check_id', '=', checkId)
    .where('downtime_stretch.from_at', '<', to)
    .where(({ or, eb }) =>
      or([eb('downtime_stretch.to_at', 'is', null), eb('downtime_stretch.to_at', '>', from)]),
    )
    .orderBy('downtime_stretch.from_at')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ from: row.from_at, to: row.to_at }));
}

/** Deletes those without an end of checks that are gone with their history; resolves to how many went. */
export async function deleteOrphanedDowntimeStretches(
  { db }: Sql,
  _before: number,
  limit: number,
): Promise<number> {
  const rows = await db
    .selectFrom('downtime_stretch')
    .select(['downtime_stretch.check_id', 'downtime_stretch.downtime'])
    .where('downtime_stretch.to_at', 'is', null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('check_pair')
            .select('check_pair.check_id')
            .whereRef('check_pair.check_id', '=', 'downtime_stretch.check_id'),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('check_archive')
            .select('check_archive.check_id')
            .whereRef('check_archive.check_id', '=', 'downtime_stretch.check_id'),
        ),
      ),
    )
    .limit(limit)
    .execute();
  await deleteStretches({ db }, rows);
  return rows.length;
}

/** Deletes stretches that were over before `before`; resolves to how many went. */
export async function deleteOldDowntimeStretches(
  { db }: Sql,
  before: number,
  limit: number,
): Promise<number> {
  const rows = await db
    .selectFrom('downtime_stretch')
    .select(['downtime_stretch.check_id', 'downtime_stretch.downtime'])
    .where('downtime_stretch.to_at', '<', before)
    .orderBy('downtime_stretch.to_at')
    .limit(limit)
    .execute();
  await deleteStretches({ db }, rows);
  return rows.length;
}

async function deleteStretches(
  { db }: Pick<Sql, 'db'>,
  rows: readonly { readonly check_id: number; readonly downtime: string }[],
): Promise<void> {
  const checksOf = new Map<string, number[]>();
  for (const { check_id, downtime } of rows) {
    checksOf.set(downtime, [...(checksOf.get(downtime) ?? []), check_id]);
  }
  for (const [downtime, checkIds] of checksOf) {
    await db
      .deleteFrom('downtime_stretch')
      .where('downtime_stretch.downtime', '=', downtime)
      .where('downtime_stretch.check_id', 'in', checkIds)
      .execute();
  }
}
