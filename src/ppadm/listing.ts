/** A list of the API, page after page, and how it is written. */

import type { Client, PageJson } from '../contract/client.ts';
import { assertNever } from '../lib/assert.ts';
import type { Column, Item, Kind } from './kind.ts';
import { escapeLine } from './output/escape.ts';
import { formatValue } from './output/format.ts';
import { formatJson } from './output/json.ts';
import { type Cell, formatTable } from './output/table.ts';
import type { Session } from './session.ts';

/** Some or all of a list. */
export interface Listed {
  readonly items: readonly Item[];
  /** How many there are in all, by the first page. */
  readonly total: number;
  /** False when `limit` cut the list off. */
  readonly isComplete: boolean;
}

/** Which part of a list is wanted, and how it is fetched. */
export interface ListOptions {
  readonly query: Readonly<Record<string, string | undefined>>;
  /** The most items, in all. */
  readonly limit: number;
  /** The most items of one request; the server allows 1,000. */
  readonly pageSize: number;
}

/** The most items that the server gives at once. */
export const MAX_PAGE_SIZE = 1_000;

/** Follows the pages of a list until its end or `limit`. */
export async function fetchList(
  client: Client,
  kind: Kind,
  { query, limit, pageSize }: ListOptions,
): Promise<Listed> {
  const items: Item[] = [];
  let page: PageJson<Item>;
  let cursor: string | undefined;
  do {
    const size = Math.min(pageSize, limit - items.length);
    const paging = kind.isPaged ? { limit: String(size), cursor } : {};
    page = await client.call(kind.list, { query: { ...query, ...paging } });
    items.push(...page.items.slice(0, limit - items.length));
    // A server that gives the same page again would be asked for ever.
    if (page.nextCursor === cursor) break;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && items.length < limit);
  const isComplete = page.nextCursor === null && page.items.length <= limit;
  return { items, total: page.total, isComplete };
}

/** What tells an item of a kind from the others, as it is typed: `web1`, `web1/ping`. */
export function nameOf(kind: Kind, item: Item): string {
  return kind.key.map(({ field }) => String(item[field])).join('/');
}

/** Writes items of a kind in the session's format. */
export async function printItems(
  session: Session,
  kind: Kind,
  items: readonly Item[],
): Promise<void> {
  switch (session.format) {
    case 'json':
      return session.print(formatJson(items));
    case 'yaml':
      return printYaml(session, items);
    case 'name':
      return session.print(items.map((item) => `${escapeLine(nameOf(kind, item))}\n`).join(''));
    case 'table':
    case 'wide':
      if (items.length === 0) session.say(`There are no such ${kind.plural}.`);
      return session.print(formatItems(session, kind.columns, items));
    default:
      return assertNever(session.format);
  }
}

/** Writes a value as YAML, whose library is loaded only now. */
export async function printYaml(session: Session, value: unknown): Promise<void> {
  const { formatYaml } = await import('./output/yaml.ts');
  session.print(formatYaml(value));
}

/** Items as a table; empty when there are none. */
export function formatItems(
  session: Session,
  allColumns: readonly Column[],
  items: readonly Item[],
): string {
  if (items.length === 0) return '';
  const isWide = session.format === 'wide';
  const columns = allColumns.filter((column) => isWide || !column.isWide);
  return formatTable({
    columns: columns.map(({ title, isFlexible = false }) => ({ title, isFlexible })),
    rows: items.map((item) => columns.map((column) => toCell(item, column, session))),
    maxWidth: session.maxWidth,
    paintTitle: session.palette.title,
  });
}

function toCell(item: Item, { field, format = 'text' }: Column, session: Session): Cell {
  const text = escapeLine(formatValue(item[field], format, session.now));
  const hasColor = format === 'state' || format === 'status';
  return hasColor ? { text, paint: session.palette.state(text) } : { text };
}
