/** The checks that would be run of what depends on something. */

import type { Sql } from '../database.ts';
import type { LinkedDependency } from './dependencies.ts';
import { listHostChecks } from './host-states.ts';

/** What depends, and the check that would be run of it. */
export interface Dependent {
  readonly checkId: number;
  /** Of its state: the check, or the host itself. */
  readonly objectId: number;
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
      dependents.set(`${checkId}`, { checkId, objectId: checkId, hostId: host_id, pluginId });
    }
  }
  const hostIds = dependencies.flatMap(({ hostId, pluginId }) =>
    pluginId === null && hostId !== null ? [hostId] : [],
  );
  const hostChecks = await listHostChecks(sql, [...new Set(hostIds)]);
  for (const { check_id: objectId, host_id: hostId } of await readHostObjects(sql, hostChecks)) {
    const checkId = hostChecks.get(hostId)?.checkId;
    if (checkId === undefined) continue;
    dependents.set(`${checkId} host`, { checkId, objectId, hostId, pluginId: null });
  }
  return [...dependents.values()];
}

async function readHostObjects({ db }: Sql, hostChecks: ReadonlyMap<string, unknown>) {
  if (hostChecks.size === 0) return [];
  return db
    .selectFrom('check_pair')
    .select(['check_pair.check_id', 'check_pair.host_id'])
    .where('check_pair.plugin_id', 'is', null)
    .where('check_pair.host_id', 'in', [...hostChecks.keys()])
    .execute();
}
