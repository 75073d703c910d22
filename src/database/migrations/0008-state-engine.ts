/** How sure a state is, and what the rules of Nagios remember of a check beside its newest result. */

import type { AnyKysely, Columns } from './columns.ts';

/** Index of `hard` in `STATE_TYPES`: all states were hard until now. */
const HARD = 1;

/** Adds columns, and a table for what most results do not change. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .alterTable('plugin')
    .addColumn('policy', columns.text, (column) => column.notNull().defaultTo('{}'))
    .execute();
  const numbers = {
    state_type: HARD,
    attempt: 1,
    max_check_attempts: 1,
    last_hard_state_change_at: 0,
    is_passive: 0,
  };
  for (const [name, value] of Object.entries(numbers)) {
    await db.schema
      .alterTable('check_state')
      .addColumn(name, 'bigint', (column) => column.notNull().defaultTo(value))
      .execute();
  }
  await db
    .updateTable('check_state')
    .set((builder) => ({ last_hard_state_change_at: builder.ref('last_state_change_at') }))
    .execute();
  await db.schema
    .alterTable('state_interval')
    .addColumn('state_type', 'smallint', (column) => column.notNull().defaultTo(HARD))
    .execute();
  await db.schema
    .alterTable('state_interval')
    .addColumn('cause', 'varchar(64)', (column) => column.notNull().defaultTo(''))
    .execute();
  await db.schema
    .createTable('check_memory')
    .addColumn('check_id', 'bigint', (column) => column.notNull())
    .addColumn('is_flapping', 'smallint', (column) => column.notNull())
    .addColumn('flap_percent', 'double precision', (column) => column.notNull())
    .addColumn('is_acknowledged', 'smallint', (column) => column.notNull())
    .addColumn('is_in_downtime', 'smallint', (column) => column.notNull())
    .addColumn('next_change_at', columns.instant)
    .addColumn('memory', columns.text, (column) => column.notNull())
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('check_memory_pk', ['check_id'])
    .addForeignKeyConstraint(
      'check_memory_pair_fk',
      ['check_id'],
      'check_pair',
      ['check_id'],
      (key) => key.onDelete('cascade'),
    )
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.schema
    .createIndex('check_memory_next_change')
    .on('check_memory')
    .column('next_change_at')
    .execute();
}
