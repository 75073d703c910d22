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

/**
 * Counts everything. Hosts in maintenance are few, so their checks are taken off the count of all, which
 * reads nothing but an index.
 */
export async function readTotals({ db }: Sql): Promise<Totals> {
  const count = sql<number>`count(*)`.as('count');
  const all = await db
    .selectFrom('check_state')
    .select(['check_state.state', count])
    .groupBy('check_state.state')
    .execute();
  const inMaintenance = await db
    .selectFrom('host')
    .crossJoin('check_pair')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .select(['check_state.state', count])
    .whereRef('check_pair.host_id', '=', 'host.id')
    .where('host.maintenance', '=', 1)
    .groupBy('check_state.state')
    .execute();
  const pairs = await db.selectFrom('check_pair').select(count).executeTakeFirstOrThrow();
  const checksAll = Number(pairs.count);
  const states = { ok: 0, warning: 0, critical: 0, unknown: 0, pending: checksAll };
  for (const row of all) {
    states[nameOf(row.state)] += Number(row.count);
    states.pending -= Number(row.count);
  }
  for (const row of inMaintenance) states[nameOf(row.state)] -= Number(row.count);
  const hosts = await db
    .selectFrom('host')
    .select([
      sql<number>`count(*)`.as('all'),
      sql<number>`coalesce(sum(case when host.maintenance = 0 then 1 else 0 end), 0)`.as('active'),
    ])
    .executeTakeFirstOrThrow();
  const pinged = await db
    .selectFrom('plugin')
    .crossJoin('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .whereRef('check_pair.plugin_id', '=', 'plugin.id')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .select('check_pair.host_id')
    .where('host.maintenance', '=', 0)
    .where(({ or, eb }) =>
      or([eb('plugin.builtin', '=', 'ping'), eb('plugin.script', '=', 'check_ping')]),
    )
    .groupBy('check_pair.host_id')
    .having(sql<boolean>`max(coalesce(check_state.state, 9)) = 0`)
    .execute();
  return {
    states,
    checksAll,
    checksActive: Object.values(states).reduce((sum, value) => sum + value, 0),
    hostsAll: Number(hosts.all),
    hostsActive: Number(hosts.active),
    hostsActiveUp: pinged.length,
  };
}

function nameOf(code: number | null): StateName {
  return code === null ? 'pending' : (CHECK_STATES[code] ?? 'unknown');
}
