/** Checks in SQL for people: lists with filters, single ones, and kept results. */

import { type RawBuilder, sql as raw, type Selectable } from 'kysely';
import type { Perfdatum, StateName } from '../../model/check.ts';
import type { Plugin } from '../../model/objects.ts';
import { withOverride } from '../../model/overrides.ts';
import { STATE_TYPES, type StateType } from '../../model/state-type.ts';
import type { Sql } from '../database.ts';
import type { CheckStateTable, ResultTable } from '../schema.ts';
import { countChecks, filterChecks, isMeasured, needs, resolveFilters } from './check-filters.ts';
import { readOverride } from './host-relations.ts';
import type { Filters } from './objects.ts';
import { countRows, type Page, type PageRequest, readPage } from './page.ts';
import { readPolicy, readRun } from './plugins.ts';
import { readCheckCode, readHostCode } from './state-codes.ts';
import { chunksOf } from './upsert.ts';

/** What both a current state and a past result tell. */
export interface RunView<State = StateName> {
  readonly state: State;
  readonly exitCode: number;
  readonly output: string;
  readonly longOutput: string;
  readonly perfdata: readonly Perfdatum[];
  readonly scheduledAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly worker: string;
}

/** The run that a check's current state is of, and how sure the state is. */
export interface CurrentRun<State = StateName> extends RunView<State> {
  readonly stateType: StateType;
  readonly attempt: number;
  readonly lastStateChangeAt: number;
  readonly lastHardStateChangeAt: number;
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
  readonly maxCheckAttempts: number;
  readonly flapping: boolean;
  /** 0..100 */
  readonly flapPercent: number;
  readonly acknowledged: boolean;
  readonly inDowntime: boolean;
  /** Whether its host is up, or not known to be otherwise. */
  readonly isHostUp: boolean;
  readonly run: CurrentRun | null;
}

/** A page of checks. */
export async function listChecks(
  sql: Sql,
  page: PageRequest,
  filters: Filters,
): Promise<Page<CheckView>> {
  const wanted = await resolveFilters(sql, filters);
  const total = await countRows(countChecks(sql, wanted));
  const isFew = total <= MAX_SORTED;
  const isInOrder = page.sort.length === 0 || page.sort[0]?.name === 'host';
  const isByHost = isMeasured(wanted) ? !isFew && isInOrder : !isFew || needs(wanted, 'host');
  const result = await readPage(
    filterChecks(isByHost ? selectChecksByHost(sql) : selectChecks(sql), wanted),
    {
      total,
      columns: {
        host: isFew ? unindexed('host.name') : 'host.name',
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

/**
 * A list of many is read in the order of its hosts until the page is full; one of few is read by its
 * filters and sorted. No database chooses rightly by itself, least of all when most checks are OK.
 */
const MAX_SORTED = 1_000;

/** A column by whose index no database reads. */
function unindexed(column: string): RawBuilder<unknown> {
  return raw`coalesce(${raw.ref(column)}, '')`;
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

/**
 * Results of these checks or hosts, newest first, with `from <= scheduledAt < to`; bounded by `limit`.
 * `readCode`: which of both they are.
 */
export async function listResults<State>(
  { db }: Sql,
  checkIds: readonly number[],
  span: { readonly from: number; readonly to: number; readonly limit: number },
  readCode: (code: number) => State,
): Promise<RunView<State>[]> {
  const rows = await db
    .selectFrom('result')
    .selectAll('result')
    .where('result.check_id', 'in', checkIds)
    .where('result.scheduled_at', '>=', span.from)
    .where('result.scheduled_at', '<', span.to)
    .orderBy('result.scheduled_at', 'desc')
    .limit(span.limit)
    .execute();
  return rows.map((row) => readRunView(row, readCode));
}

/** The number of the state that a check's host has by its own results; null when it has none. */
const OWN_STATE_OF_HOST = raw<number | null>`(select of_host.state from check_pair as own
  inner join check_state as of_host on of_host.check_id = own.check_id
  where own.host_id = check_pair.host_id and own.plugin_id is null)`;

function selectChecks({ db }: Sql) {
  return db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .leftJoin('check_memory', 'check_memory.check_id', 'check_pair.check_id')
    .leftJoin('host_override', (join) =>
      join
        .onRef('host_override.host_id', '=', 'check_pair.host_id')
        .onRef('host_override.plugin_id', '=', 'check_pair.plugin_id'),
    )
    .select(CHECK_COLUMNS)
    .select(OWN_STATE_OF_HOST.as('host_code'))
    .selectAll('check_state');
}

/** The same; SQLite does not change the order of a cross join. */
function selectChecksByHost({ db }: Sql) {
  return db
    .selectFrom('host')
    .crossJoin('check_pair')
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .leftJoin('check_memory', 'check_memory.check_id', 'check_pair.check_id')
    .leftJoin('host_override', (join) =>
      join
        .onRef('host_override.host_id', '=', 'check_pair.host_id')
        .onRef('host_override.plugin_id', '=', 'check_pair.plugin_id'),
    )
    .whereRef('check_pair.host_id', '=', 'host.id')
    .select(CHECK_COLUMNS)
    .select(OWN_STATE_OF_HOST.as('host_code'))
    .selectAll('check_state');
}

const CHECK_COLUMNS = [
  'check_pair.check_id as pair_id',
  'host.id as host_id',
  'host.name as host_name',
  'host.maintenance',
  'host.zone',
  'plugin.id as plugin_id',
  'plugin.name as plugin_name',
  'plugin.interval_ms',
  'plugin.timeout_ms',
  'plugin.script',
  'plugin.builtin',
  'plugin.policy',
  'host_override.interval_ms as own_interval_ms',
  'host_override.timeout_ms as own_timeout_ms',
  'host_override.policy as own_policy',
  'check_memory.is_flapping',
  'check_memory.flap_percent',
  'check_memory.is_acknowledged',
  'check_memory.is_in_downtime',
] as const;

type CheckRow = Awaited<ReturnType<ReturnType<typeof selectChecks>['execute']>>[number];

function readCheck(row: CheckRow): CheckView {
  const plugin = {
    intervalMs: row.interval_ms,
    timeoutMs: row.timeout_ms,
    policy: readPolicy(row),
  };
  const { intervalMs, policy } = withOverride(
    plugin,
    readOverride({
      interval_ms: row.own_interval_ms,
      timeout_ms: row.own_timeout_ms,
      policy: row.own_policy,
    }),
  );
  return {
    checkId: row.pair_id,
    host: row.host_name,
    plugin: row.plugin_name,
    hostId: row.host_id,
    pluginId: row.plugin_id,
    maintenance: row.maintenance === 1,
    zone: row.zone,
    intervalMs,
    what: readRun(row),
    maxCheckAttempts: policy.maxCheckAttempts,
    flapping: row.is_flapping === 1,
    flapPercent: row.flap_percent ?? 0,
    acknowledged: row.is_acknowledged === 1,
    inDowntime: row.is_in_downtime === 1,
    isHostUp: row.host_code === null || readHostCode(row.host_code) === 'up',
    run:
      row.check_id === null
        ? null
        : {
            ...readRunView(row as Selectable<CheckStateTable>, readCheckCode),
            stateType: STATE_TYPES[row.state_type ?? 1] ?? 'hard',
            attempt: row.attempt ?? 1,
            lastStateChangeAt: row.last_state_change_at ?? 0,
            lastHardStateChangeAt: row.last_hard_state_change_at ?? 0,
          },
  };
}

/** What a row of a result or of a current state tells. */
export function readRunView<State>(
  row: Selectable<ResultTable>,
  readCode: (code: number) => State,
): RunView<State> {
  return {
    state: readCode(row.state),
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
