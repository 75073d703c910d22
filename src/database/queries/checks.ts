/** Checks in SQL for people: lists with filters, single ones, and kept results. */

import { type ExpressionBuilder, sql as raw, type Selectable } from 'kysely';
import { CHECK_STATES, type Perfdatum, type StateName } from '../../model/check.ts';
import type { Plugin } from '../../model/objects.ts';
import type { Sql } from '../database.ts';
import type { CheckStateTable, ResultTable } from '../schema.ts';
import { hasLabels } from './host-labels.ts';
import type { Filters } from './objects.ts';
import { type AnyQuery, contains, type Page, type PageRequest, readPage } from './page.ts';
import { readRun } from './plugins.ts';
import { chunksOf } from './upsert.ts';

/** What both a current state and a past result tell. */
export interface RunView {
  readonly state: StateName;
  readonly exitCode: number;
  readonly output: string;
  readonly longOutput: string;
  readonly perfdata: readonly Perfdatum[];
  readonly scheduledAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly worker: string;
}

/** A check with its current state, for people. `run` is null while it is pending. */
export interface CheckView {
  readonly checkId: number;
  readonly host: string;
  readonly plugin: string;
  readonly hostId: string;
  readonly pluginId: string;
  readonly maintenance: boolean;
  readonly zone: string;
  readonly intervalMs: number;
  readonly what: Plugin['run'];
  readonly run: (RunView & { readonly lastStateChangeAt: number }) | null;
}

/** A page of checks. */
export async function listChecks(
  sql: Sql,
  page: PageRequest,
  filters: Filters,
): Promise<Page<CheckView>> {
  const wanted = await resolveFilters(sql, filters);
  const result = await readPage(
    filterChecks(selectChecks(sql), wanted),
    {
      counted: countChecks(sql, wanted),
      columns: {
        host: 'host.name',
        plugin: 'plugin.name',
        zone: 'host.zone',
        // What is pending comes before all else.
        state: raw<number>`coalesce(check_state.state, -1)`,
        lastStateChange: raw<number>`coalesce(check_state.last_state_change_at, 0)`,
      },
      tieBreaker: 'check_pair.check_id',
      defaultSort: [
        { name: 'host', descending: false },
        { name: 'plugin', descending: false },
      ],
    },
    page,
  );
  return { ...result, items: (result.items as unknown as CheckRow[]).map(readCheck) };
}

/** Those of these checks that exist and pass the filters. */
export async function findChecks(
  sql: Sql,
  checkIds: readonly number[],
  filters: Filters,
): Promise<CheckView[]> {
  const wanted = await resolveFilters(sql, filters);
  const checks: CheckView[] = [];
  for (const chunk of chunksOf(checkIds, 1_000)) {
    const rows = await filterChecks(selectChecks(sql), wanted)
      .where('check_pair.check_id', 'in', chunk)
      .execute();
    checks.push(...rows.map(readCheck));
  }
  return checks;
}

/** Filters of which those that concern hosts and plugins alike are looked up already. */
interface Wanted {
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

async function resolveFilters(sql: Sql, { q, suite, ...others }: Filters): Promise<Wanted> {
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
type Joined = 'host' | 'plugin' | 'state';

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
      query.where('host.subnet_id', 'in', ({ selectFrom }: AnyBuilder) =>
        selectFrom('subnet').select('subnet.id').where('subnet.name', '=', value),
      ),
  },
  label: { needs: ['host'], apply: (query, value) => query.where(hasLabels(value)) },
  state: {
    needs: ['state'],
    apply: (query, value) => query.where(({ eb, or }) => or(stateConditions(eb, value))),
  },
  problem: {
    needs: ['state'],
    apply: (query, value) =>
      value === 'true'
        ? query.where('check_state.state', '>', 0)
        : query.where(({ eb, or }) =>
            or([eb('check_state.state', '=', 0), eb('check_state.state', 'is', null)]),
          ),
  },
};

function filterChecks<Query extends AnyQuery>(
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
    filtered = filtered
      .innerJoin('host_suite as of_suite', 'of_suite.member_id', 'check_pair.host_id')
      .where('of_suite.suite_id', '=', suite.id)
      .where(({ or, eb }: AnyBuilder) =>
        or(suite.pluginIds.length === 0 ? [] : [eb('check_pair.plugin_id', 'in', suite.pluginIds)]),
      );
  }
  return filtered as Query;
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

/** Reads and joins only what the filters need: all of it takes ten times as long. */
function countChecks({ db }: Sql, wanted: Wanted): AnyQuery {
  const { filters, search, suite } = wanted;
  const needed = new Set(filters.flatMap(([name]) => CHECK_FILTERS[name]?.needs ?? []));
  const isMeasured = filters.some(
    ([name, value]) =>
      (name === 'state' && !value.includes('pending')) || (name === 'problem' && value === 'true'),
  );
  const isStateAlone = filters.every(([name]) => name === 'state' || name === 'problem');
  if (isMeasured && isStateAlone && search === null && suite === null) {
    return filterChecks(db.selectFrom('check_state') as AnyQuery, wanted);
  }
  let query: AnyQuery = db.selectFrom('check_pair');
  if (needed.has('host')) query = query.innerJoin('host', 'host.id', 'check_pair.host_id');
  if (needed.has('plugin')) query = query.innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id');
  if (needed.has('state')) {
    query = query.leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id');
  }
  return filterChecks(query, wanted, 'count');
}

/** One check by names, ids or the host's address; undefined when there is none. */
export async function findCheck(
  sql: Sql,
  host: string,
  plugin: string,
): Promise<CheckView | undefined> {
  const row = await selectChecks(sql)
    .where(({ or, eb }) =>
      or([eb('host.name', '=', host), eb('host.id', '=', host), eb('host.address', '=', host)]),
    )
    .where(({ or, eb }) => or([eb('plugin.name', '=', plugin), eb('plugin.id', '=', plugin)]))
    .executeTakeFirst();
  return row ? readCheck(row) : undefined;
}

/** Results of these checks, newest first, with `from <= scheduledAt < to`; bounded by `limit`. */
export async function listResults(
  { db }: Sql,
  checkIds: readonly number[],
  span: { readonly from: number; readonly to: number; readonly limit: number },
): Promise<RunView[]> {
  const rows = await db
    .selectFrom('result')
    .selectAll('result')
    .where('result.check_id', 'in', checkIds)
    .where('result.scheduled_at', '>=', span.from)
    .where('result.scheduled_at', '<', span.to)
    .orderBy('result.scheduled_at', 'desc')
    .limit(span.limit)
    .execute();
  return rows.map(readRunView);
}

function selectChecks({ db }: Sql) {
  return db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .select([
      'check_pair.check_id as pair_id',
      'host.id as host_id',
      'host.name as host_name',
      'host.maintenance',
      'host.zone',
      'plugin.id as plugin_id',
      'plugin.name as plugin_name',
      'plugin.interval_ms',
      'plugin.script',
      'plugin.builtin',
    ])
    .selectAll('check_state');
}

type CheckRow = Awaited<ReturnType<ReturnType<typeof selectChecks>['execute']>>[number];

function readCheck(row: CheckRow): CheckView {
  return {
    checkId: row.pair_id,
    host: row.host_name,
    plugin: row.plugin_name,
    hostId: row.host_id,
    pluginId: row.plugin_id,
    maintenance: row.maintenance === 1,
    zone: row.zone,
    intervalMs: row.interval_ms,
    what: readRun(row),
    run:
      row.check_id === null
        ? null
        : {
            ...readRunView(row as Selectable<CheckStateTable>),
            lastStateChangeAt: row.last_state_change_at ?? 0,
          },
  };
}

function readRunView(row: Selectable<ResultTable>): RunView {
  return {
    state: CHECK_STATES[row.state] ?? 'unknown',
    exitCode: row.exit_code,
    output: row.output,
    longOutput: row.long_output,
    perfdata: JSON.parse(row.perfdata) as Perfdatum[],
    scheduledAt: row.scheduled_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    worker: row.worker,
  };
}

/** `value`: state names with commas between. */
function stateConditions(eb: AnyBuilder, value: string) {
  return value.split(',').map((name) => {
    const code = (CHECK_STATES as readonly string[]).indexOf(name);
    return code < 0 ? eb('check_state.state', 'is', null) : eb('check_state.state', '=', code);
  });
}
