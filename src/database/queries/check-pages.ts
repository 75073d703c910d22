/**
 * Pages of the list of checks. No database chooses rightly by itself how to read them, least of all
 * when most checks are OK: a list of few is read by its filters and sorted, one of many is read in its
 * order until the page is full. Where no index has the order, the list is read as one of several
 * that follow one another.
 */

import { type RawBuilder, sql as raw } from 'kysely';
import { CHECK_STATES } from '../../model/check.ts';
import type { Sql } from '../database.ts';
import {
  countByPlugin,
  countByState,
  countChecks,
  MANY,
  type PluginCount,
  withFilter,
} from './check-counts.ts';
import {
  type FilterEntry,
  filterChecks,
  isMeasured,
  isOfHostsAlone,
  isOfSmallSuite,
  MEASURED,
  needs,
  resolveFilters,
  type Wanted,
} from './check-filters.ts';
import { areFrequent } from './check-tallies.ts';
import { NO_STATE } from './host-counts.ts';
import type { Filters } from './objects.ts';
import {
  type AnyQuery,
  formatCursor,
  type Ordering,
  type Page,
  type PageRequest,
  parseCursor,
  readPage,
  type SortKey,
} from './page.ts';
import { readTogether } from './read-together.ts';

type Row = Record<string, unknown>;

/** Which check a row of a page is of, and of which host. */
export interface PageCheck {
  readonly checkId: number;
  readonly hostId: string;
}

/**
 * The checks of one page, sorted at last by host and plugin. Only their ids, since databases take
 * longer to plan a join of all that is shown of a check than to read it for a hundred of them.
 */
export async function readCheckPage(
  sql: Sql,
  { page, filters }: { readonly page: PageRequest; readonly filters: Filters },
): Promise<Page<PageCheck>> {
  const wanted = await resolveFilters(sql, filters);
  const result = await readSorted({ sql, wanted }, { ...page, sort: completeSort(page.sort) });
  const items = result.items.map((row) => ({
    checkId: Number(row['check_id']),
    hostId: String(row['host_id']),
  }));
  return { ...result, items };
}

async function readSorted(list: List, page: PageRequest): Promise<Page<Row>> {
  const { sql, wanted } = list;
  const first = page.sort[0]?.name ?? '';
  if (HOST_KEYS.has(first) && (isOfHostsAlone(wanted) || (await areFrequent(sql, wanted)))) {
    // Which way it is read need not wait for how many there are.
    const [total, result] = await readTogether(sql, [
      () => countChecks(sql, wanted),
      () => readOrdered(list, page, Number.POSITIVE_INFINITY),
    ]);
    return { ...result, total };
  }
  const { parts, total } = await findParts(list, first);
  return parts !== null && total > MANY
    ? readParts(list, parts, { page, total })
    : readOrdered(list, page, total);
}

/** The parts in ascending order of an order that no index has, null = one has it; and how many there are. */
async function findParts(
  { sql, wanted }: List,
  first: string,
): Promise<{ readonly parts: readonly Part[] | null; readonly total: number }> {
  if (first === 'plugin') {
    const [total, counts] = await readTogether(sql, [
      () => countChecks(sql, wanted),
      () => countByPlugin(sql, wanted),
    ]);
    return { total, parts: partsByPlugin(counts) };
  }
  const partsBy = PARTS_BY.get(first);
  if (partsBy === undefined) return { parts: null, total: await countChecks(sql, wanted) };
  const counts = await countByState(sql, wanted);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return { parts: partsBy(counts), total };
}

/** What a list is of. */
interface List {
  readonly sql: Sql;
  readonly wanted: Wanted;
}

/** Host and plugin in the direction of the last key, unless they are named. */
function completeSort(sort: readonly SortKey[]): SortKey[] {
  const descending = sort.at(-1)?.descending ?? false;
  const missing = ['host', 'plugin'].filter((name) => sort.every((key) => key.name !== name));
  return [...sort, ...missing.map((name) => ({ name, descending }))];
}

/** A page in an order that an index has, or of few. */
function readOrdered({ sql, wanted }: List, page: PageRequest, total: number): Promise<Page<Row>> {
  const isFew = total <= MANY;
  const from = isFew
    ? fromOfFew(wanted)
    : (FROM_OF_MANY.get(page.sort[0]?.name ?? '') ?? 'filters');
  const ordering: Ordering = {
    total,
    columns: columnsOf(isFew),
    tieBreaker: 'check_pair.check_id',
    defaultSort: [],
  };
  const sorted = new Set(page.sort.map(({ name }) => name));
  const isJoined = {
    state:
      from !== 'change' && (needs(wanted, 'state') || STATE_KEYS.some((key) => sorted.has(key))),
    memory: needs(wanted, 'memory'),
  };
  const form = from === 'members' ? from : isFew ? 'few' : 'many';
  return readPage(filterChecks(selectIds(sql, from, isJoined), wanted, form), ordering, page);
}

/** What is sorted by the host's table. */
const HOST_KEYS = new Set(['host', 'zone']);
/** What is sorted by the state's table. */
const STATE_KEYS = ['state', 'lastStateChange'];

/** Ids, read in the order of an index. SQLite does not change the order of cross joins. */
function selectIds(
  { db }: Sql,
  from: From,
  isJoined: { readonly state: boolean; readonly memory: boolean },
): AnyQuery {
  let query = FIRST_TABLES[from](db);
  if (isJoined.state) {
    query = query.leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id');
  }
  if (isJoined.memory) {
    query = query.leftJoin('check_memory', 'check_memory.check_id', 'check_pair.check_id');
  }
  return query.select(['check_pair.check_id', 'check_pair.host_id']);
}

const FIRST_TABLES: Readonly<Record<From, (db: Sql['db']) => AnyQuery>> = {
  filters: (db) =>
    db
      .selectFrom('check_pair')
      .innerJoin('host', 'host.id', 'check_pair.host_id')
      .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id'),
  host: (db) =>
    db
      .selectFrom('host')
      .crossJoin('check_pair')
      .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
      .whereRef('check_pair.host_id', '=', 'host.id'),
  members: (db) =>
    db
      .selectFrom('host_suite as of_suite')
      .crossJoin('check_pair')
      .innerJoin('host', 'host.id', 'check_pair.host_id')
      .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
      .whereRef('check_pair.host_id', '=', 'of_suite.member_id'),
  change: (db) =>
    db
      .selectFrom('check_state')
      .crossJoin('check_pair')
      .innerJoin('host', 'host.id', 'check_pair.host_id')
      .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
      .whereRef('check_pair.check_id', '=', 'check_state.check_id'),
};

/** The table that a page is read by first: any, that of a suite's members, or one whose index has the order. */
type From = 'filters' | 'members' | 'host' | 'change';

const FROM_OF_MANY: ReadonlyMap<string, From> = new Map([
  ['host', 'host'],
  ['zone', 'host'],
  ['lastStateChange', 'change'],
]);

/** Few of what is not measured are found by their hosts, others by their states. */
function fromOfFew(wanted: Wanted): 'filters' | 'members' | 'host' {
  if (isOfSmallSuite(wanted)) return 'members';
  return !isMeasured(wanted) && needs(wanted, 'host') ? 'host' : 'filters';
}

function columnsOf(isFew: boolean): Ordering['columns'] {
  return {
    host: isFew ? unindexed('host.name') : 'host.name',
    plugin: 'plugin.name',
    zone: isFew ? unindexed('host.zone') : 'host.zone',
    // What is pending comes before all else.
    state: raw<number>`coalesce(check_state.state, ${NO_STATE})`,
    lastStateChange: isFew
      ? raw<number>`coalesce(check_state.last_state_change_at, 0)`
      : 'check_state.last_state_change_at',
  };
}

/** A column by whose index no database reads. */
function unindexed(column: string): RawBuilder<unknown> {
  return raw`coalesce(${raw.ref(column)}, '')`;
}

/** One of the lists that follow one another. */
interface Part {
  /** What all its rows have as the first sort value; null = they have several. */
  readonly value: string | number | null;
  readonly filter: FilterEntry;
  readonly count: number;
}

function partsByPlugin(counts: readonly PluginCount[]): Part[] {
  return counts.map(({ id, name, count }) => ({ value: name, count, filter: ['pluginId', id] }));
}

function partsByState(counts: ReadonlyMap<number, number>): Part[] {
  return [NO_STATE, ...CHECK_STATES.keys()].map((value) => ({
    value,
    count: counts.get(value) ?? 0,
    filter: ['state', nameOf(value)],
  }));
}

const PARTS_BY: ReadonlyMap<string, (counts: ReadonlyMap<number, number>) => Part[]> = new Map([
  ['state', partsByState],
  ['lastStateChange', partsByChange],
]);

/** Instants of what is pending are 0. */
function partsByChange(counts: ReadonlyMap<number, number>): Part[] {
  const pending = counts.get(NO_STATE) ?? 0;
  const measured = [...counts].reduce((sum, [, count]) => sum + count, -pending);
  return [
    { value: 0, count: pending, filter: ['state', nameOf(NO_STATE)] },
    { value: null, count: measured, filter: MEASURED },
  ];
}

function nameOf(code: number): string {
  return CHECK_STATES[code] ?? 'pending';
}

/** Reads the parts in their order until the page is full, with one row more to know whether it is the last. */
async function readParts(
  list: List,
  ascending: readonly Part[],
  { page, total }: { readonly page: PageRequest; readonly total: number },
): Promise<Page<Row>> {
  const [first, ...rest] = page.sort;
  const parts = first?.descending ? [...ascending].reverse() : ascending;
  const begun = page.cursor === null ? null : parseCursor(page.cursor, page.sort.length + 1);
  const start = begun === null ? 0 : findStart(parts, begun[0], first?.descending ?? false);
  const found: { readonly row: Row; readonly values: readonly unknown[] }[] = [];
  for (const [index, part] of parts.entries()) {
    const limit = page.limit + 1 - found.length;
    if (index < start || part.count === 0 || limit === 0) continue;
    const isWhole = part.value === null;
    const isBegun = index === start && (isWhole || part.value === begun?.[0]);
    const values = begun !== null && isBegun ? begun.slice(isWhole ? 0 : 1) : null;
    const rows = await readOrdered(
      { ...list, wanted: withFilter(list.wanted, part.filter) },
      {
        limit,
        sort: isWhole ? page.sort : rest,
        cursor: values === null ? null : formatCursor(values),
      },
      part.count,
    );
    const valueCount = page.sort.length + (isWhole ? 1 : 0);
    for (const row of rows.items) {
      const own = Array.from({ length: valueCount }, (_, at) => row[`sort_${at}`]);
      found.push({ row, values: isWhole ? own : [part.value, ...own] });
    }
  }
  const last = found.length > page.limit ? found[page.limit - 1] : undefined;
  return {
    items: found.slice(0, page.limit).map(({ row }) => row),
    total,
    nextCursor: last === undefined ? null : formatCursor(last.values),
  };
}

/** The part that a row with this first sort value is in; when that is gone, the one behind it. */
function findStart(
  parts: readonly Part[],
  value: string | number | undefined,
  descending: boolean,
): number {
  const isBehind = (other: Part['value']) =>
    other === null ||
    (typeof other === 'string' &&
      typeof value === 'string' &&
      (descending ? other < value : other > value));
  const exact = parts.findIndex((part) => part.value === value);
  if (exact >= 0) return exact;
  const behind = parts.findIndex((part) => isBehind(part.value));
  return behind < 0 ? parts.length : behind;
}
