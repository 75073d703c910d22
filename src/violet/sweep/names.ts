/** What the name server calls addresses. */

import { Resolver } from 'node:dns/promises';
import { type Clock, sleep } from '../../lib/clock.ts';
import { isHostName } from '../../lib/ip.ts';

/** A name server that is slower than this is not waited for. */
const LIMIT_MS = 3_000;
const TRY_MS = 1_000;
const TRIES = 2;

/** The DNS names of these addresses in lower case; an address without a name is absent. */
export async function findNames(
  addresses: readonly string[],
  { clock }: { readonly clock: Clock },
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  if (addresses.length === 0) return names;
  const resolver = new Resolver({ timeout: TRY_MS, tries: TRIES });
  const ask = async (address: string) => {
    const found = await resolver.reverse(address).catch(() => []);
    const name = found.find(isHostName);
    if (name !== undefined) names.set(address, name.toLowerCase());
  };
  const inTime = new AbortController();
  await Promise.race([Promise.all(addresses.map(ask)), sleep(clock, LIMIT_MS, inTime.signal)]);
  inTime.abort();
  resolver.cancel();
  return new Map(names);
}
