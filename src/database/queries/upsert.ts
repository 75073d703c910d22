/** Insert-or-update in the form of each database, and cutting long lists to what it takes. */

import { type Insertable, sql } from 'kysely';
import type { Sql } from '../database.ts';
import type { Tables } from '../schema.ts';

/** What to do with rows that are there already. */
export interface UpsertRule<Column extends string> {
  readonly key: readonly Column[];
  /** Columns to overwrite; empty = leave the row that is there. */
  readonly update: readonly Column[];
  /** Overwrite only when this column's new value is greater than the stored one. */
  readonly onlyIfNewer?: Column;
}

/** Inserts rows, or updates those whose key is there. No two rows may have the same key. */
export async function upsertRows<Table extends keyof Tables>(
  { db, traits }: Sql,
  table: Table,
  rows: readonly Insertable<Tables[Table]>[],
  rule: UpsertRule<keyof Tables[Table] & string>,
): Promise<void> {
  const columnCount = Object.keys(rows[0] ?? {}).length;
  for (const chunk of chunksOf(rows, Math.floor(traits.maxParameterCount / columnCount))) {
    // Kysely cannot relate columns of a table that is a type parameter.
    // biome-ignore lint/suspicious/noExplicitAny: the names are checked by UpsertRule
    const insert: any = db.insertInto(table).values(chunk as any);
    const statement =
      traits.upsert === 'conflict' ? onConflict(insert, table, rule) : onDuplicateKey(insert, rule);
    await statement.execute();
  }
}

// biome-ignore lint/suspicious/noExplicitAny: see upsertRows
function onConflict(insert: any, table: string, rule: UpsertRule<string>): any {
  // biome-ignore lint/suspicious/noExplicitAny: see upsertRows
  return insert.onConflict((conflict: any) => {
    const target = conflict.columns(rule.key);
    if (rule.update.length === 0) return target.doNothing();
    const values = rule.update.map((column) => [column, sql.ref(`excluded.${column}`)]);
    const update = target.doUpdateSet(Object.fromEntries(values));
    if (rule.onlyIfNewer === undefined) return update;
    const newer = sql.ref(`excluded.${rule.onlyIfNewer}`);
    return update.where(newer, '>', sql.ref(`${table}.${rule.onlyIfNewer}`));
  });
}

// biome-ignore lint/suspicious/noExplicitAny: see upsertRows
function onDuplicateKey(insert: any, rule: UpsertRule<string>): any {
  const guard = rule.onlyIfNewer;
  // Assignments act in order and see those before them, so the guard's own column comes last.
  const ordered = [...rule.update].sort((a, b) => Number(a === guard) - Number(b === guard));
  const columns: readonly string[] = ordered.length > 0 ? ordered : rule.key;
  const assignments = columns.map((column) => {
    const own = sql.ref(column);
    if (ordered.length === 0) return [column, own];
    if (guard === undefined) return [column, sql`values(${own})`];
    const guardColumn = sql.ref(guard);
    return [column, sql`if(values(${guardColumn}) > ${guardColumn}, values(${own}), ${own})`];
  });
  return insert.onDuplicateKeyUpdate(Object.fromEntries(assignments));
}

/** Cuts a list into parts of at most `size`. */
export function* chunksOf<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
