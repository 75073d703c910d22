/** Single results by day on PostgreSQL: days ahead get a partition of their own, old ones are dropped. */

import { sql as raw } from 'kysely';
import { formatInstant } from '../../lib/instant.ts';
import type { Database, Sql } from '../database.ts';

const DAY_MS = 86_400_000;
/** What a change of the table waits for those that use it, so that they do not wait behind it for long. */
const LOCK_LIMIT = '1s';

/** Makes the partitions of the day of `now` and of `daysAhead` more; resolves to how many were made. */
export async function addResultPartitions(
  database: Database,
  now: number,
  daysAhead: number,
): Promise<number> {
  const known = new Set((await listPartitions(database)).map(({ from }) => from));
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  let count = 0;
  for (let day = 0; day <= daysAhead; day++) {
    const from = today + day * DAY_MS;
    if (known.has(from)) continue;
    await addPartition(database, from);
    count++;
  }
  return count;
}

/** Drops the partitions of days that were over at `before`; resolves to how many went. */
export async function dropResultPartitions(database: Database, before: number): Promise<number> {
  const old = (await listPartitions(database)).filter(({ from }) => from + DAY_MS <= before);
  for (const { name } of old) {
    await database.transaction(async ({ db }) => {
      await raw`set local lock_timeout = ${raw.lit(LOCK_LIMIT)}`.execute(db);
      await raw`drop table ${raw.id(name)}`.execute(db);
    });
  }
  return old.length;
}

/** Deletes results before `before` that no day's partition has, at most `limit`; resolves to how many. */
export async function deleteOldRest({ db }: Sql, before: number, limit: number): Promise<number> {
  const { numAffectedRows } = await raw`delete from result_rest where ctid = any(array(
    select ctid from result_rest where scheduled_at < ${before} limit ${limit}))`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** Results of that day may lie in the partition of the rest, if nobody made one in time. */
async function addPartition(database: Database, from: number): Promise<void> {
  const name = raw.id(nameOf(from));
  const [start, end] = [raw.lit(from), raw.lit(from + DAY_MS)];
  await database.transaction(async ({ db }) => {
    await raw`set local lock_timeout = ${raw.lit(LOCK_LIMIT)}`.execute(db);
    await raw`create table ${name} (like result including all)`.execute(db);
    // Nobody may add to that day between the move and the attachment.
    await raw`lock table result_rest in share row exclusive mode`.execute(db);
    await raw`with moved as (
      delete from result_rest where scheduled_at >= ${start} and scheduled_at < ${end} returning *
    ) insert into ${name} select * from moved`.execute(db);
    await raw`alter table result attach partition ${name}
      for values from (${start}) to (${end})`.execute(db);
  });
}

const NAME = /^result_d(\d{4})(\d\d)(\d\d)$/;

function nameOf(from: number): string {
  return `result_d${formatInstant(from).slice(0, 10).replaceAll('-', '')}`;
}

async function listPartitions({ db }: Database): Promise<{ name: string; from: number }[]> {
  const { rows } = await raw<{ name: string }>`
    select child.relname as name from pg_inherits
    join pg_class child on child.oid = pg_inherits.inhrelid
    where pg_inherits.inhparent = 'result'::regclass`.execute(db);
  return rows.flatMap(({ name }) => {
    const [, year, month, day] = NAME.exec(name) ?? [];
    if (year === undefined) return [];
    return [{ name, from: Date.UTC(Number(year), Number(month) - 1, Number(day)) }];
  });
}
