/** Planned downtimes in SQL: the plans, and of which checks each occurrence is known already. */

import { type ExpressionBuilder, type Selectable, sql } from 'kysely';
import type { Sql } from '../database.ts';
import type { Tables } from '../schema.ts';
import type { DowntimeTable } from '../schema-maintenance.ts';
import { hasLabels } from './host-labels.ts';
import type { Filters } from './objects.ts';
import { type Page, type PageRequest, readPage } from './page.ts';
import { upsertRows } from './upsert.ts';

/** A plan. Instants are milliseconds since the epoch. */
export interface PlannedDowntime {
  readonly id: string;
  /** Names of what it is of; null = of any. */
  readonly host: string | null;
  readonly plugin: string | null;
  readonly suite: string | null;
  readonly subnet: string | null;
  /** Labels as a filter of lists has them; empty = of any. */
  readonly labels: string;
  /** Whether it is of the checks of its hosts too, not of the hosts alone. */
  readonly allChecks: boolean;
  /** Of the first occurrence. */
  readonly startAt: number;
  readonly endAt: number;
  readonly isFixed: boolean;
  readonly durationMs: number;
  /** A rule of RFC 5545; empty = once. */
  readonly recurrence: string;
  readonly timeZone: string;
  readonly author: string;
  readonly comment: string;
  readonly createdAt: number;
  readonly cancelledAt: number | null;
  readonly overAt: number | null;
  /** Goes up with each change. */
  readonly revision: number;
  /** Of one that is once: its first start, by which checks know it. */
  readonly keyAt: number;
  /** Checks that are or were in it. */
  readonly checkCount: number;
}

/** A plan to be written: with ids of what it is of. */
export interface NewDowntime
  extends Omit<
    PlannedDowntime,
    | 'host'
    | 'plugin'
    | 'suite'
    | 'subnet'
    | 'cancelledAt'
    | 'overAt'
    | 'checkCount'
    | 'revision'
    | 'keyAt'
  > {
  readonly hostId: string | null;
  readonly pluginId: string | null;
  readonly suiteId: string | null;
  readonly subnetId: string | null;
}

/** Writes a plan. */
export async function insertDowntime({ db }: Sql, plan: NewDowntime): Promise<void> {
  await db
    .insertInto('downtime')
    .values({
      id: plan.id,
      host_id: plan.hostId,
      plugin_id: plan.pluginId,
      suite_id: plan.suiteId,
      subnet_id: plan.subnetId,
      labels: plan.labels,
      all_checks: plan.allChecks ? 1 : 0,
      start_at: plan.startAt,
      end_at: plan.endAt,
      is_fixed: plan.isFixed ? 1 : 0,
      duration_ms: plan.durationMs,
      recurrence: plan.recurrence,
      time_zone: plan.timeZone,
      author: plan.author,
      comment: plan.comment,
      created_at: plan.createdAt,
      cancelled_at: null,
      over_at: null,
    })
    .execute();
}

/** One plan by id. */
export async function findDowntime(sql: Sql, id: string): Promise<PlannedDowntime | undefined> {
  const row = await selectDowntimes(sql).where('downtime.id', '=', id).executeTakeFirst();
  return row && readDowntime(row);
}

/** A page of plans; `state`: `open` leaves out those that are over or cancelled. */
export async function listDowntimes(
  sql: Sql,
  page: PageRequest,
  filters: Filters,
): Promise<Page<PlannedDowntime>> {
  let query = selectDowntimes(sql);
  for (const [name, value] of Object.entries(filters)) {
    if (name === 'host') query = query.where('host.name', '=', value);
    if (name === 'plugin') query = query.where('plugin.name', '=', value);
    if (name === 'suite') query = query.where('suite.name', '=', value);
    if (name === 'state') query = query.where(isInState(value));
  }
  const result = await readPage(
    query,
    {
      columns: { start: 'downtime.start_at', end: 'downtime.end_at' },
      tieBreaker: 'downtime.id',
      defaultSort: [{ name: 'start', descending: true }],
    },
    page,
  );
  return { ...result, items: (result.items as unknown as DowntimeRow[]).map(readDowntime) };
}

type DowntimeBuilder = ExpressionBuilder<Tables, 'downtime'>;

function isInState(state: string) {
  return ({ eb, and, exists, selectFrom }: DowntimeBuilder) => {
    if (state === 'cancelled') return eb('downtime.cancelled_at', 'is not', null);
    const isKept = eb('downtime.cancelled_at', 'is', null);
    if (state === 'over') return and([isKept, eb('downtime.over_at', 'is not', null)]);
    if (state === 'open') return and([isKept, eb('downtime.over_at', 'is', null)]);
    const begun = selectFrom('downtime_check')
      .innerJoin('downtime_stretch', 'downtime_stretch.check_id', 'downtime_check.check_id')
      .select('downtime_check.check_id')
      .whereRef('downtime_check.downtime_id', '=', 'downtime.id')
      .where(
        'downtime_stretch.downtime',
        '=',
        sql<string>`concat(downtime_check.downtime_id, '@', downtime_check.start_at)`,
      )
      .where('downtime_stretch.to_at', 'is', null);
    return and([isKept, exists(begun)]);
  };
}

/** Plans that are neither over nor, if cancelled, done with. */
export async function listOpenDowntimes(sql: Sql): Promise<PlannedDowntime[]> {
  const rows = await selectDowntimes(sql).where('downtime.over_at', 'is', null).execute();
  return rows.map(readDowntime);
}

/** Marks a plan as cancelled; false when it is not there, over, or cancelled already. */
export async function cancelDowntime({ db }: Sql, id: string, at: number): Promise<boolean> {
  const result = await db
    .updateTable('downtime')
    .set({ cancelled_at: at })
    .where('downtime.id', '=', id)
    .where('downtime.cancelled_at', 'is', null)
    .where('downtime.over_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** What of a plan can be changed. */
export type DowntimeChange = Pick<PlannedDowntime, 'startAt' | 'endAt' | 'comment'>;

/**
 * Changes a plan, as it was read; false when it is not that any more, over or cancelled. Occurrences
 * that began before `pastBefore` are over, and nobody needs to hear of the change.
 */
export async function updateDowntime(
  { db }: Sql,
  plan: PlannedDowntime,
  { change, pastBefore }: { readonly change: DowntimeChange; readonly pastBefore: number },
): Promise<boolean> {
  const { startAt, endAt, comment } = change;
  const revision = plan.revision + 1;
  const result = await db
    .updateTable('downtime')
    .set({ start_at: startAt, end_at: endAt, comment, revision, key_at: plan.keyAt })
    .where('downtime.id', '=', plan.id)
    .where('downtime.revision', '=', plan.revision)
    .where('downtime.cancelled_at', 'is', null)
    .where('downtime.over_at', 'is', null)
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) return false;
  await db
    .updateTable('downtime_check')
    .set({ revision })
    .where('downtime_check.downtime_id', '=', plan.id)
    .where('downtime_check.start_at', '<', pastBefore)
    .execute();
  return true;
}

/** Marks a plan as done with. */
export async function closeDowntime({ db }: Sql, id: string, at: number): Promise<void> {
  await db.updateTable('downtime').set({ over_at: at }).where('downtime.id', '=', id).execute();
}

/**
 * Checks and hosts of a plan that do not know of its occurrence from `startAt` on; at most `limit`. One
 * that names plugins or suites is of their checks alone, any other is of the hosts themselves.
 */
export async function listUntoldChecks(
  sql: Sql,
  id: string,
  { startAt, limit }: { readonly startAt: number; readonly limit: number },
): Promise<number[]> {
  const row = await sql.db
    .selectFrom('downtime')
    .selectAll('downtime')
    .where('downtime.id', '=', id)
    .executeTakeFirst();
  if (!row) return [];
  let query = sql.db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .select('check_pair.check_id')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('downtime_check')
            .select('downtime_check.check_id')
            .where('downtime_check.downtime_id', '=', id)
            .where('downtime_check.start_at', '=', startAt)
            .whereRef('downtime_check.check_id', '=', 'check_pair.check_id'),
        ),
      ),
    );
  const { host_id, plugin_id, suite_id, subnet_id, labels } = row;
  const isOfChecks = plugin_id !== null || suite_id !== null;
  if (isOfChecks) query = query.where('check_pair.plugin_id', 'is not', null);
  else if (row.all_checks === 0) query = query.where('check_pair.plugin_id', 'is', null);
  if (host_id !== null) query = query.where('check_pair.host_id', '=', host_id);
  if (plugin_id !== null) query = query.where('check_pair.plugin_id', '=', plugin_id);
  if (subnet_id !== null) query = query.where('host.subnet_id', '=', subnet_id);
  if (labels !== '') query = query.where(hasLabels(labels));
  if (suite_id !== null) {
    query = query
      .innerJoin('host_suite', 'host_suite.member_id', 'check_pair.host_id')
      .innerJoin('plugin_suite', 'plugin_suite.member_id', 'check_pair.plugin_id')
      .where('host_suite.suite_id', '=', suite_id)
      .where('plugin_suite.suite_id', '=', suite_id);
  }
  const rows = await query.limit(limit).execute();
  return rows.map(({ check_id }) => check_id);
}

/** Notes that checks know of an occurrence. */
export async function noteToldChecks(
  sql: Sql,
  id: string,
  told: {
    readonly startAt: number;
    readonly checkIds: readonly number[];
    readonly revision: number;
  },
): Promise<void> {
  const { startAt, checkIds, revision } = told;
  const rows = checkIds.map((checkId) => ({
    ...{ downtime_id: id, start_at: startAt, check_id: checkId, revision },
  }));
  await upsertRows(sql, 'downtime_check', rows, {
    key: ['downtime_id', 'start_at', 'check_id'],
    update: ['revision'],
  });
}

/** Occurrences that checks know of; `before`: of an older revision; at most `limit`. */
export async function listToldChecks(
  { db }: Sql,
  id: string,
  { limit, before = null }: { readonly limit: number; readonly before?: number | null },
): Promise<{ readonly startAt: number; readonly checkId: number }[]> {
  let query = db
    .selectFrom('downtime_check')
    .select(['downtime_check.start_at', 'downtime_check.check_id'])
    .where('downtime_check.downtime_id', '=', id);
  if (before !== null) query = query.where('downtime_check.revision', '<', before);
  const rows = await query.limit(limit).execute();
  return rows.map((row) => ({ startAt: row.start_at, checkId: row.check_id }));
}

/** Forgets that checks know of an occurrence. */
export async function forgetToldChecks(
  { db }: Sql,
  id: string,
  { startAt, checkIds }: { readonly startAt: number; readonly checkIds: readonly number[] },
): Promise<void> {
  await db
    .deleteFrom('downtime_check')
    .where('downtime_check.downtime_id', '=', id)
    .where('downtime_check.start_at', '=', startAt)
    .where('downtime_check.check_id', 'in', checkIds)
    .execute();
}

function selectDowntimes({ db }: Sql) {
  return db
    .selectFrom('downtime')
    .leftJoin('host', 'host.id', 'downtime.host_id')
    .leftJoin('plugin', 'plugin.id', 'downtime.plugin_id')
    .leftJoin('suite', 'suite.id', 'downtime.suite_id')
    .leftJoin('subnet', 'subnet.id', 'downtime.subnet_id')
    .selectAll('downtime')
    .select([
      'host.name as host_name',
      'plugin.name as plugin_name',
      'suite.name as suite_name',
      'subnet.name as subnet_name',
    ])
    .select(({ selectFrom }) =>
      selectFrom('downtime_check')
        .innerJoin('check_pair', 'check_pair.check_id', 'downtime_check.check_id')
        .where('check_pair.plugin_id', 'is not', null)
        .select((inner) => inner.fn.count('downtime_check.check_id').distinct().as('count'))
        .whereRef('downtime_check.downtime_id', '=', 'downtime.id')
        .as('check_count'),
    );
}

type DowntimeRow = Selectable<DowntimeTable> & {
  readonly host_name: string | null;
  readonly plugin_name: string | null;
  readonly suite_name: string | null;
  readonly subnet_name: string | null;
  readonly check_count: unknown;
};

function readDowntime(row: DowntimeRow): PlannedDowntime {
  return {
    id: row.id,
    host: row.host_name,
    plugin: row.plugin_name,
    suite: row.suite_name,
    subnet: row.subnet_name,
    labels: row.labels,
    allChecks: row.all_checks === 1,
    startAt: row.start_at,
    endAt: row.end_at,
    isFixed: row.is_fixed === 1,
    durationMs: row.duration_ms,
    recurrence: row.recurrence,
    timeZone: row.time_zone,
    author: row.author,
    comment: row.comment,
    createdAt: row.created_at,
    cancelledAt: row.cancelled_at,
    overAt: row.over_at,
    revision: row.revision,
    keyAt: row.key_at ?? row.start_at,
    checkCount: Number(row.check_count ?? 0),
  };
}
