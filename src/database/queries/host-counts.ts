/** What hosts and their checks count as: the tables themselves, read for some hosts. */

import { sql } from 'kysely';
import type { Sql } from '../database.ts';
import type { Flag } from '../schema.ts';
import { chunksOf } from './upsert.ts';

/** What is counted together. */
export interface Bucket {
  readonly subject: 'host' | 'check';
  /** 0 in maintenance. */
  readonly is_active: Flag;
  /** Index into `HOST_STATES` or `CHECK_STATES`; `NO_STATE` before the first result. */
  readonly state: number;
  /** Index into `STATE_TYPES`. */
  readonly state_type: number;
  /** Acknowledged or in downtime. */
  readonly is_handled: Flag;
}

/** So many of a host are in a bucket. */
export interface HostCount extends Bucket {
  readonly host_id: string;
  readonly count: number;
}

/** The state of what has none yet. */
export const NO_STATE = -1;

/** Index into `HOST_STATES`. */
const UP = 0;
const DOWN = 1;
/** Index into `STATE_TYPES`. */
const HARD = 1;
/** The exit code from which on a host check finds its host down. */
const DOWN_FROM = 2;
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
    counts.push(...(await countChecksOf(sql, chunk)), ...(await readHostStates(sql, chunk)));
  }
  return counts;
}

async function countChecksOf({ db }: Sql, hostIds: readonly string[]): Promise<HostCount[]> {
  const isHandled = sql<number>`case when check_memory.is_acknowledged = 1
    or check_memory.is_in_downtime = 1 then 1 else 0 end`;
  const rows = await db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .leftJoin('check_memory', 'check_memory.check_id', 'check_pair.check_id')
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

/** One row for each host: its own state where it has one, else what its `ping` checks say. */
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
    ])
    .execute();
  const pings = await readPings({ db }, hostIds);
  return hosts.map((host) => ({
    host_id: host.id,
    subject: 'host',
    is_active: host.maintenance === 1 ? 0 : 1,
    state: host.state ?? pings.get(host.id) ?? NO_STATE,
    state_type: host.state_type ?? HARD,
    is_handled: host.is_acknowledged === 1 || host.is_in_downtime === 1 ? 1 : 0,
    count: 1,
  }));
}

/** Hosts with `ping` checks: up when all are OK, down when one is critical, else not settled. */
async function readPings(
  { db }: Pick<Sql, 'db'>,
  hostIds: readonly string[],
): Promise<Map<string, number>> {
  const worst = sql<number>`max(coalesce(check_state.state, 1))`;
  const rows = await db
    .selectFrom('check_pair')
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .where('check_pair.host_id', 'in', hostIds)
    .where(({ or, eb }) =>
      or([eb('plugin.builtin', '=', 'ping'), eb('plugin.script', '=', 'check_ping')]),
    )
    .groupBy('check_pair.host_id')
    .select(['check_pair.host_id', worst.as('worst')])
    .execute();
  const stateOf = (code: number) => {
    if (code === 0) return UP;
    return code >= DOWN_FROM ? DOWN : NO_STATE;
  };
  return new Map(rows.map((row) => [row.host_id, stateOf(Number(row.worst))]));
}
