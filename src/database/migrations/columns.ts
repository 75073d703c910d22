/** Column types that differ between the databases, so that a migration is written once. */

import { type ColumnDataType, type Kysely, type RawBuilder, sql } from 'kysely';
import type { SqlTraits } from '../database.ts';

/** A migration's view of the database: its structure is what changes, so nothing is typed. */
// biome-ignore lint/suspicious/noExplicitAny: the schema of an older version has no type
export type AnyKysely = Kysely<any>;

/** Types and clauses for `createTable`. */
export interface Columns {
  /** For what has no common form. */
  readonly kind: SqlTraits['kind'];
  readonly id: ColumnDataType;
  readonly name: ColumnDataType;
  readonly instant: ColumnDataType;
  /** Text of any length up to 16 MB. */
  readonly text: ColumnDataType | RawBuilder<unknown>;
  /** The type of a number that the database hands out, and what makes it do so. */
  readonly serial: ColumnDataType;
  readonly serialClause: RawBuilder<unknown>;
  /** Behind the closing bracket of a table: byte-wise comparison of text, as on the others. */
  readonly tableEnd: RawBuilder<unknown>;
}

/** The column types for a database. */
export function columnsOf(kind: SqlTraits['kind']): Columns {
  const shared = { kind, id: 'varchar(36)', name: 'varchar(255)', instant: 'bigint' } as const;
  switch (kind) {
    case 'sqlite':
      return {
        ...shared,
        text: 'text',
        serial: 'integer',
        serialClause: sql`primary key autoincrement`,
        tableEnd: sql``,
      };
    case 'postgres':
      return {
        ...shared,
        text: 'text',
        serial: 'bigint',
        serialClause: sql`generated always as identity primary key`,
        tableEnd: sql``,
      };
    case 'mariadb':
      return {
        ...shared,
        text: sql`mediumtext`,
        serial: 'bigint',
        serialClause: sql`not null auto_increment primary key`,
        tableEnd: sql`engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin`,
      };
  }
}
