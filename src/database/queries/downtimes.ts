/** Planned downtimes in SQL: the plans, and of which checks each occurrence is known already. */

import { type ExpressionBuilder, type Selectable, sql } from 'kysely';
import type { Sql } from '../database.ts';
import type { Tables } from '../schema.ts';
import type { DowntimeTable } from '../schema-maintenance.ts';
import type { Filters } from './objects.ts';
import { type Page, type PageRequest, readPage } from './page.ts';

/**
 * Which hosts below its own a plan is of. `triggered`: another plan is, which hangs on it; that one is of
 * those `below` alone.
 */
export type DowntimeChildren = 'none' | 'all' | 'triggered' | 'below';

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
  /** The plan with which it starts and ends; null = it is of its own. */
  readonly triggeredBy: string | null;
  readonly children: DowntimeChildren;
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
      triggered_by: plan.triggeredBy,
      children: plan.children,
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

/** Plans that hang on one and are neither over nor cancelled. */
export async function listTriggered(sql: Sql, id: string): Promise<PlannedDowntime[]> {
  const rows = await selectDowntimes(sql)
    .where('downtime.triggered_by', '=', id)
    .where('downtime.over_at', 'is', null)
    .where('downtime.cancelled_at', 'is', null)
    .execute();
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

function readChildren(text: string): DowntimeChildren {
  return text === 'all' || text === 'triggered' || text === 'below' ? text : 'none';
}

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
    triggeredBy: row.triggered_by,
    children: readChildren(row.children),
    checkCount: Number(row.check_count ?? 0),
  };
}
