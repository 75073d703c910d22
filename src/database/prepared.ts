/** Statements that PostgreSQL plans once for each connection and not once for each call. */

import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import type { Sql } from './database.ts';

/** What ends a statement that is kept prepared; the other databases take it for the comment that it is. */
export const PREPARED_MARK = '/* prepared */';

/**
 * Keeps a statement prepared. For those that are asked again and again, take longer to plan than to
 * run, and have one text and one good plan whatever their values: lists of values go through
 * `isAmong`. Each column is named: a statement that selects all of a table fails once that has another.
 */
export function keepPrepared<Database, Table extends keyof Database, Output>(
  query: SelectQueryBuilder<Database, Table, Output>,
): SelectQueryBuilder<Database, Table, Output> {
  return query.modifyEnd(sql.raw(PREPARED_MARK));
}

/** Whether a column has one of these values; where statements are kept prepared, as one parameter. */
export function isAmong(
  { traits }: Sql,
  column: string,
  values: readonly (string | number)[],
): RawBuilder<boolean> {
  const name = sql.ref(column);
  if (traits.kind === 'postgres') return sql<boolean>`${name} = any(${values})`;
  return sql<boolean>`${name} in (${sql.join(values)})`;
}
