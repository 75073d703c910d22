/** States and results of checks in SQL: what grey writes, and what the API reads. */

import type { Insertable, Selectable } from 'kysely';
import { CHECK_STATES, type Perfdatum, type StateName } from '../../model/check.ts';
import type { Plugin } from '../../model/objects.ts';
import type { Sql } from '../database.ts';
import type { CheckStateTable, ResultTable } from '../schema.ts';
import { type EventEntry, insertEvents } from './events.ts';
import type { Filters } from './objects.ts';
import { contains, type Page, type PageRequest, readPage } from './page.ts';
import { readRun } from './plugins.ts';
import { insertStateStarts, type StateStart } from './state-intervals.ts';
import { chunksOf, upsertRows } from './upsert.ts';

/** A row of `check_state`. */
export type CheckStateRow = Selectable<CheckStateTable>;

/** The stored states of checks; those that have none yet are absent. */
export async function readCheckStates(
  { db }: Sql,
  checkIds: readonly number[],
): Promise<CheckStateRow[]> {
  const rows: CheckStateRow[] = [];
  for (const chunk of chunksOf(checkIds, 10_000)) {
    rows.push(
      ...(await db
        .selectFrom('check_state')
        .selectAll('check_state')
        .where('check_state.check_id', 'in', chunk)
        .execute()),
    );
  }
  return rows;
}

/** The due time of the last stored result of each of these checks that has one. */
export async function readLastScheduled(
  { db }: Sql,
  checkIds: readonly number[],
): Promise<{ checkId: number; scheduledAt: number }[]> {
  const rows = await db
    .selectFrom('check_state')
    .select(['check_state.check_id', 'check_state.scheduled_at'])
    .where('check_state.check_id', 'in', checkIds)
    .execute();
  return rows.map((row) => ({ checkId: row.check_id, scheduledAt: row.scheduled_at }));
}

/** Which of these checks exist. */
export async function findExistingChecks(
  { db }: Sql,
  checkIds: readonly number[],
): Promise<Set<number>> {
  const existing = new Set<number>();
  for (const chunk of chunksOf(checkIds, 10_000)) {
    const rows = await db
      .selectFrom('check_pair')
      .select('check_pair.check_id')
      .where('check_pair.check_id', 'in', chunk)
      .execute();
    for (const row of rows) existing.add(row.check_id);
  }
  return existing;
}

/**
 * Writes what a batch of inputs led to. A state is written only if it is newer than the stored one,
 * and a result only once, so that writing the same batch again changes nothing. Throws
 * `ForeignKeyViolation` when a check was deleted meanwhile.
 */
export async function writeBatch(
  sql: Sql,
  batch: {
    states: readonly Insertable<CheckStateTable>[];
    results: readonly Insertable<ResultTable>[];
    events: readonly EventEntry[];
    stateStarts: readonly StateStart[];
  },
): Promise<void> {
  await upsertRows(sql, 'check_state', batch.states, {
    key: ['check_id'],
    update: [
      'state',
      'exit_code',
      'output',
      'long_output',
      'perfdata',
      'started_at',
      'finished_at',
      'worker',
      'last_state_change_at',
      'scheduled_at',
    ],
    onlyIfNewer: 'scheduled_at',
  });
  await upsertRows(sql, 'result', batch.results, {
    key: ['check_id', 'scheduled_at'],
    update: [],
  });
  await insertStateStarts(sql, batch.stateStarts);
  await insertEvents(sql, batch.events);
}

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
  const query = filterChecks(sql, filters);
  const result = await readPage(
    query,
    {
      columns: { host: 'host.name', plugin: 'plugin.name' },
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
  const checks: CheckView[] = [];
  for (const chunk of chunksOf(checkIds, 1_000)) {
    const rows = await filterChecks(sql, filters)
      .where('check_pair.check_id', 'in', chunk)
      .execute();
    checks.push(...rows.map(readCheck));
  }
  return checks;
}

function filterChecks(sql: Sql, filters: Filters) {
  let query = selectChecks(sql);
  for (const [name, value] of Object.entries(filters)) {
    if (name === 'q') {
      query = query.where(({ or }) =>
        or([contains('host.name', value), contains('plugin.name', value)]),
      );
    }
    if (name === 'host') query = query.where('host.name', '=', value);
    if (name === 'plugin') query = query.where('plugin.name', '=', value);
    if (name === 'zone') query = query.where('host.zone', '=', value);
    if (name === 'maintenance')
      query = query.where('host.maintenance', '=', value === 'true' ? 1 : 0);
    if (name === 'state') query = query.where(({ eb, or }) => or(stateConditions(eb, value)));
    if (name === 'problem' && value === 'true') query = query.where('check_state.state', '>', 0);
    if (name === 'problem' && value === 'false') {
      query = query.where(({ eb, or }) =>
        or([eb('check_state.state', '=', 0), eb('check_state.state', 'is', null)]),
      );
    }
    if (name === 'subnet') {
      query = query
        .innerJoin('subnet', 'subnet.id', 'host.subnet_id')
        .where('subnet.name', '=', value);
    }
    if (name === 'suite') query = query.where(({ exists }) => exists(suiteOfCheck(sql, value)));
  }
  return query;
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
function stateConditions(
  // biome-ignore lint/suspicious/noExplicitAny: the builder of a query with many joins
  eb: any,
  value: string,
) {
  return value.split(',').map((name) => {
    const code = (CHECK_STATES as readonly string[]).indexOf(name);
    return code < 0 ? eb('check_state.state', 'is', null) : eb('check_state.state', '=', code);
  });
}

function suiteOfCheck({ db }: Sql, suite: string) {
  return db
    .selectFrom('host_suite')
    .innerJoin('plugin_suite', 'plugin_suite.suite_id', 'host_suite.suite_id')
    .innerJoin('suite', 'suite.id', 'host_suite.suite_id')
    .where('suite.name', '=', suite)
    .whereRef('host_suite.member_id', '=', 'check_pair.host_id' as never)
    .whereRef('plugin_suite.member_id', '=', 'check_pair.plugin_id' as never)
    .select('suite.id');
}
