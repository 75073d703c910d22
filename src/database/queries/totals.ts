/** Totals over all checks and hosts, for `/status` and the common statistics. */

import { sql } from 'kysely';
import { CHECK_STATES, type StateName } from '../../model/check.ts';
import type { Sql } from '../database.ts';

/** How many there are of what. "Active" leaves out hosts in maintenance and their checks. */
export interface Totals {
  /** Active checks by state. */
  readonly states: Readonly<Record<StateName, number>>;
  readonly checksAll: number;
  readonly checksActive: number;
  readonly hostsAll: number;
  readonly hostsActive: number;
  /** Active hosts whose `ping` checks are all OK; a host without one is not counted. */
  readonly hostsActiveUp: number;
}

/** Counts everything. Cost: one pass over the checks. */
export async function readTotals({ db }: Sql): Promise<Totals> {
  const stateRows = await db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .select(['check_state.state', sql<number>`count(*)`.as('count')])
    .where('host.maintenance', '=', 0)
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
  const hosts = await db
    .selectFrom('host')
    .select([
      sql<number>`count(*)`.as('all'),
      sql<number>`coalesce(sum(case when host.maintenance = 0 then 1 else 0 end), 0)`.as('active'),
    ])
    .executeTakeFirstOrThrow();
  const pinged = await db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .select('check_pair.host_id')
    .where('host.maintenance', '=', 0)
    .where(({ or, eb }) =>
      or([eb('plugin.builtin', '=', 'ping'), eb('plugin.script', '=', 'check_ping')]),
    )
    .groupBy('check_pair.host_id')
    .having(sql<boolean>`max(coalesce(check_state.state, 9)) = 0`)
    .execute();
  const { count } = await db
    .selectFrom('check_pair')
    .select(sql<number>`count(*)`.as('count'))
    .executeTakeFirstOrThrow();
  return {
    states,
    checksAll: Number(count),
    checksActive: Object.values(states).reduce((sum, value) => sum + value, 0),
    hostsAll: Number(hosts.all),
    hostsActive: Number(hosts.active),
    hostsActiveUp: pinged.length,
  };
}
