/** The states and values of all checks, for `/metrics`. */

import { sql } from 'kysely';
import type { Perfdatum } from '../../model/check.ts';
import type { Sql } from '../database.ts';

/** A check's latest result in figures. */
export interface CheckFigures {
  readonly host: string;
  readonly plugin: string;
  /** Index into `CHECK_STATES`. */
  readonly state: number;
  readonly perfdata: readonly Perfdatum[];
}

/** The first `limit` checks of hosts not in maintenance that have a state, the oldest checks first. */
export async function listCheckFigures({ db }: Sql, limit: number): Promise<CheckFigures[]> {
  const rows = await db
    .selectFrom('check_state')
    .innerJoin('check_pair', 'check_pair.check_id', 'check_state.check_id')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .select(['host.name as host', 'plugin.name as plugin'])
    .select(['check_state.state', 'check_state.perfdata'])
    .where('host.maintenance', '=', 0)
    .orderBy('check_state.check_id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, perfdata: JSON.parse(row.perfdata) as Perfdatum[] }));
}

/** How many checks have a state, of hosts not in maintenance. */
export async function countCheckFigures({ db }: Sql): Promise<number> {
  const { count } = await db
    .selectFrom('check_state')
    .innerJoin('check_pair', 'check_pair.check_id', 'check_state.check_id')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .select(sql<number>`count(*)`.as('count'))
    .where('check_pair.plugin_id', 'is not', null)
    .where('host.maintenance', '=', 0)
    .executeTakeFirstOrThrow();
  return Number(count);
}
