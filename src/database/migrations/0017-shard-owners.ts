/** Who owns the results of each shard, so that a former owner can be kept from writing. */

import type { AnyKysely, Columns } from './columns.ts';

/** Makes the table. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .createTable('shard_owner')
    .addColumn('shard', 'bigint', (column) => column.notNull())
    .addColumn('fence', 'bigint', (column) => column.notNull())
    .addColumn('owner', columns.name, (column) => column.notNull())
    .addPrimaryKeyConstraint('shard_owner_pk', ['shard'])
    .modifyEnd(columns.tableEnd)
    .execute();
}
