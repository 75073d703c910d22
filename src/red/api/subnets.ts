/** Subnets over HTTP: their defaults, and what they may not collide with. */

import { type SubnetInput, SubnetInputSchema } from '../../contract/subnets.ts';
import { subnetQueries } from '../../database/queries/subnets.ts';
import { formatCidr, parseCidr, parseNetmask } from '../../lib/ip.ts';
import { Conflict, type FieldError, InvalidInput } from '../../model/errors.ts';
import type { Subnet } from '../../model/objects.ts';
import { createEditor, type Editor } from './editing.ts';

/** The most addresses that are worth sweeping one by one. */
const MAX_ADDRESSES = 65_536n;

/** Creates the editor of subnets. */
export function createSubnetEditor(): Editor<Subnet> {
  return createEditor<Subnet, SubnetInput>({
    queries: subnetQueries,
    input: SubnetInputSchema,
    memberships: ['suites'],
    toJson: ({ intervalMs, ...spec }) => ({ ...spec, interval: intervalMs / 1_000 }),
    toSpec: async (input) => ({
      name: input.name,
      cidr: readCidr(input),
      exclude: readExclude(input.exclude ?? []),
      suites: input.suites ?? [],
      autoDiscovery: input.autoDiscovery ?? false,
      intervalMs: Math.round((input.interval ?? 1_800) * 1_000),
      zone: input.zone ?? 'default',
      description: input.description ?? '',
    }),
    async refuseCollision(sql, spec, id) {
      const same = await subnetQueries.find(sql, spec.name);
      if (same && same.id !== id) throw new Conflict(`There is a subnet "${spec.name}" already.`);
    },
  });
}

/** From `cidr`, or from `subnet` and `netmask`, which win since only a client sends them. */
function readCidr(input: SubnetInput): string {
  const { path, text } = cidrText(input);
  const network = parseCidr(text);
  if (!network) refuse(path, 'must be a network like 192.168.30.0/24 or 2001:db8::/120');
  if (network.size > MAX_ADDRESSES) {
    const count = `${network.size} addresses`;
    refuse(path, `spans ${count}; at most ${MAX_ADDRESSES} can be swept, so take smaller subnets`);
  }
  return formatCidr(network);
}

function cidrText(input: SubnetInput): { path: string; text: string } {
  if (input.subnet === undefined && input.netmask === undefined) {
    if (input.cidr === undefined) refuse('/cidr', 'is required, or subnet and netmask');
    return { path: '/cidr', text: input.cidr };
  }
  if (input.subnet === undefined) refuse('/subnet', 'is required with netmask');
  if (input.netmask === undefined) refuse('/netmask', 'is required with subnet');
  const length = parseNetmask(input.netmask);
  if (length === undefined) refuse('/netmask', 'must be a netmask like 255.255.255.0');
  return { path: '/subnet', text: `${input.subnet}/${length}` };
}

function readExclude(texts: readonly string[]): string[] {
  const errors: FieldError[] = [];
  const networks = texts.map((text, index) => {
    const network = parseCidr(
      text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`,
    );
    if (network) return formatCidr(network);
    errors.push({ path: `/exclude/${index}`, message: 'must be an address or a network' });
    return '';
  });
  if (errors.length > 0) throw new InvalidInput(errors);
  return networks;
}

function refuse(path: string, message: string): never {
  throw new InvalidInput([{ path, message }]);
}
