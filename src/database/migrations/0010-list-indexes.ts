/** Indexes for counting and paging long lists: narrow ones that are read instead of the rows. */

import type { AnyKysely } from './columns.ts';

/** Makes the indexes. */
export async function up(db: AnyKysely): Promise<void> {
  const add = (table: string, name: string, columns: string[]) =>
    db.schema.createIndex(`${table}_${name}`).on(table).columns(columns).execute();
  await add('check_state', 'states', ['state', 'state_type']);
  await add('check_state', 'changed', ['last_state_change_at', 'check_id']);
  await add('check_memory', 'handled', ['is_acknowledged', 'is_in_downtime', 'check_id']);
  await add('host', 'zone', ['zone', 'name']);
}
