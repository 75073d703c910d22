/** Which checks and hosts a planned downtime is of, and which know of it already, in SQL. */

import { sql as raw } from 'kysely';
import type { Sql } from '../database.ts';
import { hasLabels } from './host-labels.ts';
import { upsertRows } from './upsert.ts';

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
  if (host_id !== null) query = query.where(isOfHost(host_id, row.children));
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

/** A host, with or without those below it, or these alone. */
function isOfHost(hostId: string, children: string) {
  const isItself = raw<boolean>`check_pair.host_id = ${hostId}`;
  const isBelow = raw<boolean>`check_pair.host_id in (
    with recursive below (host_id) as (
      select host_parent.host_id from host_parent where host_parent.parent_id = ${hostId}
      union
      select host_parent.host_id from host_parent
      inner join below on below.host_id = host_parent.parent_id
    ) select below.host_id from below)`;
  if (children === 'below') return isBelow;
  return children === 'all' ? raw<boolean>`(${isItself} or ${isBelow})` : isItself;
}

/** How it stands with a plan on which others hang. */
export interface TriggerStand {
  readonly isCancelled: boolean;
  readonly isRunning: boolean;
  /** It ran and does no more, or never will. */
  readonly isOver: boolean;
}

/** How a plan stands by what its checks say; a fixed one also by the clock. */
export async function readTrigger({ db }: Sql, id: string, now: number): Promise<TriggerStand> {
  const plan = await db
    .selectFrom('downtime')
    .selectAll('downtime')
    .where('downtime.id', '=', id)
    .executeTakeFirst();
  if (!plan || plan.cancelled_at !== null) {
    return { isCancelled: true, isRunning: false, isOver: true };
  }
  const rows = await db
    .selectFrom('downtime_check')
    .innerJoin('downtime_stretch', 'downtime_stretch.check_id', 'downtime_check.check_id')
    .select(({ fn }) => [
      fn.count('downtime_stretch.check_id').as('begun'),
      fn.count('downtime_stretch.to_at').as('ended'),
    ])
    .where('downtime_check.downtime_id', '=', id)
    .where('downtime_stretch.downtime', '=', occurrenceOfRow)
    .where(({ or, eb, ref }) =>
      or([
        eb('downtime_stretch.to_at', 'is', null),
        eb('downtime_stretch.to_at', '>', ref('downtime_stretch.from_at')),
      ]),
    )
    .execute();
  const begun = Number(rows[0]?.begun ?? 0);
  const isOpen = begun > Number(rows[0]?.ended ?? 0);
  const isItsTime = plan.is_fixed === 1 && plan.start_at <= now && now < plan.end_at;
  const isRunning = isOpen || isItsTime;
  return {
    isCancelled: false,
    isRunning,
    isOver: !isRunning && (begun > 0 || plan.over_at !== null),
  };
}

/** Checks that know of a plan's one occurrence, and in which it has not begun; at most `limit`. */
export async function listWaitingChecks({ db }: Sql, id: string, limit: number): Promise<number[]> {
  const rows = await db
    .selectFrom('downtime_check')
    .leftJoin('downtime_stretch', (join) =>
      join
        .onRef('downtime_stretch.check_id', '=', 'downtime_check.check_id')
        .on('downtime_stretch.downtime', '=', occurrenceOfRow),
    )
    .select('downtime_check.check_id')
    .where('downtime_check.downtime_id', '=', id)
    .where('downtime_stretch.check_id', 'is', null)
    .limit(limit)
    .execute();
  return rows.map(({ check_id }) => check_id);
}

/** Checks that know of a plan's one occurrence, by their ids; at most `limit`, from behind `after` on. */
export async function listKnowingChecks(
  { db }: Sql,
  id: string,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<number[]> {
  const rows = await db
    .selectFrom('downtime_check')
    .select('downtime_check.check_id')
    .where('downtime_check.downtime_id', '=', id)
    .where('downtime_check.check_id', '>', after)
    .orderBy('downtime_check.check_id')
    .limit(limit)
    .execute();
  return rows.map(({ check_id }) => check_id);
}

const occurrenceOfRow = raw<string>`concat(downtime_check.downtime_id, '@', downtime_check.start_at)`;
