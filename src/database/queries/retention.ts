/**
 * Deletes old history in small parts: check by check along the primary key, so that nothing is read that
 * stays, and no statement keeps others waiting.
 */

import type { Sql } from '../database.ts';

/** The highest number of a check that is or was; 0 when there was none. */
export async function getNewestCheckId({ db }: Sql): Promise<number> {
  const newest = await db
    .selectFrom('check_pair')
    .select((builder) => builder.fn.max('check_pair.check_id').as('id'))
    .executeTakeFirst();
  const gone = await db
    .selectFrom('check_archive')
    .select((builder) => builder.fn.max('check_archive.check_id').as('id'))
    .executeTakeFirst();
  return Math.max(Number(newest?.id ?? 0), Number(gone?.id ?? 0));
}

/** Those of the checks `from <= id < to`, gone ones too, of which something is from before `before`. */
export async function listChecksWithOldHistory(
  { db }: Sql,
  table: 'result' | 'state_interval',
  { from, to, before }: { readonly from: number; readonly to: number; readonly before: number },
): Promise<number[]> {
  const ids = async (of: 'check_pair' | 'check_archive') => {
    const rows = await db
      .selectFrom(of)
      .select(`${of}.check_id`)
      .where(`${of}.check_id`, '>=', from)
      .where(`${of}.check_id`, '<', to)
      .where(({ exists, selectFrom }) =>
        exists(
          table === 'result'
            ? selectFrom('result')
                .select('result.check_id')
                .whereRef('result.check_id', '=', `${of}.check_id`)
                .where('result.scheduled_at', '<', before)
            : selectFrom('state_interval')
                .select('state_interval.check_id')
                .whereRef('state_interval.check_id', '=', `${of}.check_id`)
                .where('state_interval.from_at', '<', before),
        ),
      )
      .execute();
    return rows.map((row) => row.check_id);
  };
  return [...(await ids('check_pair')), ...(await ids('check_archive'))];
}

/** Deletes the oldest results of a check that were due before `before`; true when there may be more. */
export async function deleteOldResults(
  { db }: Sql,
  checkId: number,
  { before, limit }: { readonly before: number; readonly limit: number },
): Promise<boolean> {
  const next = await db
    .selectFrom('result')
    .select('result.scheduled_at')
    .where('result.check_id', '=', checkId)
    .where('result.scheduled_at', '<', before)
    .orderBy('result.scheduled_at')
    .offset(limit)
    .limit(1)
    .executeTakeFirst();
  await db
    .deleteFrom('result')
    .where('result.check_id', '=', checkId)
    .where('result.scheduled_at', '<', next?.scheduled_at ?? before)
    .execute();
  return next !== undefined;
}

/**
 * Deletes the oldest stretches of a check that were over at `before`: the one that was in force then
 * stays, so that what is kept is complete, unless the check itself was gone. True when there may be more.
 */
export async function deleteOldStretches(
  { db }: Sql,
  checkId: number,
  { before, limit }: { readonly before: number; readonly limit: number },
): Promise<boolean> {
  const archived = await db
    .selectFrom('check_archive')
    .select('check_archive.deleted_at')
    .where('check_archive.check_id', '=', checkId)
    .executeTakeFirst();
  const isGone = archived !== undefined && archived.deleted_at < before;
  const inForce = await db
    .selectFrom('state_interval')
    .select((builder) => builder.fn.max('state_interval.from_at').as('at'))
    .where('state_interval.check_id', '=', checkId)
    .where('state_interval.from_at', '<=', before)
    .executeTakeFirst();
  const end = isGone ? before : Number(inForce?.at ?? 0);
  const next = await db
    .selectFrom('state_interval')
    .select('state_interval.from_at')
    .where('state_interval.check_id', '=', checkId)
    .where('state_interval.from_at', '<', end)
    .orderBy('state_interval.from_at')
    .offset(limit)
    .limit(1)
    .executeTakeFirst();
  await db
    .deleteFrom('state_interval')
    .where('state_interval.check_id', '=', checkId)
    .where('state_interval.from_at', '<', next?.from_at ?? end)
    .execute();
  return next !== undefined;
}

/** Forgets names of checks that were deleted before `before` and have no history left. */
export async function deleteOldNames({ db }: Sql, before: number, limit: number): Promise<number> {
  const rows = await db
    .selectFrom('check_archive')
    .select('check_archive.check_id')
    .where('check_archive.deleted_at', '<', before)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('result')
            .select('result.check_id')
            .whereRef('result.check_id', '=', 'check_archive.check_id'),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('state_interval')
            .select('state_interval.check_id')
            .whereRef('state_interval.check_id', '=', 'check_archive.check_id'),
        ),
      ),
    )
    .limit(limit)
    .execute();
  if (rows.length === 0) return 0;
  const ids = rows.map((row) => row.check_id);
  await db.deleteFrom('check_archive').where('check_archive.check_id', 'in', ids).execute();
  return ids.length;
}

/** Deletes what was audited before `before`; resolves to how many rows went. */
export async function deleteOldAudit({ db }: Sql, before: number, limit: number): Promise<number> {
  const rows = await db
    .selectFrom('audit')
    .select('audit.id')
    .where('audit.at', '<', before)
    .orderBy('audit.at')
    .limit(limit)
    .execute();
  if (rows.length === 0) return 0;
  const ids = rows.map((row) => row.id);
  await db.deleteFrom('audit').where('audit.id', 'in', ids).execute();
  return ids.length;
}

/** Deletes downtimes that were over before `before`; resolves to how many went. */
export async function deleteOldDowntimes(
  { db }: Sql,
  before: number,
  limit: number,
): Promise<number> {
  const rows = await db
    .selectFrom('downtime')
    .select('downtime.id')
    .where('downtime.over_at', '<', before)
    .limit(limit)
    .execute();
  if (rows.length === 0) return 0;
  const ids = rows.map((row) => row.id);
  await db.deleteFrom('downtime').where('downtime.id', 'in', ids).execute();
  return ids.length;
}
