/**
 * The filters of the list of checks, in the forms in which each database answers them quickly: 100
 * rows of 100,000 checks, counted, in some 20 ms (bench/api.ts).
 */

import { type ExpressionBuilder, sql as raw } from 'kysely';
import { CHECK_STATES } from '../../model/check.ts';
import { STATE_TYPES, type StateType } from '../../model/state-type.ts';
import type { Sql } from '../database.ts';
import { hasLabels } from './host-labels.ts';
import type { Filters } from './objects.ts';
import { type AnyQuery, contains } from './page.ts';
import { CHECK_PROBLEM_CODES, HOST_PROBLEM_CODES } from './state-codes.ts';

/** Filters of which those that concern hosts and plugins alike are looked up already. */
export interface Wanted {
  readonly filters: readonly (readonly [name: string, value: string])[];
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
}

/** Up to so many the databases look up one by one; more they find faster by reading all. */
const MAX_NAMED = 300;

/** Looks up what the filters name. */
export async function resolveFilters(sql: Sql, { q, suite, ...others }: Filters): Promise<Wanted> {
  return {
    filters: Object.entries(others),
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

async function findSuite({ db }: Sql, name: string): Promise<Suite> {
  const rows = await db
    .selectFrom('suite')
    .leftJoin('plugin_suite', 'plugin_suite.suite_id', 'suite.id')
    .select(['suite.id', 'plugin_suite.member_id'])
    .where('suite.name', '=', name)
    .execute();
  return { id: rows[0]?.id ?? '', pluginIds: rows.flatMap((row) => row.member_id ?? []) };
}

/** What a filter has to see beside the pair of host and plugin. */
type Joined = 'host' | 'plugin' | 'state' | 'memory';

// biome-ignore lint/suspicious/noExplicitAny: of any query
type AnyBuilder = ExpressionBuilder<any, any>;

/** One filter of the list: what it needs, and what it leaves of a query. */
interface CheckFilter {
  readonly needs: readonly Joined[];
  readonly apply: (query: AnyQuery, value: string) => AnyQuery;
}

const CHECK_FILTERS: Readonly<Record<string, CheckFilter>> = {
  host: { needs: ['host'], apply: (query, value) => query.where('host.name', '=', value) },
  plugin: { needs: ['plugin'], apply: (query, value) => query.where('plugin.name', '=', value) },
  zone: { needs: ['host'], apply: (query, value) => query.where('host.zone', '=', value) },
  maintenance: {
    needs: ['host'],
    apply: (query, value) => query.where('host.maintenance', '=', value === 'true' ? 1 : 0),
  },
  subnet: {
    needs: ['host'],
    apply: (query, value) =>
      query.where(({ exists, selectFrom }: AnyBuilder) =>
        exists(
          selectFrom('subnet')
            .select('subnet.id')
            .where('subnet.name', '=', value)
            .whereRef('subnet.id', '=', 'host.subnet_id'),
        ),
      ),
  },
  label: { needs: ['host'], apply: (query, value) => query.where(hasLabels(value)) },
  state: {
    needs: ['state'],
    apply: (query, value) => query.where(({ eb, or }) => or(stateConditions(eb, value))),
  },
  stateType: {
    needs: ['state'],
    apply: (query, value) =>
      query.where('check_state.state_type', '=', STATE_TYPES.indexOf(value as StateType)),
  },
  handled: {
    needs: ['memory'],
    apply: (query, value) =>
      value === 'true' ? query.where(isHandled) : query.where((eb) => eb.not(isHandled(eb))),
  },
  problem: {
    needs: ['state'],
    apply: (query, value) =>
      value === 'true'
        ? query.where('check_state.state', 'in', CHECK_PROBLEM_CODES)
        : query.where(({ eb, or }) =>
            or([eb('check_state.state', '=', 0), eb('check_state.state', 'is', null)]),
          ),
  },
};

/**
 * Leaves what the filters let pass of a query over `check_pair` and what the filters need: of a page
 * with all tables joined, or of a count with those that `needs` tells.
 */
export function filterChecks<Query extends AnyQuery>(
  query: Query,
  wanted: Wanted,
  form: 'page' | 'count' = 'page',
): Query {
  const { filters, search, suite } = wanted;
  let filtered = filters.reduce<AnyQuery>(
    (left, [name, value]) => CHECK_FILTERS[name]?.apply(left, value) ?? left,
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

/** Somebody knows of it; or it is put down to its host, which is the problem then. */
function isHandled(eb: AnyBuilder) {
  return eb.or([
    // Of a check without memory these are null, which is neither true nor false.
    eb(raw`coalesce(check_memory.is_acknowledged, 0)`, '=', 1),
    eb(raw`coalesce(check_memory.is_in_downtime, 0)`, '=', 1),
    eb.exists(
      eb
        .selectFrom('check_pair as own')
        .innerJoin('check_state as of_host', 'of_host.check_id', 'own.check_id')
        .select('own.check_id')
        .whereRef('own.host_id', '=', 'check_pair.host_id')
        .where('own.plugin_id', 'is', null)
        .where('of_host.state', 'in', HOST_PROBLEM_CODES),
    ),
  ]);
}

/** A page of what many are called is soon full, read in its order; all of them are soon counted by id. */
function isCalled(eb: AnyBuilder, { text, hostIds, pluginIds }: Search, form: 'page' | 'count') {
  const among = (kind: 'host' | 'plugin', ids: readonly string[] | null) => {
    const isCalledSo = contains(`${kind}.name`, text);
    if (ids === null && form === 'page') return [isCalledSo];
    if (ids?.length === 0) return [];
    const called = ids ?? eb.selectFrom(kind).select(`${kind}.id`).where(isCalledSo);
    return [eb(`check_pair.${kind}_id`, 'in', called)];
  };
  return eb.or([...among('host', hostIds), ...among('plugin', pluginIds)]);
}

/** A page looks up each host that it comes to; a count begins with the members. */
function filterSuite(query: AnyQuery, suiteId: string, form: 'page' | 'count'): AnyQuery {
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
        .whereRef('of_suite.member_id', '=', 'host.id'),
    ),
  );
}

/** Whether a filter looks at that table. */
export function needs({ filters }: Wanted, what: Joined): boolean {
  return filters.some(([name]) => CHECK_FILTERS[name]?.needs.includes(what));
}

/** Filters that look at nothing but the state. */
const STATE_FILTERS = new Set(['state', 'stateType', 'problem']);

/** Whether only checks pass that have a state. */
export function isMeasured({ filters }: Wanted): boolean {
  return filters.some(
    ([name, value]) =>
      (name === 'state' && !value.includes('pending')) || (name === 'problem' && value === 'true'),
  );
}

/** Reads and joins only what the filters need: all of it takes ten times as long. */
export function countChecks({ db }: Sql, wanted: Wanted): AnyQuery {
  const { filters, search, suite } = wanted;
  const isStateAlone = filters.every(([name]) => STATE_FILTERS.has(name));
  if (isMeasured(wanted) && isStateAlone && search === null && suite === null) {
    return filterChecks(db.selectFrom('check_state') as AnyQuery, wanted);
  }
  let query: AnyQuery = db.selectFrom('check_pair').where('check_pair.plugin_id', 'is not', null);
  if (needs(wanted, 'host')) {
    query = isMeasured(wanted)
      ? query.innerJoin('host', 'host.id', 'check_pair.host_id')
      : db
          .selectFrom('host')
          .crossJoin('check_pair')
          .whereRef('check_pair.host_id', '=', 'host.id')
          .where('check_pair.plugin_id', 'is not', null);
  }
  if (needs(wanted, 'plugin'))
    query = query.innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id');
  if (needs(wanted, 'state')) {
    query = query.leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id');
  }
  if (needs(wanted, 'memory')) {
    query = query.leftJoin('check_memory', 'check_memory.check_id', 'check_pair.check_id');
  }
  return filterChecks(query, wanted, 'count');
}

/** `value`: state names with commas between. */
function stateConditions(eb: AnyBuilder, value: string) {
  return value.split(',').map((name) => {
    const code = (CHECK_STATES as readonly string[]).indexOf(name);
    return code < 0 ? eb('check_state.state', 'is', null) : eb('check_state.state', '=', code);
  });
}
