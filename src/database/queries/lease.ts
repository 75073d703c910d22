/** The lease row: compare-and-set, so that two who want it can never both believe they have it. */

import type { Sql } from '../database.ts';
import { upsertRows } from './upsert.ts';

/** The row as read. */
export interface LeaseRow {
  readonly holder: string | null;
  readonly fence: number;
  readonly beat: number;
}

/** The lease; made free when it was never held. */
export async function readLease(sql: Sql, name: string): Promise<LeaseRow> {
  const find = () =>
    sql.db
      .selectFrom('lease')
      .select(['lease.holder', 'lease.fence', 'lease.beat'])
      .where('lease.name', '=', name)
      .executeTakeFirst();
  const row = await find();
  if (row) return row;
  await upsertRows(sql, 'lease', [{ name, holder: null, fence: 0, beat: 0 }], {
    key: ['name'],
    update: [],
  });
  return (await find()) ?? { holder: null, fence: 0, beat: 0 };
}

/** Replaces `seen` by `next`; false when somebody else changed the row since. */
export async function replaceLease(
  { db }: Sql,
  name: string,
  seen: LeaseRow,
  next: LeaseRow,
): Promise<boolean> {
  const result = await db
    .updateTable('lease')
    .set(next)
    .where('lease.name', '=', name)
    .where('lease.fence', '=', seen.fence)
    .where('lease.beat', '=', seen.beat)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}
