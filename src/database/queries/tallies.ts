/**
 * Counts of hosts and checks by state, whose cost is what changed and not what there is.
 *
 * `tally` is the sum of `host_tally`, what each host adds. Who changes a state leaves a mark in the
 * same transaction (grey); a change of the configuration names its hosts anyway (`config_change`).
 * One grey at a time counts these hosts again, adds the difference and takes the marks away: counting
 * a host twice, or for nothing, changes nothing, so neither a crash, a takeover nor a repeated batch
 * can make it wrong. A reader adds what is not counted in yet, so it is never behind.
 */

import type { Database, Sql } from '../database.ts';
import { type BucketCount, difference, toBucketCount } from './bucket-counts.ts';
import { bucketKey, countHosts, type HostCount } from './host-counts.ts';
import { HOSTS_AT_ONCE, listHostIds, readCounted, readTally } from './tally-sums.ts';
import { listChangedHosts, readProgress, readWaiting } from './tally-waiting.ts';
import { chunksOf, upsertRows } from './upsert.ts';

/** Marks handled by one statement. */
const MARKS_AT_ONCE = 5_000;

/** Notes that these checks count as something else now. Goes with the transaction that made it so. */
export async function markForTally({ db }: Sql, checkIds: readonly number[]): Promise<void> {
  for (const chunk of chunksOf(checkIds, MARKS_AT_ONCE)) {
    await db
      .insertInto('tally_mark')
      .values(chunk.map((checkId) => ({ check_id: checkId })))
      .execute();
  }
}

/** Counts in what changed. Callers take turns by themselves; resolves to how many hosts were counted. */
export async function foldTallies(database: Database): Promise<number> {
  const { version, current } = await readProgress(database);
  const changed = version === null ? 'all' : await listChangedHosts(database, version, current);
  let counted = 0;
  if (changed === 'all') {
    for await (const hostIds of listHostIds(database)) {
      await countAgain(database, hostIds);
      counted += hostIds.length;
    }
  } else {
    for (const hostIds of chunksOf(changed, HOSTS_AT_ONCE)) await countAgain(database, hostIds);
    counted += changed.length;
  }
  if (version !== current) {
    await database.db
      .updateTable('tally_progress')
      .set({ config_version: current })
      .where('tally_progress.id', '=', 1)
      .execute();
  }
  return counted + (await foldMarks(database));
}

async function foldMarks(database: Database): Promise<number> {
  let counted = 0;
  for (;;) {
    const marks = await database.db
      .selectFrom('tally_mark')
      .leftJoin('check_pair', 'check_pair.check_id', 'tally_mark.check_id')
      .select(['tally_mark.id', 'check_pair.host_id'])
      .orderBy('tally_mark.id')
      .limit(MARKS_AT_ONCE)
      .execute();
    if (marks.length === 0) return counted;
    // Of a check that is gone, its host was named by the change that took it away.
    const hostIds = [...new Set(marks.flatMap(({ host_id }) => host_id ?? []))];
    for (const chunk of chunksOf(hostIds, HOSTS_AT_ONCE)) await countAgain(database, chunk);
    counted += hostIds.length;
    // By id and never by range: one with a lower id may be committed later.
    const ids = marks.map(({ id }) => id);
    await database.db.deleteFrom('tally_mark').where('tally_mark.id', 'in', ids).execute();
  }
}

/** Counts these hosts again and adds the difference; resolves to the hosts that differed. */
async function countAgain(database: Database, hostIds: readonly string[]): Promise<string[]> {
  return database.transaction(async (sql) => {
    // First of all, so that who counts at the same time waits, and then sees what was written.
    await sql.db
      .updateTable('tally_progress')
      .set((eb) => ({ revision: eb('tally_progress.revision', '+', 1) }))
      .where('tally_progress.id', '=', 1)
      .execute();
    const before = groupByHost(await readCounted(sql, hostIds));
    const after = groupByHost(await countHosts(sql, hostIds));
    const differing = hostIds.filter(
      (id) => describe(before.get(id) ?? []) !== describe(after.get(id) ?? []),
    );
    if (differing.length === 0) return differing;
    const added = differing.flatMap((id) => after.get(id) ?? []);
    const gone = differing.flatMap((id) => before.get(id) ?? []);
    await sql.db.deleteFrom('host_tally').where('host_tally.host_id', 'in', differing).execute();
    await upsertRows(sql, 'host_tally', added, {
      key: ['host_id', 'subject', 'is_active', 'state', 'state_type', 'is_handled'],
      update: ['count'],
    });
    await addToTally(sql, difference(gone, added));
    return differing;
  });
}

/**
 * Compares every host with its count, and the counts with their sum; repairs what is wrong. Resolves
 * to how many hosts and sums were wrong though nothing of them was waiting to be counted in.
 */
export async function repairTallies(database: Database): Promise<number> {
  await foldTallies(database);
  let wrong = 0;
  for await (const hostIds of listHostIds(database)) {
    const differing = await countAgain(database, hostIds);
    if (differing.length === 0) continue;
    const { hostIds: waitingIds } = await readWaiting(database);
    const waiting = new Set(waitingIds === 'all' ? [] : waitingIds);
    wrong += differing.filter((id) => !waiting.has(id)).length;
  }
  return wrong + (await repairSums(database));
}

async function repairSums(database: Database): Promise<number> {
  return database.transaction(async (sql) => {
    await sql.db
      .updateTable('tally_progress')
      .set((eb) => ({ revision: eb('tally_progress.revision', '+', 1) }))
      .where('tally_progress.id', '=', 1)
      .execute();
    const key = ['subject', 'is_active', 'state', 'state_type', 'is_handled'] as const;
    const sums = await sql.db
      .selectFrom('host_tally')
      .select([...key, (eb) => eb.fn.sum<number>('host_tally.count').as('count')])
      .groupBy([...key])
      .execute();
    const wrong = difference(await readTally(sql), sums.map(toBucketCount));
    await addToTally(sql, wrong);
    return wrong.length;
  });
}

async function addToTally(sql: Sql, changes: readonly BucketCount[]): Promise<void> {
  const sums = difference([], [...(await readTally(sql)), ...changes]);
  const kept = new Set(sums.map(bucketKey));
  const emptied = changes.filter((change) => !kept.has(bucketKey(change)));
  const rows = [...sums, ...emptied.map((change) => ({ ...change, count: 0 }))];
  await upsertRows(sql, 'tally', rows, {
    key: ['subject', 'is_active', 'state', 'state_type', 'is_handled'],
    update: ['count'],
  });
}

function groupByHost(counts: readonly HostCount[]): Map<string, HostCount[]> {
  const hosts = new Map<string, HostCount[]>();
  for (const count of counts) {
    const former = hosts.get(count.host_id);
    if (former) former.push(count);
    else hosts.set(count.host_id, [count]);
  }
  return hosts;
}

function describe(counts: readonly HostCount[]): string {
  return counts
    .map((count) => `${bucketKey(count)} ${count.count}`)
    .sort()
    .join('\n');
}
