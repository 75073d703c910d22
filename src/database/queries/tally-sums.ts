/** Sums of the tallies at this moment: as they were counted in last, with what waits counted beside. */

import { type RawBuilder, sql as raw } from 'kysely';
import type { Sql } from '../database.ts';
import { type BucketCount, difference, toBucketCount } from './bucket-counts.ts';
import { bucketKey, countChecksOf, countHosts, type HostCount } from './host-counts.ts';
import { readTogether } from './read-together.ts';
import { readProgress, readWaiting } from './tally-waiting.ts';
import { chunksOf } from './upsert.ts';

/** Hosts read by one statement. */
export const HOSTS_AT_ONCE = 500;
/** A reader that was overtaken so often takes what it has. */
const MAX_READS = 3;

/** A condition on a row of `host`; what is neither true nor false is false. */
export type HostCondition = RawBuilder<boolean>;

/** How many of what there are, at this moment. Cost: what changed since it was counted last. */
export async function readTallies(sql: Sql): Promise<BucketCount[]> {
  return (await sumTallies(sql)) ?? countEverything(sql);
}

async function sumTallies(sql: Sql): Promise<BucketCount[] | null> {
  return addWaiting(sql, Number.POSITIVE_INFINITY, async (waiting) => {
    const [sums, differences] = await readTogether(sql, [
      () => readTally(sql),
      () => countWaiting(sql, waiting, countHosts, async () => waiting),
    ]);
    return [...sums, ...differences];
  });
}

/** Which checks are summed. */
export interface ChecksSummed {
  /** Of the hosts that pass; default: of all. */
  readonly condition?: HostCondition | undefined;
  /** Only problems, which few checks are. */
  readonly areProblems?: boolean;
}

/**
 * The same of checks alone; null when more hosts than `maxWaiting` are not counted in yet, so that
 * counting in another way is quicker.
 */
export async function sumCheckTallies(
  sql: Sql,
  maxWaiting: number,
  { condition, areProblems = false }: ChecksSummed = {},
): Promise<BucketCount[] | null> {
  return addWaiting(sql, maxWaiting, async (waiting) => {
    // Read after who waits: what was counted in before that, they have.
    const { sums, named } = await chooseNamed(sql, condition);
    const [known, differences] = await readTogether(sql, [
      async () => sums ?? (await readSums(sql, named, areProblems)),
      () => countWaiting(sql, waiting, countChecksOf, (ids) => listMeant(sql, named, ids)),
    ]);
    return [...known, ...differences].filter(
      ({ subject, state }) => subject === 'check' && (state > 0 || !areProblems),
    );
  });
}

/** What `read` gives of hosts that wait, again when hosts were counted in meanwhile. */
async function addWaiting(
  sql: Sql,
  maxWaiting: number,
  read: (waiting: readonly string[]) => Promise<readonly BucketCount[]>,
): Promise<BucketCount[] | null> {
  for (let reads = 1; ; reads++) {
    const { revision, hostIds } = await readWaiting(sql);
    if (hostIds === 'all' || hostIds.length > maxWaiting) return null;
    const counts = await read(hostIds);
    // What is counted in between these reads is noticed by the revision at their end.
    const isOvertaken = async () => revision !== (await readProgress(sql)).revision;
    if (hostIds.length === 0 || reads >= MAX_READS || !(await isOvertaken())) {
      return difference([], counts);
    }
  }
}

/** What these hosts, as far as they are meant, count more or less as than they are counted in. */
async function countWaiting(
  sql: Sql,
  waiting: readonly string[],
  count: (sql: Sql, hostIds: readonly string[]) => Promise<HostCount[]>,
  listMeantOf: (hostIds: readonly string[]) => Promise<readonly string[]>,
): Promise<BucketCount[]> {
  const differences: BucketCount[] = [];
  for (const hostIds of chunksOf(waiting, HOSTS_AT_ONCE)) {
    // All at once, though some are not meant: each statement is waited for as long as it takes.
    const [meantIds, before, after] = await readTogether(sql, [
      () => listMeantOf(hostIds),
      () => readCounted(sql, hostIds),
      () => count(sql, hostIds),
    ]);
    const meant = new Set(meantIds);
    const isMeant = ({ host_id }: HostCount) => meant.has(host_id);
    differences.push(...difference(before.filter(isMeant), after.filter(isMeant)));
  }
  return differences;
}

/** Hosts that are summed, or all but which are. */
interface Named {
  readonly condition: HostCondition;
  readonly isLeftOut: boolean;
}

/** All but none. */
const ALL: Named = { condition: raw<boolean>`1 = 0`, isLeftOut: true };

/**
 * Whether the hosts that pass or the others are fewer, told with the sums of all; and these sums when
 * all pass, since then they are what is asked for.
 */
async function chooseNamed(
  sql: Sql,
  condition: HostCondition | undefined,
): Promise<{ readonly sums: readonly BucketCount[] | null; readonly named: Named }> {
  if (condition === undefined) return { sums: await readTally(sql), named: ALL };
  const others = raw<boolean>`(${condition}) is not true`;
  const rows = await sql.db
    .selectFrom('tally')
    .selectAll('tally')
    .select(raw<number>`(select count(*) from host where ${others})`.as('other_hosts'))
    .execute();
  const sums = rows.map(toBucketCount);
  const otherCount = Number(rows[0]?.other_hosts ?? 0);
  const hostCount = sums.reduce((sum, row) => sum + (row.subject === 'host' ? row.count : 0), 0);
  const named =
    otherCount * 2 > hostCount
      ? { condition, isLeftOut: false }
      : { condition: others, isLeftOut: true };
  return { sums: otherCount === 0 ? sums : null, named };
}

/** In one statement, so that nothing is counted in between its parts. */
async function readSums(
  { db }: Sql,
  { condition, isLeftOut }: Named,
  areProblems: boolean,
): Promise<BucketCount[]> {
  const bucket = ['is_active', 'state', 'state_type', 'is_handled'] as const;
  const named = db
    .selectFrom('host_tally')
    .select((eb) => [
      ...bucket,
      raw<number>`${raw.lit(isLeftOut ? -1 : 1)} * ${eb.fn.sum('host_tally.count')}`.as('count'),
    ])
    .where('host_tally.subject', '=', 'check')
    .$if(areProblems, (query) => query.where('host_tally.state', '>', 0))
    // One pass over a narrow index, not a look into it for each host.
    .where(
      raw`coalesce(host_tally.host_id, '')`,
      'in',
      db.selectFrom('host').select('host.id').where(condition),
    )
    .groupBy([...bucket]);
  const all = db
    .selectFrom('tally')
    .select([...bucket, 'tally.count'])
    .where('tally.subject', '=', 'check');
  const rows = await (isLeftOut ? all.unionAll(named) : named).execute();
  return rows.map((row) => toBucketCount({ subject: 'check', ...row }));
}

/**
 * Which of these hosts are summed. A host that is gone is nobody's name: where all but some are summed,
 * its checks are among them until it is counted as gone.
 */
async function listMeant(
  { db }: Sql,
  { condition, isLeftOut }: Named,
  hostIds: readonly string[],
): Promise<readonly string[]> {
  if (hostIds.length === 0) return [];
  const rows = await db
    .selectFrom('host')
    .select('host.id')
    .where('host.id', 'in', hostIds)
    .where(condition)
    .execute();
  const named = new Set(rows.map(({ id }) => id));
  return hostIds.filter((id) => named.has(id) !== isLeftOut);
}

/** The sums as they were counted in last: near enough to choose a way to read by. */
export async function readTally({ db }: Sql): Promise<BucketCount[]> {
  return (await db.selectFrom('tally').selectAll('tally').execute()).map(toBucketCount);
}

/** What these hosts are counted in as. */
export async function readCounted({ db }: Sql, hostIds: readonly string[]): Promise<HostCount[]> {
  const rows = await db
    .selectFrom('host_tally')
    .selectAll('host_tally')
    .where('host_tally.host_id', 'in', hostIds)
    .execute();
  return rows.map((row) => ({ host_id: row.host_id, ...toBucketCount(row) }));
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

/** Each host of the site or of the counts, some at a time, in the order of their ids. */
export async function* listHostIds({ db }: Sql): AsyncGenerator<string[]> {
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
