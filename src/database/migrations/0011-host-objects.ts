/** A host's own state is an object among the checks: a pair of the host and no plugin. */

import { sql } from 'kysely';
import type { AnyKysely, Columns } from './columns.ts';

/** Lets pairs be without a plugin, makes one for each host, and notes which objects wait. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  switch (columns.kind) {
    case 'sqlite':
      await rebuildPairs(db, columns);
      break;
    case 'postgres':
      await sql`alter table check_pair alter column plugin_id drop not null`.execute(db);
      break;
    case 'mariadb':
      await sql`alter table check_pair modify plugin_id varchar(36)
        character set utf8mb4 collate utf8mb4_bin null`.execute(db);
      break;
  }
  await db
    .insertInto('check_pair')
    .columns(['host_id'])
    .expression((builder) =>
      builder
        .selectFrom('host')
        .select('host.id')
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('check_pair as own')
                .select('own.check_id')
                .whereRef('own.host_id', '=', 'host.id')
                .where('own.plugin_id', 'is', null),
            ),
          ),
        ),
    )
    .execute();
  await db.schema.alterTable('check_memory').addColumn('waits_until', columns.instant).execute();
  await db.schema
    .createIndex('check_memory_waits_until')
    .on('check_memory')
    .column('waits_until')
    .execute();
}

/**
 * SQLite cannot take a constraint off a column, so the table is made anew. To drop the old one would
 * delete all that refers to it, if it minded references meanwhile; and it minds them in a transaction
 * whatever is said there.
 */
async function rebuildPairs(db: AnyKysely, columns: Columns): Promise<void> {
  await sql`pragma foreign_keys = off`.execute(db);
  try {
    await db.transaction().execute(async (transaction) => {
      await createPairs(transaction, columns);
      await sql`insert into new_pair (check_id, host_id, plugin_id)
        select check_id, host_id, plugin_id from check_pair`.execute(transaction);
      // Ids of deleted checks are not given out again: their history is still there.
      await sql`delete from sqlite_sequence where name = 'new_pair'`.execute(transaction);
      await sql`insert into sqlite_sequence (name, seq)
        select 'new_pair', seq from sqlite_sequence where name = 'check_pair'`.execute(transaction);
      await transaction.schema.dropTable('check_pair').execute();
      await transaction.schema.alterTable('new_pair').renameTo('check_pair').execute();
      await transaction.schema
        .createIndex('check_pair_plugin')
        .on('check_pair')
        .column('plugin_id')
        .execute();
    });
  } finally {
    await sql`pragma foreign_keys = on`.execute(db);
  }
}

async function createPairs(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .createTable('new_pair')
    .addColumn('check_id', columns.serial, (column) => column.modifyEnd(columns.serialClause))
    .addColumn('host_id', columns.id, (column) => column.notNull())
    .addColumn('plugin_id', columns.id)
    .addUniqueConstraint('check_pair_unique', ['host_id', 'plugin_id'])
    .addForeignKeyConstraint('check_pair_host_fk', ['host_id'], 'host', ['id'], (key) =>
      key.onDelete('cascade'),
    )
    .addForeignKeyConstraint('check_pair_plugin_fk', ['plugin_id'], 'plugin', ['id'], (key) =>
      key.onDelete('cascade'),
    )
    .execute();
}
