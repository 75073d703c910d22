/** Totals over all checks and hosts, for `/status` and the common statistics. */

import { sql } from 'kysely';
import { CHECK_STATES, type StateName } from '../../model/check.ts';
import type { HostViewState } from '../../model/host-state.ts';
import type { Sql } from '../database.ts';
import { HOST_STATE_CODE } from './host-filters.ts';
import { readHostCode } from './state-codes.ts';

/** How many there are of what. "Active" leaves out hosts in maintenance and their checks. */
export interface Totals {
  /** Active checks by state. */
  readonly states: Readonly<Record<StateName, number>>;
  readonly checksAll: number;
  readonly checksActive: number;
  /** Hosts, active ones, and these by state; one without a host check counts as up. */
  readonly hosts: Readonly<Record<HostViewState | 'all' | 'active', number>>;
}

/** Counts everything. Cost: one pass over the checks. */
export async function readTotals({ db }: Sql): Promise<Totals> {
  const stateRows = await db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .select(['check_state.state', sql<number>`count(*)`.as('count')])
    .where('host.maintenance', '=', 0)
    .where('check_pair.plugin_id', 'is not', null)
    .groupBy('check_state.state')
    .execute();
  const states: Record<StateName, number> = {
    ok: 0,
    warning: 0,
    critical: 0,
    unknown: 0,
    pending: 0,
  };
  for (const row of stateRows) {
    const name = row.state === null ? 'pending' : (CHECK_STATES[row.state] ?? 'unknown');
    states[name] += Number(row.count);
  }
  const hostRows = await db
    .selectFrom('host')
    .select(['host.maintenance', HOST_STATE_CODE.as('code'), sql<number>`count(*)`.as('count')])
    .groupBy(['host.maintenance', 'code'])
    .execute();
  const hosts = { all: 0, active: 0, up: 0, down: 0, unreachable: 0, pending: 0 };
  for (const row of hostRows) {
    const hostCount = Number(row.count);
    hosts.all += hostCount;
    if (row.maintenance === 1) continue;
    hosts.active += hostCount;
    hosts[row.code < 0 ? 'pending' : readHostCode(row.code)] += hostCount;
  }
  const { count } = await db
    .selectFrom('check_pair')
    .select(sql<number>`count(*)`.as('count'))
    .where('check_pair.plugin_id', 'is not', null)
    .executeTakeFirstOrThrow();
  return {
    states,
    checksAll: Number(count),
    checksActive: Object.values(states).reduce((sum, value) => sum + value, 0),
    hosts,
  };
}
