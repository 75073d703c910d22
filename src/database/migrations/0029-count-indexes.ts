/** Indexes that hold all that is counted, so that no rows need be read for it. */

import type { AnyKysely, Columns } from './columns.ts';

/** Replaces the indexes. */
export async function up(db: AnyKysely, { kind }: Columns): Promise<void> {
  const drop = (table: string, name: string) => {
    const dropped = db.schema.dropIndex(`${table}_${name}`);
    return (kind === 'mariadb' ? dropped.on(table) : dropped).execute();
  };
  await db.schema
    .createIndex('host_tally_buckets')
    .on('host_tally')
    .columns(['subject', 'is_active', 'state', 'state_type', 'is_handled', 'host_id', 'count'])
    .execute();
  await db.schema.createIndex('host_of_zone').on('host').columns(['zone', 'name', 'id']).execute();
  await drop('host', 'zone');
  // MariaDB wants an index for the foreign key at every moment.
  await db.schema
    .createIndex('check_pair_of_plugin')
    .on('check_pair')
    .columns(['plugin_id', 'check_id'])
    .execute();
  await drop('check_pair', 'plugin');
  await db.schema
    .createIndex('check_state_of_state')
    .on('check_state')
    .columns(['state', 'state_type', 'check_id'])
    .execute();
  await drop('check_state', 'states');
  await drop('check_state', 'state');
}
