/** Hosts over HTTP: their defaults, and what they may not collide with. */

import { reverse } from 'node:dns/promises';
import { type HostInput, HostInputSchema } from '../../contract/hosts.ts';
import { hostQueries } from '../../database/queries/hosts.ts';
import { subnetQueries } from '../../database/queries/subnets.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { isHostName, parseIpAddress } from '../../lib/ip.ts';
import { Conflict, InvalidInput } from '../../model/errors.ts';
import type { Host } from '../../model/objects.ts';
import { createEditor, type Editor } from './editing.ts';

/** A name server that is slower than this is not waited for. */
const REVERSE_LOOKUP_MS = 2_000;

/** Creates the editor of hosts. */
export function createHostEditor(context: { readonly clock: Clock }): Editor<Host> {
  return createEditor<Host, HostInput>({
    queries: hostQueries,
    input: HostInputSchema,
    toJson: (spec) => ({ ...spec }),
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
