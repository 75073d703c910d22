/**
 * The filters of the list of checks, in the forms in which each database answers them quickly: 100
 * rows of 100,000 checks, counted, in some 20 ms (bench/api.ts).
 */

import { type ExpressionBuilder, type RawBuilder, sql as raw } from 'kysely';
import { CHECK_STATES } from '../../model/check.ts';
import { STATE_TYPES, type StateType } from '../../model/state-type.ts';
import type { Sql } from '../database.ts';
import { NO_STATE } from './host-counts.ts';
import { hasLabels } from './host-labels.ts';
import { findIdOf } from './name-ids.ts';
import type { Filters } from './objects.ts';
import { type AnyQuery, contains, countRows } from './page.ts';
import { readTogether } from './read-together.ts';
import { CHECK_PROBLEM_CODES, HOST_PROBLEM_CODES } from './state-codes.ts';

/** One filter by its name in the API. */
export type FilterEntry = readonly [name: string, value: string];

/** Filters of which those that concern hosts and plugins alike are looked up already. */
export interface Wanted {
  readonly filters: readonly FilterEntry[];
  readonly search: Search | null;
  readonly suite: Suite | null;
}

/** Hosts and plugins whose name holds a text; null: too many to name them. */
interface Search {
  readonly text: string;
  readonly hostIds: readonly string[] | null;
  readonly pluginIds: readonly string[] | null;
}

/** A suite; an id that nothing has when there is none of the name. */
interface Suite {
  readonly id: string;
  readonly pluginIds: readonly string[];
  /** How many checks it makes: each plugin of a suite runs on each of its hosts. */
  readonly checkCount: number;
}

/** Up to so many the databases look up one by one; more they find faster by reading all. */
const MAX_NAMED = 300;

/** Looks up what the filters name. */
export async function resolveFilters(
  sql: Sql,
  { q, suite, subnet, plugin, ...others }: Filters,
): Promise<Wanted> {
  const named: FilterEntry[] = [];
  if (subnet !== undefined) named.push(['subnetId', await findIdOf(sql, 'subnet', subnet)]);
  if (plugin !== undefined) named.push(['pluginId', await findIdOf(sql, 'plugin', plugin)]);
  return {
    filters: [...Object.entries(others), ...named],
    search: q === undefined ? null : await findCalled(sql, q),
    suite: suite === undefined ? null : await findSuite(sql, suite),
  };
}

async function findCalled({ db }: Sql, text: string): Promise<Search> {
  const find = async (kind: 'host' | 'plugin') => {
    const rows = await db
      .selectFrom(kind)
      .select(`${kind}.id`)
      .where(contains(`${kind}.name`, text))
      .limit(MAX_NAMED + 1)
      .execute();
    return rows.length > MAX_NAMED ? null : rows.map(({ id }) => id);
  };
  const [hostIds, pluginIds] = await Promise.all([find('host'), find('plugin')]);
  return { text, hostIds, pluginIds };
}

async function findSuite(sql: Sql, name: string): Promise<Suite> {
  const [rows, hostCount] = await readTogether(sql, [
    () =>
      sql.db
        .selectFrom('suite')
        .leftJoin('plugin_suite', 'plugin_suite.suite_id', 'suite.id')
        .select(['suite.id', 'plugin_suite.member_id'])
        .where('suite.name', '=', name)
        .execute(),
    () =>
      countRows(
        sql.db
          .selectFrom('suite')
          .innerJoin('host_suite', 'host_suite.suite_id', 'suite.id')
          .where('suite.name', '=', name),
      ),
  ]);
  const pluginIds = rows.flatMap((row) => row.member_id ?? []);
  return { id: rows[0]?.id ?? '', pluginIds, checkCount: pluginIds.length * hostCount };
}

/** That a check has a state, whichever; no parameter of the API. */
export const MEASURED: FilterEntry = ['measured', 'true'];

/** What a filter has to see beside the pair of host and plugin. */
export type Joined = 'host' | 'plugin' | 'state' | 'memory';

// biome-ignore lint/suspicious/noExplicitAny: of any query
type AnyBuilder = ExpressionBuilder<any, any>;

/**
 * What a query is for: a page of few, found by the filters' indexes, or by the members of their suite,
 * `of_suite`; one of many, read in the order of an index until it is full; or a count.
 */
export type Form = 'few' | 'members' | 'many' | 'count';

/** One filter of the list: what it needs, and what it leaves of a query. */
interface CheckFilter {
  readonly needs: readonly Joined[];
  readonly apply: (query: AnyQuery, value: string, form: Form) => AnyQuery;
}

/** Filters of fields that are the host's alone and that many hosts may pass, as conditions on `host`. */
export const HOST_CONDITIONS: Readonly<Record<string, (value: string) => RawBuilder<boolean>>> = {
  zone: (value) => raw<boolean>`host.zone = ${value}`,
  subnetId: (value) => raw<boolean>`host.subnet_id = ${value}`,
  label: hasLabels,
};

const CHECK_FILTERS: Readonly<Record<string, CheckFilter>> = {
  host: { needs: ['host'], apply: (query, value) => query.where('host.name', '=', value) },
  pluginId: {
    needs: [],
    apply: (query, value) => query.where('check_pair.plugin_id', '=', value),
  },
  zone: { needs: ['host'], apply: (query, value) => query.where('host.zone', '=', value) },
  maintenance: {
    needs: ['host'],
    apply: (query, value) => query.where('host.maintenance', '=', value === 'true' ? 1 : 0),
  },
  subnetId: {
    needs: ['host'],
    apply: (query, value, form) =>
      form === 'many'
        ? // SQLite would read by the index of subnets and sort, unless it cannot see it.
          query.where(raw<boolean>`not (host.subnet_id <> ${value})`)
        : query.where('host.subnet_id', '=', value),
  },
  label: { needs: ['host'], apply: (query, value) => query.where(hasLabels(value)) },
  state: {
    needs: ['state'],
    apply: (query, value, form) =>
      value === 'pending'
        ? query.where(hasNoState)
        : query.where(isOneOf('state', value.split(',').map(toCode), form)),
  },
  stateType: {
    needs: ['state'],
    apply: (query, value, form) => {
      const codes = [STATE_TYPES.indexOf(value as StateType)];
      const filtered = query.where(isOneOf('state_type', codes, form));
      // Whatever the state: said of few, it lets a database look into the index of states and types.
      return form === 'many' ? filtered : filtered.where(isOneOf('state', ALL_STATES, form));
    },
  },
  measured: {
    needs: ['state'],
    apply: (query) => query.where('check_state.check_id', 'is not', null),
  },
  handled: {
    needs: ['memory', 'state'],
    apply: (query, value) => query.where(value === 'true' ? isHandled : isUnhandled),
  },
  problem: {
    needs: ['state'],
    apply: (query, value, form) =>
      query.where(isOneOf('state', value === 'true' ? CHECK_PROBLEM_CODES : [0, NO_STATE], form)),
  },
};

/** The number of a state's name. */
function toCode(name: string): number {
  return (CHECK_STATES as readonly string[]).indexOf(name);
}

const ALL_STATES = [...CHECK_STATES.keys()];

/** All values of columns of states; -1 = no state. */
const CODES: Readonly<Record<'state' | 'state_type', readonly number[]>> = {
  state: [NO_STATE, ...ALL_STATES],
  state_type: [NO_STATE, ...STATE_TYPES.keys()],
};

/**
 * Whether a check's state is one of these. What is read in another order is hidden from the index of
 * states, and PostgreSQL takes "is none of the others" for what most are, so that it stops when a page
 * is full instead of sorting what it takes for few.
 */
function isOneOf(name: 'state' | 'state_type', codes: readonly number[], form: Form) {
  const column = raw.ref(`check_state.${name}`);
  if (form === 'many') {
    const others = CODES[name].filter((code) => !codes.includes(code));
    if (others.length === 0) return raw<boolean>`1 = 1`;
    return raw<boolean>`coalesce(${column}, ${raw.lit(NO_STATE)}) not in (${raw.join(others.map((code) => raw.lit(code)))})`;
  }
  const known = codes.filter((code) => code !== NO_STATE);
  const isKnown = raw<boolean>`${column} in (${raw.join(known.length === 0 ? [raw.lit(null)] : known)})`;
  return codes.includes(NO_STATE) ? raw<boolean>`(${isKnown} or ${column} is null)` : isKnown;
}

/**
 * Leaves what the filters let pass of a query over `check_pair` and what the filters need: of a page
 * with all tables joined, or of a count with those that `needs` tells.
 */
export function filterChecks<Query extends AnyQuery>(
  query: Query,
  wanted: Wanted,
  form: Form,
): Query {
  const { filters, search, suite } = wanted;
  let filtered = filters.reduce<AnyQuery>(
    (left, [name, value]) => CHECK_FILTERS[name]?.apply(left, value, form) ?? left,
    query,
  );
  if (search !== null) filtered = filtered.where((eb) => isCalled(eb, search, form));
  if (suite !== null) {
    filtered = filterSuite(filtered, suite.id, form).where(({ or, eb }: AnyBuilder) =>
      or(suite.pluginIds.length === 0 ? [] : [eb('check_pair.plugin_id', 'in', suite.pluginIds)]),
    );
  }
  return filtered as Query;
}

/** By the index alone: rows of states are wide. */
function hasNoState({ not, exists, selectFrom }: AnyBuilder) {
  return not(
    exists(
      selectFrom('check_state as known')
        .select('known.check_id')
        .whereRef('known.check_id', '=', 'check_pair.check_id'),
    ),
  );
}

/**
 * Somebody knows of it; or it is put down to its host, which is the problem then. Of a check without
 * memory the columns are null, which is neither true nor false. Both ways PostgreSQL takes them for
 * what most are; see `isOneOf`.
 */
function isHandled(eb: AnyBuilder) {
  return eb.or([
    eb(raw`coalesce(check_memory.is_acknowledged, 0)`, '<>', 0),
    eb(raw`coalesce(check_memory.is_in_downtime, 0)`, '<>', 0),
    eb.and([
      eb(raw`coalesce(check_state.state, ${NO_STATE})`, 'not in', [NO_STATE, 0]),
      eb.exists(selectOwnProblem(eb)),
    ]),
  ]);
}

function isUnhandled(eb: AnyBuilder) {
  return eb.and([
    eb(raw`coalesce(check_memory.is_acknowledged, 0)`, '<>', 1),
    eb(raw`coalesce(check_memory.is_in_downtime, 0)`, '<>', 1),
    eb.or([
      eb(raw`coalesce(check_state.state, ${NO_STATE})`, 'not in', CHECK_PROBLEM_CODES),
      eb.not(eb.exists(selectOwnProblem(eb))),
    ]),
  ]);
}

/** The own state of a check's host while that is a problem. */
function selectOwnProblem(eb: AnyBuilder) {
  return eb
    .selectFrom('check_pair as own')
    .innerJoin('check_state as of_host', 'of_host.check_id', 'own.check_id')
    .select('own.host_id')
    .whereRef('own.host_id', '=', 'check_pair.host_id')
    .where('own.plugin_id', 'is', null)
    .where('of_host.state', 'in', HOST_PROBLEM_CODES);
}

/** A page of what many are called is soon full, read in its order; all of them are soon counted by id. */
function isCalled(eb: AnyBuilder, { text, hostIds, pluginIds }: Search, form: Form) {
  const among = (kind: 'host' | 'plugin', ids: readonly string[] | null) => {
    // PostgreSQL takes a search for a rare find, unless it cannot look into it: these are many.
    const isCalledSo = raw<boolean>`coalesce(${contains(`${kind}.name`, text)}, false)`;
    if (ids === null && form !== 'count') return [isCalledSo];
    if (ids?.length === 0) return [];
    const called = ids ?? eb.selectFrom(kind).select(`${kind}.id`).where(isCalledSo);
    return [eb(`check_pair.${kind}_id`, 'in', called)];
  };
  return eb.or([...among('host', hostIds), ...among('plugin', pluginIds)]);
}

/** A page looks up each host that it comes to; a count begins with the members. */
function filterSuite(query: AnyQuery, suiteId: string, form: Form): AnyQuery {
  if (form === 'members') return query.where('of_suite.suite_id', '=', suiteId);
  if (form === 'count') {
    return query
      .innerJoin('host_suite as of_suite', 'of_suite.member_id', 'check_pair.host_id')
      .where('of_suite.suite_id', '=', suiteId);
  }
  return query.where(({ exists, selectFrom }: AnyBuilder) =>
    exists(
      selectFrom('host_suite as of_suite')
        .select('of_suite.suite_id')
        .where('of_suite.suite_id', '=', suiteId)
        .whereRef('of_suite.member_id', '=', 'check_pair.host_id'),
    ),
  );
}

/** So few checks of a suite are gone through sooner than what other filters find. */
const FEW_OF_SUITE = 1_000;

/** Whether what passes is found soonest by the members of its suite. */
export function isOfSmallSuite({ suite }: Wanted): boolean {
  return suite !== null && suite.checkCount <= FEW_OF_SUITE;
}

/** Whether a filter looks at that table. */
export function needs({ filters }: Wanted, what: Joined): boolean {
  return filters.some(([name]) => CHECK_FILTERS[name]?.needs.includes(what));
}

/** Whether only problems pass. */
export function isOfProblems([name, value]: FilterEntry): boolean {
  if (name !== 'state') return name === 'problem' && value === 'true';
  return value.split(',').every((state) => state !== 'ok' && state !== 'pending');
}

/** Whether a filter looks at the host alone. */
export function isOfHost([name]: FilterEntry): boolean {
  return CHECK_FILTERS[name]?.needs.join() === 'host';
}

/** Whether the filters let all checks of a host pass, or none. */
export function isOfHostsAlone({ filters, search, suite }: Wanted): boolean {
  return (
    filters.every(isOfHost) && suite === null && (search === null || search.pluginIds?.length === 0)
  );
}

/** Whether only checks pass that have a state. */
export function isMeasured({ filters }: Wanted): boolean {
  return filters.some(
    ([name, value]) =>
      name === 'stateType' ||
      name === 'measured' ||
      (name === 'state' && !value.includes('pending')) ||
      (name === 'problem' && value === 'true'),
  );
}
