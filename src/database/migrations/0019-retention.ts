/**
 * On PostgreSQL: single results in partitions by day, so that old ones go in a moment, and room for
 * states that are written again and again. The others delete by primary key.
 */

import { sql } from 'kysely';
import type { AnyKysely, Columns } from './columns.ts';

/** Puts the results there are in the partition of all days that have none of their own. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  if (!columns.hasPartitions) return;
  // A changed row is written beside the old one where there is room in its page, and then the indices
  // stay as they are.
  await sql`alter table check_state set (fillfactor = 50)`.execute(db);
  await sql`alter table result rename to result_rest`.execute(db);
  await sql`alter table result_rest rename constraint result_pk to result_rest_pk`.execute(db);
  await sql`create table result (like result_rest including defaults)
    partition by range (scheduled_at)`.execute(db);
  await sql`alter table result
    add constraint result_pk primary key (check_id, scheduled_at)`.execute(db);
  await sql`alter table result attach partition result_rest default`.execute(db);
}
