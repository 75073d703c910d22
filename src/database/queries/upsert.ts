/**
 * Insert-or-update of many rows, for each database in the form that costs least: SQLite takes small
 * statements that stay prepared, PostgreSQL one array for each column, MariaDB a list of rows in the
 * text. Thousands of single parameters cost the others more than the rows.
 */

import { CompiledQuery, type Insertable } from 'kysely';
import type { Sql, SqlTraits } from '../database.ts';
import type { Tables } from '../schema.ts';

/** What to do with rows that are there already. */
export interface UpsertRule<Column extends string> {
  readonly key: readonly Column[];
  /** Columns to overwrite; empty = leave the row that is there. */
  readonly update: readonly Column[];
  /** Overwrite only when this column's new value is greater than the stored one. */
  readonly onlyIfNewer?: Column;
}

/** Of one statement. MariaDB takes 16 MB by default. */
const MAX_ROWS = 5_000;
const MAX_LENGTH = 4_000_000;
/** Rows of one statement on SQLite, whose few different texts stay prepared. */
const SQLITE_ROWS = [64, 8, 1];

/** Inserts rows, or updates those whose key is there. No two rows may have the same key. */
export async function upsertRows<Table extends keyof Tables>(
  { db, traits }: Sql,
  table: Table,
  rows: readonly Insertable<Tables[Table]>[],
  rule: UpsertRule<keyof Tables[Table] & string>,
): Promise<void> {
  if (rows.length === 0) return;
  const columns = Object.keys(rows[0] ?? {});
  const into = `insert into ${table} (${columns.join(', ')})`;
  const write = STATEMENTS[traits.kind];
  for (const { source, parameters } of write(columns, rows as readonly Values[])) {
    const end = traits.kind === 'mariadb' ? onDuplicateKey(rule) : onConflict(table, rule);
    await db.executeQuery(CompiledQuery.raw(`${into} ${source} ${end}`, parameters));
  }
}

type Values = Readonly<Record<string, unknown>>;

/** Where a statement's rows come from, and what is bound there. */
interface Source {
  readonly source: string;
  readonly parameters: unknown[];
}

type Write = (columns: readonly string[], rows: readonly Values[]) => Iterable<Source>;

const STATEMENTS: Readonly<Record<SqlTraits['kind'], Write>> = {
  *sqlite(columns, rows) {
    const one = `(${columns.map(() => '?').join(', ')})`;
    let start = 0;
    for (const count of SQLITE_ROWS) {
      const source = `values ${Array.from({ length: count }, () => one).join(', ')}`;
      for (; start + count <= rows.length; start += count) {
        const parameters: unknown[] = [];
        for (let index = start; index < start + count; index++) {
          const row = rows[index];
          for (const column of columns) parameters.push(row?.[column]);
        }
        yield { source, parameters };
      }
    }
  },
  *postgres(columns, rows) {
    for (const part of partsOf(rows)) {
      const parameters = columns.map((column) => part.map((row) => row[column]));
      const arrays = parameters.map((values, index) => `$${index + 1}::${typeOf(values)}[]`);
      yield { source: `select * from unnest(${arrays.join(', ')})`, parameters };
    }
  },
  *mariadb(columns, rows) {
    for (const part of partsOf(rows)) {
      yield {
        source: 'values ?',
        parameters: [part.map((row) => columns.map((column) => row[column]))],
      };
    }
  },
};

/** A type that PostgreSQL turns into that of the column. */
function typeOf(values: readonly unknown[]): string {
  if (values.some((value) => typeof value === 'string')) return 'text';
  const isWhole = values.every((value) => value === null || Number.isInteger(value));
  return isWhole ? 'bigint' : 'double precision';
}

function onConflict(
  table: string,
  { key, update, onlyIfNewer: guard }: UpsertRule<string>,
): string {
  const target = `on conflict (${key.join(', ')}) do`;
  if (update.length === 0) return `${target} nothing`;
  const assignments = update.map((column) => `${column} = excluded.${column}`).join(', ');
  const condition = guard === undefined ? '' : `where excluded.${guard} > ${table}.${guard}`;
  return `${target} update set ${assignments} ${condition}`;
}

function onDuplicateKey({ key, update, onlyIfNewer: guard }: UpsertRule<string>): string {
  if (update.length === 0) {
    return `on duplicate key update ${key.map((column) => `${column} = ${column}`).join(', ')}`;
  }
  // Assignments act in order and see those before them, so the guard's own column comes last.
  const ordered = [...update].sort((a, b) => Number(a === guard) - Number(b === guard));
  const assignments = ordered.map((column) =>
    guard === undefined
      ? `${column} = values(${column})`
      : `${column} = if(values(${guard}) > ${guard}, values(${column}), ${column})`,
  );
  return `on duplicate key update ${assignments.join(', ')}`;
}

function* partsOf(rows: readonly Values[]): Generator<readonly Values[]> {
  let start = 0;
  let length = 0;
  for (const [index, row] of rows.entries()) {
    const own = lengthOf(row);
    if (index > start && (index - start === MAX_ROWS || length + own > MAX_LENGTH)) {
      yield rows.slice(start, index);
      start = index;
      length = 0;
    }
    length += own;
  }
  if (start < rows.length) yield start === 0 ? rows : rows.slice(start);
}

function lengthOf(row: Values): number {
  let length = 0;
  for (const value of Object.values(row)) if (typeof value === 'string') length += value.length;
  return length;
}

/** Cuts a list into parts of at most `size`. */
export function* chunksOf<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
