/** Subnets and their discoveries in a real database, for tests of the roles. */

import { randomUUID } from 'node:crypto';
import type { Database } from '../src/database/database.ts';
import { changeConfiguration } from '../src/database/queries/configuration.ts';
import { countSlice, lockForSlice } from '../src/database/queries/discovery-progress.ts';
import { subnetQueries } from '../src/database/queries/subnets.ts';
import type { Stored, Subnet } from '../src/model/objects.ts';

const ORIGIN = { at: 1, actor: 'test' };

/** Adds a subnet: 254 addresses without automatic discovery, unless `fields` say otherwise. */
export async function addSubnet(
  database: Database,
  name: string,
  fields: Partial<Subnet> = {},
): Promise<Stored<Subnet>> {
  const spec: Subnet = {
    name,
    cidr: '192.0.2.0/24',
    exclude: [],
    suites: [],
    autoDiscovery: false,
    intervalMs: 600_000,
    zone: 'default',
    description: '',
    ...fields,
  };
  const { result } = await changeConfiguration(database, ORIGIN, async (change) => {
    const id = randomUUID();
    await subnetQueries.insert(change, id, spec);
    return subnetQueries.find(change, id);
  });
  if (!result) throw new Error('the subnet was not added');
  return result;
}

/** Changes fields of a subnet. */
export async function changeSubnet(
  database: Database,
  { id, spec }: Stored<Subnet>,
  fields: Partial<Subnet>,
): Promise<void> {
  await changeConfiguration(database, ORIGIN, (change) =>
    subnetQueries.update(change, id, { ...spec, ...fields }),
  );
}

/** Deletes a subnet. */
export async function deleteSubnet(database: Database, { id }: Stored<Subnet>): Promise<void> {
  await changeConfiguration(database, ORIGIN, (change) => subnetQueries.delete(change, id));
}

/** Counts slices of a discovery as grey does, with nothing found; how many counted. */
export async function countSlices(
  database: Database,
  discovery: string,
  slices: readonly number[],
): Promise<number> {
  let counted = 0;
  for (const slice of slices) {
    await database.transaction(async (sql) => {
      const locked = await lockForSlice(sql, discovery, slice);
      if (!locked) return;
      const outcome = { slice, scanned: locked.sliceSize, answered: [], added: [], known: [] };
      await countSlice(sql, locked, outcome);
      counted++;
    });
  }
  return counted;
}
