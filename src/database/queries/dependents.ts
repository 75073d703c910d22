/** The checks that would be run of what depends on something. */

import type { Sql } from '../database.ts';
import type { LinkedDependency } from './dependencies.ts';
import { listHostChecks } from './host-states.ts';

/** What depends, and the check that would be run of it. */
export interface Dependent {
  readonly checkId: number;
  readonly hostId: string;
  /** Null: the host itself, of which its host check would be run. */
  readonly pluginId: string | null;
}

/** What these dependencies are of; each once. Checks as they are, not as dependencies name them. */
export async function listDependents(
  sql: Sql,
  dependencies: readonly Pick<LinkedDependency, 'hostId' | 'pluginId'>[],
): Promise<Dependent[]> {
  const dependents = new Map<string, Dependent>();
  for (const { hostId, pluginId } of dependencies) {
    if (pluginId === null) continue;
    let query = sql.db
      .selectFrom('check_pair')
      .select(['check_pair.check_id', 'check_pair.host_id'])
      .where('check_pair.plugin_id', '=', pluginId);
    if (hostId !== null) query = query.where('check_pair.host_id', '=', hostId);
    for (const row of await query.execute()) {
      const { check_id: checkId, host_id } = row;
      dependents.set(`${checkId}`, { checkId, hostId: host_id, pluginId });
    }
  }
  const hostIds = dependencies.flatMap(({ hostId, pluginId }) =>
    pluginId === null && hostId !== null ? [hostId] : [],
  );
  for (const [hostId, { checkId }] of await listHostChecks(sql, [...new Set(hostIds)])) {
    dependents.set(`${checkId} host`, { checkId, hostId, pluginId: null });
  }
  return [...dependents.values()];
}
