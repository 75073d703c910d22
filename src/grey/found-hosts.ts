/** Which of the addresses that answered are new hosts, and what these are to be called. Pure. */

import { isHostName } from '../lib/ip.ts';

/** The longest name of a host. */
const MAX_NAME_LENGTH = 100;

/** A host that is there already. */
interface KnownHost {
  readonly name: string;
  readonly address: string;
}

/** An address that is no host yet, and its name, which no other host has. */
export interface Found {
  readonly address: string;
  readonly name: string;
}

/** What answered, told apart. */
export interface Judgement {
  readonly fresh: readonly Found[];
  /** Names of hosts that are there already. */
  readonly known: readonly string[];
}

/**
 * Tells new addresses from known ones. `hosts` are those that have an address or a DNS name of
 * `answered` as name or address. An address is known when a host has it, or its DNS name, as its
 * address, or is called by it. A new host is called by its DNS name, else (there is none, or another
 * host has it) by its address. An address that is given twice counts once.
 */
export function judgeFound(
  answered: readonly { readonly address: string; readonly name: string | null }[],
  hosts: readonly KnownHost[],
): Judgement {
  const nameByAddress = new Map(hosts.map(({ name, address }) => [address, name]));
  const names = new Set(hosts.map(({ name }) => name));
  const fresh = new Map<string, Found>();
  const known = new Set<string>();
  for (const { address, name: dnsName } of answered) {
    if (fresh.has(address)) continue;
    const own =
      nameByAddress.get(address) ?? (dnsName === null ? undefined : nameByAddress.get(dnsName));
    if (own !== undefined || names.has(address)) {
      known.add(own ?? address);
      continue;
    }
    const name = dnsName !== null && isUsable(dnsName) && !names.has(dnsName) ? dnsName : address;
    names.add(name);
    fresh.set(address, { address, name });
  }
  return { fresh: [...fresh.values()], known: [...known] };
}

function isUsable(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && isHostName(name);
}
