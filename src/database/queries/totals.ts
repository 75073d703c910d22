/** Totals over all checks and hosts, for `/status` and the common statistics. */

import { sql as raw } from 'kysely';
import { CHECK_STATES, type StateName } from '../../model/check.ts';
import type { HostViewState } from '../../model/host-state.ts';
import type { Sql } from '../database.ts';
import { HAS_HOST_CHECK } from './host-filters.ts';
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
export async function readTotals(sql: Sql): Promise<Totals> {
  const { db } = sql;
  const stateRows = await db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .select(['check_state.state', raw<number>`count(*)`.as('count')])
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
  const { count } = await db
    .selectFrom('check_pair')
    .select(raw<number>`count(*)`.as('count'))
    .where('check_pair.plugin_id', 'is not', null)
    .executeTakeFirstOrThrow();
  return {
    states,
    checksAll: Number(count),
    checksActive: Object.values(states).reduce((sum, value) => sum + value, 0),
    hosts: await countHosts(sql),
  };
}

/**
 * Counted by joins: SQLite finds nothing in a subquery for each row when it sorts these to group them.
 */
async function countHosts({ db }: Sql): Promise<Totals['hosts']> {
  const selectHosts = () =>
    db
      .selectFrom('host')
      .innerJoin('check_pair', (join) =>
        join.onRef('check_pair.host_id', '=', 'host.id').on('check_pair.plugin_id', 'is', null),
      )
      .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id');
  const rows = await selectHosts()
    .select(['host.maintenance', 'check_state.state', raw<number>`count(*)`.as('count')])
    .groupBy(['host.maintenance', 'check_state.state'])
    .execute();
  const waiting = await selectHosts()
    .select(raw<number>`count(*)`.as('count'))
    .where('host.maintenance', '=', 0)
    .where('check_state.state', 'is', null)
    .where(HAS_HOST_CHECK)
    .executeTakeFirstOrThrow();
  const pending = Number(waiting.count);
  const hosts = { all: 0, active: 0, up: -pending, down: 0, unreachable: 0, pending };
  for (const { maintenance, state, ...row } of rows) {
    const count = Number(row.count);
    hosts.all += count;
    if (maintenance === 1) continue;
    hosts.active += count;
    // Without a result a host is assumed to be up, but for those that wait for one.
    hosts[state === null ? 'up' : readHostCode(state)] += count;
  }
  return hosts;
}
