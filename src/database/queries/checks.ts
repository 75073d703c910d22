/** Checks in SQL for people: lists with filters, single ones, and kept results. */

import type { Selectable } from 'kysely';
import type { Perfdatum, StateName } from '../../model/check.ts';
import type { Plugin } from '../../model/objects.ts';
import { withOverride } from '../../model/overrides.ts';
import { STATE_TYPES, type StateType } from '../../model/state-type.ts';
import type { Sql } from '../database.ts';
import { isAmong, keepPrepared } from '../prepared.ts';
import type { ResultTable } from '../schema.ts';
import { filterChecks, resolveFilters } from './check-filters.ts';
import { readCheckPage } from './check-pages.ts';
import { readHostSights } from './host-neighbours.ts';
import { readOverride } from './host-relations.ts';
import type { Filters } from './objects.ts';
import type { Page, PageRequest } from './page.ts';
import { readPolicy, readRun } from './plugins.ts';
import { readTogether } from './read-together.ts';
import { readCheckCode } from './state-codes.ts';
import { chunksOf } from './upsert.ts';

/** What both a current state and a past result tell. */
export interface RunView<State = StateName> {
  readonly checkId: number;
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
  const { items, ...rest } = await readCheckPage(sql, { page, filters });
  if (items.length === 0) return { ...rest, items: [] };
  const [rows, sights] = await readTogether(sql, [
    () =>
      keepPrepared(
        selectChecks(sql).where(
          isAmong(
            sql,
            'check_pair.check_id',
            items.map(({ checkId }) => checkId),
          ),
        ),
      ).execute(),
    () => readHostSights(sql, [...new Set(items.map(({ hostId }) => hostId))]),
  ]);
  const byId = new Map(rows.map((row) => [row.pair_id, row]));
  return {
    ...rest,
    items: items.flatMap(({ checkId }) => {
      const row = byId.get(checkId);
      return row === undefined ? [] : [readCheck(row, isUp(sights, row.host_id))];
    }),
  };
}

function isUp(sights: Awaited<ReturnType<typeof readHostSights>>, hostId: string): boolean {
  return (sights.get(hostId)?.state ?? 'up') === 'up';
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
    const rows = await filterChecks(selectChecks(sql), wanted, 'few')
      .where('check_pair.check_id', 'in', chunk)
      .execute();
    checks.push(...(await readChecks(sql, rows)));
  }
  return checks;
}

/** One check by names, ids or the host's address; undefined when there is none. */
export async function findCheck(
  sql: Sql,
  host: string,
  plugin: string,
): Promise<CheckView | undefined> {
  const rows = await selectChecks(sql)
    .where(({ or, eb }) =>
      or([eb('host.name', '=', host), eb('host.id', '=', host), eb('host.address', '=', host)]),
    )
    .where(({ or, eb }) => or([eb('plugin.name', '=', plugin), eb('plugin.id', '=', plugin)]))
    .limit(1)
    .execute();
  return (await readChecks(sql, rows))[0];
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
    .select(CHECK_COLUMNS);
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
  'check_state.check_id',
  'check_state.state',
  'check_state.exit_code',
  'check_state.output',
  'check_state.long_output',
  'check_state.perfdata',
  'check_state.scheduled_at',
  'check_state.started_at',
  'check_state.finished_at',
  'check_state.worker',
  'check_state.last_state_change_at',
  'check_state.state_type',
  'check_state.attempt',
  'check_state.last_hard_state_change_at',
] as const;

type CheckRow = Awaited<ReturnType<ReturnType<typeof selectChecks>['execute']>>[number];

async function readChecks(sql: Sql, rows: readonly CheckRow[]): Promise<CheckView[]> {
  const sights = await readHostSights(sql, [...new Set(rows.map((row) => row.host_id))]);
  return rows.map((row) => readCheck(row, isUp(sights, row.host_id)));
}

function readCheck(row: CheckRow, isHostUp: boolean): CheckView {
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
    isHostUp,
    run:
      row.check_id === null
        ? null
        : {
            stateType: STATE_TYPES[row.state_type ?? 1] ?? 'hard',
            attempt: row.attempt ?? 1,
            lastStateChangeAt: row.last_state_change_at ?? 0,
            lastHardStateChangeAt: row.last_hard_state_change_at ?? 0,
            ...readRunView(row as RunRow, readCheckCode),
          },
  };
}

/** What is read of a result or of a current state. */
type RunRow = Omit<Selectable<ResultTable>, 'sent_at' | 'received_at' | 'collected_at'>;

/** What a row of a result or of a current state tells. */
export function readRunView<State>(row: RunRow, readCode: (code: number) => State): RunView<State> {
  return {
    checkId: row.check_id,
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
