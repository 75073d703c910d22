/**
 * Counts of hosts and checks by state, whose cost is what changed and not what there is.
 *
 * `tally` is the sum of `host_tally`, what each host adds. Who changes a state leaves a mark in the
 * same transaction (grey); a change of the configuration names its hosts anyway (`config_change`).
 * One grey at a time counts these hosts again, adds the difference and takes the marks away: counting
 * a host twice, or for nothing, changes nothing, so neither a crash, a takeover nor a repeated batch
 * can make it wrong. A reader adds what is not counted in yet, so it is never behind.
 */

import { sql as raw } from 'kysely';
import type { Database, Sql } from '../database.ts';
import { type Bucket, bucketKey, countHosts, type HostCount } from './host-counts.ts';
import type { AnyQuery } from './page.ts';
import { readTogether } from './read-together.ts';
import { listChangedHosts, listMarkedHosts, MARKS_AT_ONCE } from './tally-waiting.ts';
import { chunksOf, upsertRows } from './upsert.ts';

/** So many are in a bucket. */
export interface BucketCount extends Bucket {
  readonly count: number;
}

/** Hosts counted in one transaction. */
const HOSTS_AT_ONCE = 500;
/** A reader that was overtaken so often takes what it has. */
const MAX_READS = 3;

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

/** Each host of the site or of the counts, some at a time, in the order of their ids. */
async function* listHostIds({ db }: Sql): AsyncGenerator<string[]> {
  for (let after = ''; ; ) {
    const hosts = await db
      .selectFrom('host')
      .select('host.id')
      .where('host.id', '>', after)
      .orderBy('host.id')
      .limit(HOSTS_AT_ONCE)
      .execute();
    const counted = await db
      .selectFrom('host_tally')
      .select('host_tally.host_id as id')
      .distinct()
      .where('host_tally.host_id', '>', after)
      .orderBy('host_tally.host_id')
      .limit(HOSTS_AT_ONCE)
      .execute();
    const rows = [...hosts, ...counted];
    const ids = [...new Set(rows.map(({ id }) => id))].sort().slice(0, HOSTS_AT_ONCE);
    const last = ids.at(-1);
    if (last === undefined) return;
    yield ids;
    after = last;
  }
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
    const waiting = new Set(await listWaitingHosts(database));
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

/** How many of what there are, at this moment. Cost: what changed since it was counted last. */
export async function readTallies(sql: Sql): Promise<BucketCount[]> {
  return (await sumTallies(sql, Number.POSITIVE_INFINITY)) ?? countEverything(sql);
}

/** Leaves of a query over `host` those whose checks are meant. */
export type ChooseHosts = (query: AnyQuery) => AnyQuery;

/**
 * The same, of the checks of some hosts if `choose` is given; null when more hosts than `maxWaiting`
 * are not counted in yet, so that counting in another way is quicker.
 */
export async function sumTallies(
  sql: Sql,
  maxWaiting: number,
  choose?: ChooseHosts,
): Promise<BucketCount[] | null> {
  for (let reads = 1; ; reads++) {
    const { revision, version, current } = await readProgress(sql);
    if (version === null) return null;
    const waiting = await listWaiting(sql, version, current);
    if (waiting === 'all' || waiting.length > maxWaiting) return null;
    const readAll = () => (choose === undefined ? readTally(sql) : readSums(sql, choose));
    // Read after who waits: what was counted in before that, they have.
    if (waiting.length === 0) return readAll();
    // What is counted in between these reads is noticed by the revision at their end.
    const [sums, differences] = await readTogether(sql, [
      readAll,
      () => countWaiting(sql, waiting, choose),
    ]);
    const counts = [...sums, ...differences];
    if (reads >= MAX_READS || revision === (await readProgress(sql)).revision) {
      return difference([], counts);
    }
  }
}

/** What these hosts, as far as they are chosen, count more or less as than they are counted in. */
async function countWaiting(
  sql: Sql,
  waiting: readonly string[],
  choose?: ChooseHosts,
): Promise<BucketCount[]> {
  const differences: BucketCount[] = [];
  for (const chunk of chunksOf(waiting, HOSTS_AT_ONCE)) {
    const hostIds = choose === undefined ? chunk : await listChosen(sql, choose, chunk);
    if (hostIds.length === 0) continue;
    const [before, after] = await readTogether(sql, [
      () => readCounted(sql, hostIds),
      () => countHosts(sql, hostIds),
    ]);
    differences.push(...difference(before, after));
  }
  return differences;
}

/** Counts each host: what the tallies must come to. Cost: one pass over the checks. */
export async function countEverything(sql: Sql): Promise<BucketCount[]> {
  const counts = new Map<string, BucketCount>();
  for await (const hostIds of listHostIds(sql)) {
    const both = [...counts.values(), ...(await countHosts(sql, hostIds))];
    counts.clear();
    for (const count of difference([], both)) counts.set(bucketKey(count), count);
  }
  return [...counts.values()];
}

async function listWaiting(sql: Sql, version: number, current: number): Promise<'all' | string[]> {
  const marked = await listMarkedHosts(sql);
  const changed = await listChangedHosts(sql, version, current);
  return changed === 'all' ? 'all' : [...new Set([...marked, ...changed])];
}

async function listWaitingHosts(sql: Sql): Promise<string[]> {
  const { version, current } = await readProgress(sql);
  const waiting = await listWaiting(sql, version ?? 0, current);
  return waiting === 'all' ? [] : waiting;
}

/** How often counts changed, the version of the configuration counted in, and the one there is. */
async function readProgress({ db }: Sql): Promise<{
  readonly revision: number;
  readonly version: number | null;
  readonly current: number;
}> {
  const row = await db
    .selectFrom('tally_progress')
    .innerJoin('config_version', 'config_version.id', 'tally_progress.id')
    .select(['tally_progress.revision', 'tally_progress.config_version', 'config_version.version'])
    .where('tally_progress.id', '=', 1)
    .executeTakeFirstOrThrow();
  return { revision: row.revision, version: row.config_version, current: row.version };
}

/** The sums as they were counted in last: near enough to choose a way to read by. */
export async function readTally({ db }: Sql): Promise<BucketCount[]> {
  return (await db.selectFrom('tally').selectAll('tally').execute()).map(toBucketCount);
}

/** Of the checks of some hosts: one pass over a narrow index, not a look into it for each host. */
async function readSums({ db }: Sql, choose: ChooseHosts): Promise<BucketCount[]> {
  const bucket = ['is_active', 'state', 'state_type', 'is_handled'] as const;
  const chosen = choose(db.selectFrom('host') as AnyQuery)
    .clearSelect()
    .select('host.id');
  const rows = await db
    .selectFrom('host_tally')
    .select((eb) => [...bucket, eb.fn.sum<number>('host_tally.count').as('count')])
    .where('host_tally.subject', '=', 'check')
    .where(raw`coalesce(host_tally.host_id, '')`, 'in', chosen)
    .groupBy([...bucket])
    .execute();
  return rows.map((row) => toBucketCount({ ...row, subject: 'check' }));
}

async function listChosen(
  { db }: Sql,
  choose: ChooseHosts,
  hostIds: readonly string[],
): Promise<string[]> {
  const rows: { id: string }[] = await choose(db.selectFrom('host') as AnyQuery)
    .clearSelect()
    .select('host.id')
    .where('host.id', 'in', hostIds)
    .execute();
  return rows.map(({ id }) => id);
}

async function readCounted({ db }: Sql, hostIds: readonly string[]): Promise<HostCount[]> {
  const rows = await db
    .selectFrom('host_tally')
    .selectAll('host_tally')
    .where('host_tally.host_id', 'in', hostIds)
    .execute();
  return rows.map((row) => ({ ...toBucketCount(row), host_id: row.host_id }));
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

/** What `after` has more than `before`, or less; nothing where both have the same. */
function difference(before: readonly BucketCount[], after: readonly BucketCount[]): BucketCount[] {
  const counts = new Map<string, BucketCount>();
  const add = (bucket: BucketCount, count: number) => {
    const key = bucketKey(bucket);
    const { subject, is_active, state, state_type, is_handled } = bucket;
    const sum = (counts.get(key)?.count ?? 0) + count;
    counts.set(key, { subject, is_active, state, state_type, is_handled, count: sum });
  };
  for (const bucket of before) add(bucket, -bucket.count);
  for (const bucket of after) add(bucket, bucket.count);
  return [...counts.values()].filter(({ count }) => count !== 0);
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

function toBucketCount(row: {
  readonly subject: string;
  readonly is_active: 0 | 1;
  readonly state: number;
  readonly state_type: number;
  readonly is_handled: 0 | 1;
  readonly count: unknown;
}): BucketCount {
  return {
    subject: row.subject === 'host' ? 'host' : 'check',
    is_active: row.is_active,
    state: row.state,
    state_type: row.state_type,
    is_handled: row.is_handled,
    count: Number(row.count),
  };
}
