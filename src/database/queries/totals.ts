/** Totals over all checks and hosts, for `/status` and the common statistics. */

import { sql as raw } from 'kysely';
import { CHECK_STATES, type StateName } from '../../model/check.ts';
import type { HostViewState } from '../../model/host-state.ts';
import type { Sql } from '../database.ts';
import { HAS_HOST_CHECK } from './host-filters.ts';
import { FIRST_HOST_CODE, readHostCode } from './state-codes.ts';

/** How many there are of what. "Active" leaves out hosts in maintenance and their checks. */
export interface Totals {
  /** Active checks by state. */
  readonly states: Readonly<Record<StateName, number>>;
  readonly checksAll: number;
  readonly checksActive: number;
  /** Hosts, active ones, and these by state; one without a host check counts as up. */
  readonly hosts: Readonly<Record<HostViewState | 'all' | 'active', number>>;
}

/**
 * Counts everything. Hosts in maintenance are few, so their checks are taken off the count of all, which
 * reads nothing but an index.
 */
export async function readTotals(sql: Sql): Promise<Totals> {
  const { db } = sql;
  const count = raw<number>`count(*)`.as('count');
  const all = await db
    .selectFrom('check_state')
    .select(['check_state.state', count])
    .where('check_state.state', '<', FIRST_HOST_CODE)
    .groupBy('check_state.state')
    .execute();
  const inMaintenance = await db
    .selectFrom('host')
    .crossJoin('check_pair')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .select(['check_state.state', count])
    .whereRef('check_pair.host_id', '=', 'host.id')
    .where('host.maintenance', '=', 1)
    .where('check_pair.plugin_id', 'is not', null)
    .groupBy('check_state.state')
    .execute();
  const pairs = await db
    .selectFrom('check_pair')
    .select(count)
    .where('check_pair.plugin_id', 'is not', null)
    .executeTakeFirstOrThrow();
  const checksAll = Number(pairs.count);
  const states = { ok: 0, warning: 0, critical: 0, unknown: 0, pending: checksAll };
  for (const row of all) {
    states[nameOf(row.state)] += Number(row.count);
    states.pending -= Number(row.count);
  }
  for (const row of inMaintenance) states[nameOf(row.state)] -= Number(row.count);
  return {
    states,
    checksAll,
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

function nameOf(code: number | null): StateName {
  return code === null ? 'pending' : (CHECK_STATES[code] ?? 'unknown');
}
