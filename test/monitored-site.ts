/** What configuration says of hosts and checks, for tests of grey that need no database. */

import type { HostFacts } from '../src/database/queries/object-facts.ts';
import type { KnownMasters } from '../src/grey/masters.ts';
import type { CheckObject, HostObject } from '../src/grey/policies.ts';
import {
  type CheckPolicy,
  DEFAULT_HOST_POLICY,
  DEFAULT_POLICY,
} from '../src/model/check-policy.ts';
import { SiteDependencies } from '../src/nagios/state/site-dependencies.ts';

/** A host that nothing checks, with a number for its own state. */
export function hostFacts(name: string, overrides: Partial<HostFacts> = {}): HostFacts {
  return {
    id: `id-of-${name}`,
    name,
    objectId: 1_000,
    policy: DEFAULT_HOST_POLICY,
    eventHandlerPeriodId: null,
    hostCheck: null,
    isInMaintenance: false,
    parentIds: [],
    meanIntervalMs: 60_000,
    ...overrides,
  };
}

/** Nothing depends on anything. */
export const NO_MASTERS: KnownMasters = {
  dependencies: new SiteDependencies([]),
  sights: new Map(),
};

/** A host's own state. */
export function hostObject(host: HostFacts): HostObject {
  return { kind: 'host', id: host.objectId, host };
}

/** A check of a host, by the plugin `p`. */
export function checkObject(
  id: number,
  host: HostFacts,
  policy: Partial<CheckPolicy> = {},
): CheckObject {
  const check = {
    pluginId: 'p',
    plugin: 'p',
    intervalMs: 60_000,
    policy: { ...DEFAULT_POLICY, ...policy },
    eventHandlerPeriodId: null,
    schedule: null,
  };
  return { kind: 'check', id, check, host };
}
