/** The checks of hosts that are not up, which may be left out for that. */

import type { Sql } from '../database.ts';
import { listHostChecks } from './host-states.ts';
import { HOST_PROBLEM_CODES } from './state-codes.ts';
import { chunksOf } from './upsert.ts';

/** A check of a host that is not up. */
export interface GroundedCheck {
  readonly checkId: number;
  readonly hostId: string;
  readonly pluginId: string;
}

/** The hosts by the objects that have their states. */
export async function listHostsByObject({ db }: Sql): Promise<Map<number, string>> {
  const rows = await db
    .selectFrom('check_pair')
    .select(['check_pair.check_id', 'check_pair.host_id'])
    .where('check_pair.plugin_id', 'is', null)
    .execute();
  return new Map(rows.map((row) => [row.check_id, row.host_id]));
}

/** Of those of these hosts that are not up; of all with null. Host checks are none of them. */
export async function listGroundedChecks(
  sql: Sql,
  hostIds: readonly string[] | null,
): Promise<GroundedCheck[]> {
  const notUp = await listHostsNotUp(sql, hostIds);
  const grounded: GroundedCheck[] = [];
  for (const chunk of chunksOf(notUp, 1_000)) {
    const hostChecks = await listHostChecks(sql, chunk);
    const rows = await sql.db
      .selectFrom('check_pair')
      .select(['check_pair.check_id', 'check_pair.host_id', 'check_pair.plugin_id'])
      .where('check_pair.host_id', 'in', chunk)
      .execute();
    for (const { check_id: checkId, host_id: hostId, plugin_id: pluginId } of rows) {
      if (pluginId === null || hostChecks.get(hostId)?.checkId === checkId) continue;
      grounded.push({ checkId, hostId, pluginId });
    }
  }
  return grounded;
}

async function listHostsNotUp(
  { db }: Sql,
  hostIds: readonly string[] | null,
): Promise<readonly string[]> {
  const query = db
    .selectFrom('check_state')
    .innerJoin('check_pair', 'check_pair.check_id', 'check_state.check_id')
    .select('check_pair.host_id')
    .where('check_pair.plugin_id', 'is', null)
    .where('check_state.state', 'in', HOST_PROBLEM_CODES);
  if (hostIds === null) return (await query.execute()).map((row) => row.host_id);
  const found: string[] = [];
  for (const chunk of chunksOf(hostIds, 1_000)) {
    const rows = await query.where('check_pair.host_id', 'in', chunk).execute();
    found.push(...rows.map((row) => row.host_id));
  }
  return found;
}
