/** A host's parents as its rules see them: of this batch's states where it has them, else from outside. */

import type { HostSight } from '../database/queries/host-neighbours.ts';
import type { HostFacts } from '../database/queries/object-facts.ts';
import type { ParentHostGlimpse } from '../nagios/state/reachability.ts';
import type { Remembered, RememberedHost } from './memory.ts';
import type { MonitoredObject } from './policies.ts';

const NO_PARENTS: readonly ParentHostGlimpse[] = [];

/** What is known of parents. */
export interface KnownParents {
  readonly parents: ReadonlyMap<string, HostFacts>;
  readonly sights: ReadonlyMap<string, HostSight>;
}

/** The parents of a host; `findOwn`: what this grey remembers of one, if it is its own. */
export function lookAtParents(
  host: HostFacts,
  { parents, sights }: KnownParents,
  findOwn: (parent: HostFacts) => RememberedHost | undefined,
): readonly ParentHostGlimpse[] {
  if (host.parentIds.length === 0) return NO_PARENTS;
  return host.parentIds.flatMap((id) => {
    const parent = parents.get(id);
    if (parent === undefined) return [];
    const { hostCheck } = parent;
    const { state, checkedAt, waitsUntil } = readSight(findOwn(parent), sights.get(id));
    return {
      isGood: state === 'up',
      checkedAt: hostCheck === null ? null : (checkedAt ?? 0),
      answersWithinMs: hostCheck?.timeoutMs ?? 0,
      waitsUntil,
    };
  });
}

function readSight(own: RememberedHost | undefined, sight: HostSight | undefined) {
  if (own === undefined) return sight ?? { state: 'up', checkedAt: null, waitsUntil: null };
  const { state, checkedAt } = own.state;
  return { state, checkedAt, waitsUntil: own.held?.until ?? null };
}

/** The hosts of a batch whose parents may matter. */
export function selectHostsToLookAbove(
  inputs: readonly { readonly object: MonitoredObject; readonly isEventful: boolean }[],
  before: ReadonlyMap<number, Remembered>,
): Map<string, HostFacts> {
  const selected = new Map<string, HostFacts>();
  for (const { object, isEventful } of inputs) {
    const { host } = object;
    if (host.parentIds.length === 0 || selected.has(host.id)) continue;
    const known = before.get(host.objectId);
    const isCalm = known?.kind !== 'host' || (known.state.state === 'up' && known.held === null);
    if (isEventful || !isCalm) selected.set(host.id, host);
  }
  return selected;
}
