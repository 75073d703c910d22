/**
 * What a check or host depends on as its rules see it: of this batch's states where it has them, else
 * from the database, since it may be another grey's.
 */

import type { Sql } from '../database/database.ts';
import { type MasterSight, readMasterSights } from '../database/queries/master-states.ts';
import type { HostFacts } from '../database/queries/object-facts.ts';
import { DEPENDENCY_KINDS } from '../model/dependency.ts';
import type { Dependency, MasterGlimpse } from '../nagios/state/dependencies.ts';
import type { ParentGlimpse } from '../nagios/state/reachability.ts';
import {
  formatObjectKey,
  type ObjectKey,
  type SiteDependencies,
} from '../nagios/state/site-dependencies.ts';
import type { Remembered } from './memory.ts';
import type { MonitoredObject } from './policies.ts';

const NO_DEPENDENCIES: readonly Dependency[] = [];
const NO_PARENTS: readonly ParentGlimpse[] = [];

/** What is known of masters. */
export interface KnownMasters {
  readonly dependencies: SiteDependencies;
  /** By `formatObjectKey`; one that is not there was not looked at, or does not exist. */
  readonly sights: ReadonlyMap<string, MasterSight>;
}

/** How dependencies call a check or host. */
export function keyOf(of: MonitoredObject | HostFacts): ObjectKey {
  if (!('kind' in of)) return { hostId: of.id, pluginId: null };
  return { hostId: of.host.id, pluginId: of.kind === 'check' ? of.check.pluginId : null };
}

/** What is seen of all that these objects depend on. */
export async function readSights(
  sql: Sql,
  dependencies: SiteDependencies,
  objects: readonly ObjectKey[],
): Promise<ReadonlyMap<string, MasterSight>> {
  const masters = new Map<string, ObjectKey>();
  for (const one of objects) {
    for (const master of dependencies.mastersOf(one, DEPENDENCY_KINDS)) {
      masters.set(formatObjectKey(master), master);
    }
  }
  if (masters.size === 0) return new Map();
  const sights = await readMasterSights(sql, [...masters.values()]);
  return new Map(sights.map((sight) => [formatObjectKey(sight), sight]));
}

/** The notification dependencies of an object; `findOwn`: what this batch knows of a master. */
export function lookAtMasters(
  key: ObjectKey,
  { dependencies, sights }: KnownMasters,
  findOwn: (objectId: number) => Remembered | undefined,
): readonly Dependency[] {
  if (sights.size === 0) return NO_DEPENDENCIES;
  return dependencies.resolve(key, 'notification', (master) => {
    const sight = sights.get(formatObjectKey(master));
    return sight && glimpseOf(sight, findOwn(sight.objectId));
  });
}

/** The parents of a check, as `lookAtMasters`. */
export function lookAtParentChecks(
  key: ObjectKey,
  { dependencies, sights }: KnownMasters,
  findOwn: (objectId: number) => Remembered | undefined,
): readonly ParentGlimpse[] {
  if (sights.size === 0) return NO_PARENTS;
  const parents = dependencies.parentsOf(key, (master) => {
    const sight = sights.get(formatObjectKey(master));
    return sight && glimpseOf(sight, findOwn(sight.objectId));
  });
  return parents.map(({ state }) => ({ isGood: state === 'ok', checkedAt: null }));
}

/** The checks that tell the states of what an object depends on. */
export function listMasterChecks(
  key: ObjectKey,
  { dependencies, sights }: KnownMasters,
): readonly number[] {
  return dependencies.mastersOf(key, DEPENDENCY_KINDS).flatMap((master) => {
    return sights.get(formatObjectKey(master))?.checkId ?? [];
  });
}

function glimpseOf(sight: MasterSight, own: Remembered | undefined): MasterGlimpse {
  const { name: id, checkId } = sight;
  if (own === undefined) return { ...sight, id };
  const { state, stateType, lastHardState, scheduledAt } = own.state;
  const isPending = scheduledAt === null && (own.kind === 'check' || checkId !== null);
  return { id, state, stateType, lastHardState, isPending };
}
