/** What hosts and their checks count as: the tables themselves, read for some hosts. */

import { sql } from 'kysely';
import type { Sql } from '../database.ts';
import type { Flag } from '../schema.ts';
import { HAS_HOST_CHECK } from './host-filters.ts';
import { readTogether } from './read-together.ts';
import { CHECK_PROBLEM_CODES, HOST_PROBLEM_CODES, toStateCode } from './state-codes.ts';
import { chunksOf } from './upsert.ts';

/** What is counted together. */
export interface Bucket {
  readonly subject: 'host' | 'check';
  /** 0 in maintenance. */
  readonly is_active: Flag;
  /** A number of `state-codes.ts`; `NO_STATE` before the first result. */
  readonly state: number;
  /** Index into `STATE_TYPES`. */
  readonly state_type: number;
  /** Acknowledged, in downtime, or a problem of a check whose host is not up. */
  readonly is_handled: Flag;
}

/** So many of a host are in a bucket. */
export interface HostCount extends Bucket {
  readonly host_id: string;
  readonly count: number;
}

/** The state of what has none yet. */
export const NO_STATE = -1;

/** Index into `STATE_TYPES`. */
const HARD = 1;
const HOSTS_AT_ONCE = 2_000;

/** A bucket as text, the same for the same bucket. */
export function bucketKey(bucket: Bucket): string {
  const { subject, is_active, state, state_type, is_handled } = bucket;
  return `${subject} ${is_active} ${state} ${state_type} ${is_handled}`;
}

/** What these hosts and their checks count as now. Cost: their checks, found by index. */
export async function countHosts(sql: Sql, hostIds: readonly string[]): Promise<HostCount[]> {
  const counts: HostCount[] = [];
  for (const chunk of chunksOf(hostIds, HOSTS_AT_ONCE)) {
    const [checks, hosts] = await readTogether(sql, [
      () => countChecksOf(sql, chunk),
      () => readHostStates(sql, chunk),
    ]);
    counts.push(...checks, ...hosts);
  }
  return counts;
}

/** The same of their checks alone. */
export async function countChecksOf({ db }: Sql, hostIds: readonly string[]): Promise<HostCount[]> {
  const codes = (list: readonly number[]) => sql.join(list.map((code) => sql.lit(code)));
  const isHandled = sql<number>`case when check_memory.is_acknowledged = 1
    or check_memory.is_in_downtime = 1
    or check_state.state in (${codes(CHECK_PROBLEM_CODES)}) and own_state.state in (${codes(HOST_PROBLEM_CODES)})
    then 1 else 0 end`;
  const rows = await db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .leftJoin('check_memory', 'check_memory.check_id', 'check_pair.check_id')
    .leftJoin('check_pair as own', (join) =>
      join.onRef('own.host_id', '=', 'host.id').on('own.plugin_id', 'is', null),
    )
    .leftJoin('check_state as own_state', 'own_state.check_id', 'own.check_id')
    .where('check_pair.host_id', 'in', hostIds)
    .where('check_pair.plugin_id', 'is not', null)
    .select([
      'check_pair.host_id',
      'host.maintenance',
      'check_state.state',
      'check_state.state_type',
      isHandled.as('is_handled'),
      sql<number>`count(*)`.as('count'),
    ])
    .groupBy([
      'check_pair.host_id',
      'host.maintenance',
      'check_state.state',
      'check_state.state_type',
      isHandled,
    ])
    .execute();
  return rows.map((row) => ({
    host_id: row.host_id,
    subject: 'check',
    is_active: row.maintenance === 1 ? 0 : 1,
    state: row.state ?? NO_STATE,
    state_type: row.state_type ?? HARD,
    is_handled: Number(row.is_handled) === 1 ? 1 : 0,
    count: Number(row.count),
  }));
}

/** One row for each host: its own state; without a result what it is assumed to be. */
async function readHostStates({ db }: Sql, hostIds: readonly string[]): Promise<HostCount[]> {
  const hosts = await db
    .selectFrom('host')
    .leftJoin('check_pair', (join) =>
      join.onRef('check_pair.host_id', '=', 'host.id').on('check_pair.plugin_id', 'is', null),
    )
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .leftJoin('check_memory', 'check_memory.check_id', 'check_pair.check_id')
    .where('host.id', 'in', hostIds)
    .select([
      'host.id',
      'host.maintenance',
      'check_state.state',
      'check_state.state_type',
      'check_memory.is_acknowledged',
      'check_memory.is_in_downtime',
      sql<number>`case when ${HAS_HOST_CHECK} then 1 else 0 end`.as('has_host_check'),
    ])
    .execute();
  return hosts.map((host) => ({
    host_id: host.id,
    subject: 'host',
    is_active: host.maintenance === 1 ? 0 : 1,
    state: host.state ?? (Number(host.has_host_check) === 1 ? NO_STATE : toStateCode('up')),
    state_type: host.state_type ?? HARD,
    is_handled: host.is_acknowledged === 1 || host.is_in_downtime === 1 ? 1 : 0,
    count: 1,
  }));
}
