/** Hosts over HTTP: their defaults, and what they may not collide with. */

import { reverse } from 'node:dns/promises';
import { type HostInput, HostInputSchema } from '../../contract/hosts.ts';
import type { Sql } from '../../database/database.ts';
import { readHostStates } from '../../database/queries/host-states.ts';
import { hostQueries } from '../../database/queries/hosts.ts';
import { pluginQueries } from '../../database/queries/plugins.ts';
import { subnetQueries } from '../../database/queries/subnets.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/instant.ts';
import { isHostName, parseIpAddress } from '../../lib/ip.ts';
import { mapValues } from '../../lib/map-values.ts';
import { DEFAULT_HOST_POLICY } from '../../model/check-policy.ts';
import { Conflict, InvalidInput } from '../../model/errors.ts';
import type { Host } from '../../model/objects.ts';
import type { CheckOverride } from '../../model/overrides.ts';
import { createEditor, type Editor } from './editing.ts';
import { readStatePolicy, refuseCrossed, toMs, toSeconds } from './state-policy.ts';

/** A name server that is slower than this is not waited for. */
const REVERSE_LOOKUP_MS = 2_000;

/** Creates the editor of hosts. */
export function createHostEditor(context: { readonly clock: Clock }): Editor<Host> {
  return createEditor<Host, HostInput>({
    queries: hostQueries,
    input: HostInputSchema,
    memberships: ['suites', 'parents'],
    toJson: ({ policy, overrides, ...spec }) => {
      const { retryIntervalMs, ...rest } = policy;
      return {
        ...spec,
        ...rest,
        retryInterval: toSeconds(retryIntervalMs),
        overrides: mapValues(overrides, overrideToJson),
      };
    },
    observed: { fields: OBSERVED_FIELDS, read: readObserved },
    async toSpec(input) {
      const address = readAddress(input.address);
      return {
        name: input.name ?? (await findName(address, context.clock)),
        address,
        login: input.login ?? 'violet',
        sshPort: input.sshPort ?? 22,
        maintenance: input.maintenance ?? false,
        history: input.history ?? false,
        zone: input.zone ?? 'default',
        subnet: input.subnet ?? null,
        suites: input.suites ?? [],
        hostCheck: input.hostCheck ?? null,
        parents: [...new Set(input.parents ?? [])],
        policy: {
          ...readStatePolicy(input, DEFAULT_HOST_POLICY),
          flapStates: [...new Set(input.flapStates ?? DEFAULT_HOST_POLICY.flapStates)],
          stalking: [...new Set(input.stalking ?? DEFAULT_HOST_POLICY.stalking)],
        },
        eventHandlerPeriod: input.eventHandlerPeriod ?? null,
        overrides: mapValues(input.overrides ?? {}, readOverride),
        labels: input.labels ?? {},
        vars: input.vars ?? {},
      };
    },
    // A host that is given only a subnet gets what hosts found there get.
    async complete(sql, spec, given) {
      if (spec.subnet === null || given.has('suites')) return spec;
      const subnet = await subnetQueries.find(sql, spec.subnet);
      return { ...spec, suites: subnet?.spec.suites ?? [] };
    },

    async refuseCollision(sql, spec, id) {
      await refuseStrangeHostCheck(sql, spec, id);
      const sameName = await hostQueries.find(sql, spec.name);
      if (sameName && sameName.id !== id && sameName.spec.name === spec.name) {
        throw new Conflict(`There is a host "${spec.name}" already.`);
      }
      const sameAddress = await hostQueries.find(sql, spec.address);
      if (sameAddress && sameAddress.id !== id && sameAddress.spec.address === spec.address) {
        throw new Conflict(
          `The host "${sameAddress.spec.name}" has the address ${spec.address} already.`,
        );
      }
    },
  });
}

/** Throws `InvalidInput` when a host names a host check anew that is not of its suites. */
async function refuseStrangeHostCheck(sql: Sql, spec: Host, id: string | null): Promise<void> {
  const { hostCheck } = spec;
  const before = id === null ? undefined : await hostQueries.find(sql, id);
  if (hostCheck === null || before?.spec.hostCheck === hostCheck) return;
  const plugin = await pluginQueries.find(sql, hostCheck);
  if (plugin === undefined || plugin.spec.suites.some((suite) => spec.suites.includes(suite)))
    return;
  const message = `"${hostCheck}" is not a plugin of its suites`;
  throw new InvalidInput([{ path: '/hostCheck', message }]);
}

const OBSERVED_FIELDS = ['state', 'lastStateChange', 'acknowledged', 'inDowntime'];

/** What grey knows of these hosts, for people who look at them. */
async function readObserved(sql: Sql, ids: readonly string[]) {
  const states = await readHostStates(sql, ids);
  return new Map(
    [...states].map(([id, { state, run, acknowledged, inDowntime }]) => {
      const lastStateChange = run === null ? null : formatInstant(run.lastStateChangeAt);
      return [id, { state, lastStateChange, acknowledged, inDowntime }];
    }),
  );
}

type OverrideInput = NonNullable<HostInput['overrides']>[string];

function readOverride(input: OverrideInput, plugin: string): CheckOverride {
  refuseCrossed(input, `/overrides/${plugin}`);
  const { interval, timeout, retryInterval, ...numbers } = input;
  return {
    ...numbers,
    ...(interval === undefined ? {} : { intervalMs: Math.round(interval * 1_000) }),
    ...(timeout === undefined ? {} : { timeoutMs: Math.round(timeout * 1_000) }),
    ...(retryInterval === undefined ? {} : { retryIntervalMs: toMs(retryInterval) }),
  };
}

function overrideToJson(override: CheckOverride): OverrideInput {
  const { intervalMs, timeoutMs, retryIntervalMs, ...numbers } = override;
  return {
    ...numbers,
    ...(intervalMs === undefined ? {} : { interval: intervalMs / 1_000 }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs / 1_000 }),
    ...(retryIntervalMs === undefined ? {} : { retryInterval: toSeconds(retryIntervalMs) }),
  };
}

function readAddress(text: string): string {
  const address = parseIpAddress(text) ?? (isHostName(text) ? text.toLowerCase() : undefined);
  if (address !== undefined) return address;
  const message = 'must be an IPv4 or IPv6 address or a DNS name';
  throw new InvalidInput([{ path: '/address', message }]);
}

/** The name of a host that was given none: what the name server calls it, else its address. */
async function findName(address: string, clock: Clock): Promise<string> {
  if (parseIpAddress(address) === undefined) return address;
  const stop = new AbortController();
  const names = await Promise.race([
    reverse(address).catch(() => []),
    sleep(clock, REVERSE_LOOKUP_MS, stop.signal).then(() => []),
  ]);
  stop.abort();
  return names.find(isHostName) ?? address;
}
