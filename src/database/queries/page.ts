/** Pages of a list: sorted, bounded, and continued by a cursor that stays right while rows change. */

import { type ExpressionBuilder, type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import { InvalidInput } from '../../model/errors.ts';
import type { Tables } from '../schema.ts';

/** One column to sort by, by its name in the API. */
export interface SortKey {
  readonly name: string;
  readonly descending: boolean;
}

/** Which part of a list is wanted. */
export interface PageRequest {
  readonly limit: number;
  /** Empty = the list's own order. */
  readonly sort: readonly SortKey[];
  /** From the page before; null = from the start. */
  readonly cursor: string | null;
}

/** A part of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** How many there are in all. */
  readonly total: number;
  /** For the next page; null = this was the last. */
  readonly nextCursor: string | null;
}

/** Queries have different joins and columns, which is all the same to paging. */
// biome-ignore lint/suspicious/noExplicitAny: any table, any row
export type AnyQuery = SelectQueryBuilder<any, any, any>;

/** How a list can be sorted: API name -> column or expression that is never null, and a column that tells any two rows apart. */
export interface Ordering {
  readonly columns: Readonly<Record<string, string | RawBuilder<unknown>>>;
  readonly tieBreaker: string;
  readonly defaultSort: readonly SortKey[];
  /** How many rows the list has, if that is known already. */
  readonly total?: number;
  /** Counts them, if there is a shorter way than by the query itself. */
  readonly count?: () => Promise<number>;
}

/**
 * Sorts, continues and cuts `query`, and counts what it would give in all. Rows carry the sort
 * values for the cursor as `sort_0`, `sort_1`, ... Throws `InvalidInput` for an unknown sort name
 * or a cursor that is not from the same sort order.
 */
export async function readPage(
  query: AnyQuery,
  ordering: Ordering,
  request: PageRequest,
): Promise<Page<Record<string, unknown>>> {
  const keys = sortColumns(ordering, request);
  let page = query.limit(request.limit + 1);
  keys.forEach(({ column, descending }, index) => {
    page = page.select(column.as(`sort_${index}`)).orderBy(column, descending ? 'desc' : 'asc');
  });
  if (request.cursor !== null) {
    const values = parseCursor(request.cursor, keys.length);
    page = page.where((builder) => isBehind(builder, keys, values));
  }
  if (ordering.total === 0) return { items: [], total: 0, nextCursor: null };
  const count = ordering.count ?? (() => countRows(query));
  const [rows, total] = await Promise.all([page.execute(), ordering.total ?? count()]);
  const items = rows.slice(0, request.limit);
  const last = items.at(-1);
  const isLastPage = rows.length <= request.limit || last === undefined;
  return {
    items,
    total,
    nextCursor: isLastPage ? null : formatCursor(keys.map((_, index) => last[`sort_${index}`])),
  };
}

/** How many rows a query gives. */
export async function countRows(query: AnyQuery): Promise<number> {
  const row = await query
    .clearSelect()
    .select(sql<number>`count(*)`.as('total'))
    .executeTakeFirst();
  return Number(row?.['total'] ?? 0);
}

function sortColumns(ordering: Ordering, request: PageRequest) {
  const wanted = request.sort.length > 0 ? request.sort : ordering.defaultSort;
  const keys = wanted.map(({ name, descending }) => {
    const column = Object.hasOwn(ordering.columns, name) ? ordering.columns[name] : undefined;
    if (column === undefined) {
      const known = Object.keys(ordering.columns).join(', ');
      throw new InvalidInput([{ path: 'sort', message: `"${name}" is not one of ${known}` }], true);
    }
    return { column: typeof column === 'string' ? sql.ref(column) : column, descending };
  });
  return [
    ...keys,
    { column: sql.ref(ordering.tieBreaker), descending: keys.at(-1)?.descending ?? false },
  ];
}

/** (a, b, c) > (x, y, z) for mixed directions: a > x or (a = x and (b > y or ...)). */
function isBehind(
  // biome-ignore lint/suspicious/noExplicitAny: see AnyQuery
  builder: ExpressionBuilder<any, any>,
  keys: readonly { column: RawBuilder<unknown>; descending: boolean }[],
  values: readonly (string | number)[],
) {
  const alternatives = keys.map(({ column, descending }, index) =>
    builder.and([
      ...keys.slice(0, index).map((key, equal) => builder(key.column, '=', values[equal])),
      builder(column, descending ? '<' : '>', values[index]),
    ]),
  );
  const [first] = keys;
  if (first === undefined) return builder.or(alternatives);
  // Follows from the rest, and lets the database begin in the middle of an index.
  const start = builder(first.column, first.descending ? '<=' : '>=', values[0]);
  return builder.and([start, builder.or(alternatives)]);
}

/** A cursor behind the row with these sort values. */
export function formatCursor(values: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/** The sort values of a cursor. Throws `InvalidInput` unless it has so many. */
export function parseCursor(cursor: string, count: number): (string | number)[] {
  const wrong = new InvalidInput(
    [{ path: 'cursor', message: 'is not the nextCursor of a page with the same sort order' }],
    true,
  );
  let values: unknown;
  try {
    values = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw wrong;
  }
  const isValue = (value: unknown) => typeof value === 'string' || typeof value === 'number';
  if (!Array.isArray(values) || values.length !== count || !values.every(isValue)) throw wrong;
  return values;
}

/** A LIKE pattern that finds `text` anywhere, taken literally; for use with `escape '!'`. */
export function containsPattern(text: string): string {
  return `%${text.toLowerCase().replace(/[!%_]/g, '!$&')}%`;
}

/** Whether a column holds the text, whatever its case. */
export function contains(column: keyof Tables | string, text: string) {
  return sql<boolean>`lower(${sql.ref(column)}) like ${containsPattern(text)} escape '!'`;
}
