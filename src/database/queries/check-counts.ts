/**
 * How many checks pass the filters. A plain count of joined tables takes ten times as long as a list
 * may: so what the tallies know is taken from them, what few are not is counted as all but those few,
 * and what few are is counted from them.
 */

import { sql as raw } from 'kysely';
import { CHECK_STATES } from '../../model/check.ts';
import type { Sql } from '../database.ts';
import type { BucketCount } from './bucket-counts.ts';
import {
  type FilterEntry,
  filterChecks,
  isMeasured,
  isOfHost,
  isOfProblems,
  isOfSmallSuite,
  type Joined,
  needs,
  type Wanted,
} from './check-filters.ts';
import { countInTallies } from './check-tallies.ts';
import { NO_STATE } from './host-counts.ts';
import { type AnyQuery, countRows } from './page.ts';
import { FIRST_HOST_CODE } from './state-codes.ts';

/** Which filters look at the state alone. */
const STATE_FILTERS = new Set(['state', 'stateType', 'problem']);
/** At most so many are sorted. */
export const MANY = 2_000;
/** What most checks are not. */
const RARELY_TRUE = new Set(['problem', 'handled', 'maintenance']);

/** Counts the checks that pass. Made of several statements, so it may be out by what changes meanwhile. */
export async function countChecks(sql: Sql, wanted: Wanted): Promise<number> {
  const buckets = await countInTallies(sql, wanted);
  if (buckets !== null) return buckets.reduce((sum, { count }) => sum + count, 0);
  return countOneByOne(sql, wanted);
}

async function countOneByOne(sql: Sql, wanted: Wanted): Promise<number> {
  const inverse = findInverse(wanted);
  if (inverse === undefined) return countDirectly(sql, wanted);
  const { without, filter } = inverse;
  const all = await countOneByOne(sql, { ...wanted, filters: without });
  if (filter === null) return all;
  const others = await countOneByOne(sql, { ...wanted, filters: [...without, filter] });
  return Math.max(0, all - others);
}

/** The same by state, in the order of the codes; -1 = pending. */
export async function countByState(sql: Sql, wanted: Wanted): Promise<ReadonlyMap<number, number>> {
  const buckets = await countInTallies(sql, wanted);
  const counts = buckets === null ? await countStates(sql, wanted) : sumByState(buckets);
  return new Map([...counts].sort(([a], [b]) => a - b));
}

function sumByState(buckets: readonly BucketCount[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { state, count } of buckets) counts.set(state, (counts.get(state) ?? 0) + count);
  return counts;
}

async function countStates(sql: Sql, wanted: Wanted): Promise<Map<number, number>> {
  const isAll = wanted.filters.length === 0 && isPlain(wanted);
  const rows: { state: number | null; total: number }[] = await (isAll
    ? selectOwnStates(sql)
    : joinToPair(sql, wanted, new Set<Joined>(['state']))
  )
    .clearSelect()
    .select(['check_state.state', raw<number>`count(*)`.as('total')])
    .groupBy('check_state.state')
    .execute();
  const counts = new Map(rows.map((row) => [row.state ?? NO_STATE, Number(row.total)]));
  if (isAll) {
    const measured = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const all = await countDirectly(sql, wanted);
    counts.set(NO_STATE, Math.max(0, all - measured));
  }
  return counts;
}

/** The checks of one plugin. */
export interface PluginCount {
  readonly id: string;
  readonly name: string;
  /** At least one, and above `MANY` when there are more than that. */
  readonly count: number;
}

/** The same by plugin, in the order of the plugins' names, without those of which there are none. */
export async function countByPlugin(sql: Sql, wanted: Wanted): Promise<readonly PluginCount[]> {
  if (wanted.filters.length === 0 && isPlain(wanted)) return listUsedPlugins(sql);
  const query = wanted.filters.some(isRareState)
    ? joinToRare(sql, 'check_state', wanted)
    : joinToPair(sql, wanted, new Set());
  const rows: { plugin_id: string; total: number }[] = await query
    .clearSelect()
    .select(['check_pair.plugin_id', raw<number>`count(*)`.as('total')])
    .groupBy('check_pair.plugin_id')
    .execute();
  const counts = new Map(rows.map((row) => [row.plugin_id, Number(row.total)]));
  const plugins = await sql.db
    .selectFrom('plugin')
    .select(['plugin.id', 'plugin.name'])
    .orderBy('plugin.name')
    .execute();
  return plugins.flatMap(({ id, name }) => {
    const count = counts.get(id);
    return count === undefined ? [] : [{ id, name, count }];
  });
}

/** By looks into the index for each plugin: whether there is one, and whether there are many. */
async function listUsedPlugins({ db }: Sql): Promise<readonly PluginCount[]> {
  const hasMoreThan = (count: number) => raw<number>`case when (
    select check_pair.check_id from check_pair where check_pair.plugin_id = plugin.id
    limit 1 offset ${raw.lit(count)}) is null then 0 else 1 end`;
  const rows = await db
    .selectFrom('plugin')
    .select([
      'plugin.id',
      'plugin.name',
      hasMoreThan(0).as('is_used'),
      hasMoreThan(MANY).as('has_many'),
    ])
    .orderBy('plugin.name')
    .execute();
  return rows.flatMap(({ id, name, is_used, has_many }) => {
    if (Number(is_used) === 0) return [];
    return [{ id, name, count: Number(has_many) === 1 ? MANY + 1 : 1 }];
  });
}

/** What passes one filter more. */
export function withFilter(wanted: Wanted, filter: FilterEntry): Wanted {
  return { ...wanted, filters: [...wanted.filters, filter] };
}

/**
 * The first filter that leaves most: the filters without it, and one that leaves the few others; null =
 * it leaves all.
 */
function findInverse({
  filters,
}: Wanted):
  | { readonly without: readonly FilterEntry[]; readonly filter: FilterEntry | null }
  | undefined {
  const index = filters.findIndex(
    ([name, value]) =>
      (RARELY_TRUE.has(name) && value === 'false') ||
      (name === 'state' && value.split(',').includes('pending')),
  );
  const [name, value = ''] = filters[index] ?? [];
  if (name === undefined) return undefined;
  const without = filters.filter((_, at) => at !== index);
  if (name !== 'state') return { without, filter: [name, 'true'] };
  const names = value.split(',');
  const others = CHECK_STATES.filter((state) => !names.includes(state));
  return { without, filter: others.length === 0 ? null : ['state', others.join(',')] };
}

async function countDirectly(sql: Sql, wanted: Wanted): Promise<number> {
  const { filters, search, suite } = wanted;
  if (isOfStateAlone(wanted)) {
    return countRows(filterChecks(selectOwnStates(sql), wanted, 'count'));
  }
  if (suite !== null && search === null && filters.every(isOfHost)) {
    if (filters.length === 0) return suite.checkCount;
    return suite.pluginIds.length * (await countRows(selectMembers(sql, suite.id, wanted)));
  }
  if (isOfSmallSuite(wanted)) return countRows(joinToMembers(sql, wanted));
  if (filters.some(isRareState)) return countRows(joinToRare(sql, 'check_state', wanted));
  if (needs(wanted, 'memory')) return countRows(joinToRare(sql, 'check_memory', wanted));
  return countRows(joinToPair(sql, wanted, new Set()));
}

/** States of checks, without those of hosts. */
function selectOwnStates({ db }: Sql): AnyQuery {
  return db.selectFrom('check_state').where('check_state.state', '<', FIRST_HOST_CODE);
}

function isOfStateAlone(wanted: Wanted): boolean {
  const isOfState = wanted.filters.every(([name]) => STATE_FILTERS.has(name));
  return isOfState && isMeasured(wanted) && isPlain(wanted);
}

function isPlain({ search, suite }: Wanted): boolean {
  return search === null && suite === null;
}

/** Hosts of a suite; all filters are about hosts. */
function selectMembers({ db }: Sql, suiteId: string, { filters }: Wanted): AnyQuery {
  const query = db
    .selectFrom('host_suite')
    .innerJoin('host', 'host.id', 'host_suite.member_id')
    .where('host_suite.suite_id', '=', suiteId);
  return filterChecks(query as AnyQuery, { filters, search: null, suite: null }, 'count');
}

/** From the members of a suite to their checks. */
function joinToMembers({ db }: Sql, wanted: Wanted): AnyQuery {
  let query: AnyQuery = db
    .selectFrom('host_suite as of_suite')
    .crossJoin('check_pair')
    .whereRef('check_pair.host_id', '=', 'of_suite.member_id');
  for (const kind of ['host', 'plugin'] as const) {
    if (wanted.search === null && !needs(wanted, kind)) continue;
    query = query.innerJoin(kind, `${kind}.id`, `check_pair.${kind}_id`);
  }
  if (needs(wanted, 'state')) {
    query = query.leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id');
  }
  if (needs(wanted, 'memory')) {
    query = query.leftJoin('check_memory', 'check_memory.check_id', 'check_pair.check_id');
  }
  return filterChecks(query, wanted, 'members');
}

/** Whether few checks are in such a state. */
function isRareState([name, value]: FilterEntry): boolean {
  return isOfProblems([name, value]) || (name === 'stateType' && value === 'soft');
}

/** From the few rows that pass to their hosts. SQLite does not change the order of cross joins. */
function joinToRare({ db }: Sql, from: 'check_state' | 'check_memory', wanted: Wanted): AnyQuery {
  let query: AnyQuery = db
    .selectFrom(from)
    .crossJoin('check_pair')
    .whereRef('check_pair.check_id', '=', `${from}.check_id`)
    .where('check_pair.plugin_id', 'is not', null);
  for (const kind of ['host', 'plugin'] as const) {
    if (wanted.search === null && !needs(wanted, kind)) continue;
    query = query.crossJoin(kind).whereRef(`${kind}.id`, '=', `check_pair.${kind}_id`);
  }
  for (const [table, need] of [
    ['check_state', 'state'],
    ['check_memory', 'memory'],
  ] as const) {
    if (table === from || !needs(wanted, need)) continue;
    query = query.innerJoin(table, `${table}.check_id`, 'check_pair.check_id');
  }
  return filterChecks(query, wanted, 'few');
}

/** Reads and joins only what the filters need, and `also`: all of it takes ten times as long. */
function joinToPair({ db }: Sql, wanted: Wanted, also: ReadonlySet<Joined>): AnyQuery {
  const isNeeded = (what: Joined) => also.has(what) || needs(wanted, what);
  let query: AnyQuery = db.selectFrom('check_pair').where('check_pair.plugin_id', 'is not', null);
  if (isNeeded('host')) {
    query = isMeasured(wanted)
      ? query.innerJoin('host', 'host.id', 'check_pair.host_id')
      : db
          .selectFrom('host')
          .crossJoin('check_pair')
          .whereRef('check_pair.host_id', '=', 'host.id')
          .where('check_pair.plugin_id', 'is not', null);
  }
  if (isNeeded('plugin')) query = query.innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id');
  if (isNeeded('state')) {
    query = query.leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id');
  }
  if (isNeeded('memory')) {
    query = query.leftJoin('check_memory', 'check_memory.check_id', 'check_pair.check_id');
  }
  return filterChecks(query, wanted, 'count');
}
