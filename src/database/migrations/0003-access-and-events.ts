/** Last use of tokens, the audit, the log of events, and the names of checks that are gone. */

import type { AnyKysely, Columns } from './columns.ts';

/** Adds them. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema.alterTable('token').addColumn('last_used_at', columns.instant).execute();

  await db.schema
    .createTable('audit')
    .addColumn('id', columns.serial, (column) => column.modifyEnd(columns.serialClause))
    .addColumn('at', columns.instant, (column) => column.notNull())
    .addColumn('actor', columns.name, (column) => column.notNull())
    .addColumn('action', 'varchar(20)', (column) => column.notNull())
    .addColumn('kind', 'varchar(20)', (column) => column.notNull())
    .addColumn('object_id', columns.id, (column) => column.notNull())
    .addColumn('name', columns.name, (column) => column.notNull())
    .addColumn('before_json', columns.text)
    .addColumn('after_json', columns.text)
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.schema.createIndex('audit_at').on('audit').column('at').execute();
  await db.schema.createIndex('audit_name').on('audit').columns(['kind', 'name']).execute();

  await db.schema
    .createTable('event')
    .addColumn('id', columns.serial, (column) => column.modifyEnd(columns.serialClause))
    .addColumn('at', columns.instant, (column) => column.notNull())
    .addColumn('type', 'varchar(20)', (column) => column.notNull())
    .addColumn('check_id', 'bigint')
    .addColumn('payload', columns.text, (column) => column.notNull())
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.schema.createIndex('event_at').on('event').column('at').execute();

  // No key but the check's number: names may have been used again and again.
  await db.schema
    .createTable('check_archive')
    .addColumn('check_id', 'bigint', (column) => column.primaryKey())
    .addColumn('host', columns.name, (column) => column.notNull())
    .addColumn('plugin', columns.name, (column) => column.notNull())
    .addColumn('deleted_at', columns.instant, (column) => column.notNull())
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.schema
    .createIndex('check_archive_names')
    .on('check_archive')
    .columns(['host', 'plugin'])
    .execute();
}
