/** Subnets in SQL. */

import type { Selectable } from 'kysely';
import type { Subnet } from '../../model/objects.ts';
import type { SubnetTable } from '../schema.ts';
import { listSuiteNames, replaceSuites, resolveNames } from './memberships.ts';
import { insertedBy, type ObjectQueries, toStored, updatedBy } from './objects.ts';
import { contains, readPage } from './page.ts';

/** A subnet is found by id or name. */
export const subnetQueries: ObjectQueries<Subnet> = {
  kind: 'subnet',

  async find(sql, reference) {
    const row = await sql.db
      .selectFrom('subnet')
      .selectAll('subnet')
      .where(({ or, eb }) =>
        or([eb('subnet.id', '=', reference), eb('subnet.name', '=', reference)]),
      )
      .executeTakeFirst();
    if (!row) return undefined;
    return readSubnet(row, await listSuiteNames(sql, 'subnet', [row.id]));
  },

  async list(sql, page, filters) {
    let query = sql.db.selectFrom('subnet').selectAll('subnet');
    for (const [name, value] of Object.entries(filters)) {
      if (name === 'q') {
        query = query.where(({ or }) =>
          or([contains('subnet.name', value), contains('subnet.cidr', value)]),
        );
      }
      if (name === 'zone') query = query.where('subnet.zone', '=', value);
      if (name === 'autoDiscovery') {
        query = query.where('subnet.auto_discovery', '=', value === 'true' ? 1 : 0);
      }
    }
    const result = await readPage(
      query,
      {
        columns: {
          name: 'subnet.name',
          cidr: 'subnet.cidr',
          createdAt: 'subnet.created_at',
          updatedAt: 'subnet.updated_at',
        },
        tieBreaker: 'subnet.id',
        defaultSort: [{ name: 'name', descending: false }],
      },
      page,
    );
    const rows = result.items as unknown as Selectable<SubnetTable>[];
    const suites = await listSuiteNames(
      sql,
      'subnet',
      rows.map((row) => row.id),
    );
    return { ...result, items: rows.map((row) => readSubnet(row, suites)) };
  },

  async insert(change, id, spec) {
    const suiteIds = await resolveNames(change, 'suite', spec.suites, '/suites');
    await change.db
      .insertInto('subnet')
      .values({ ...insertedBy(change, id), ...subnetColumns(spec) })
      .execute();
    await replaceSuites(change, 'subnet', id, suiteIds);
  },

  async update(change, id, spec) {
    const suiteIds = await resolveNames(change, 'suite', spec.suites, '/suites');
    await change.db
      .updateTable('subnet')
      .set({ ...updatedBy(change), ...subnetColumns(spec) })
      .where('subnet.id', '=', id)
      .execute();
    await replaceSuites(change, 'subnet', id, suiteIds);
  },

  async delete(change, id) {
    await change.db.deleteFrom('subnet').where('subnet.id', '=', id).execute();
  },
};

function readSubnet(row: Selectable<SubnetTable>, suites: ReadonlyMap<string, string[]>) {
  return toStored<Subnet>(row, {
    name: row.name,
    cidr: row.cidr,
    exclude: JSON.parse(row.exclude) as string[],
    suites: suites.get(row.id) ?? [],
    autoDiscovery: row.auto_discovery === 1,
    intervalMs: row.interval_ms,
    zone: row.zone,
    description: row.description,
  });
}

function subnetColumns(spec: Subnet) {
  return {
    name: spec.name,
    cidr: spec.cidr,
    exclude: JSON.stringify(spec.exclude),
    auto_discovery: spec.autoDiscovery ? 1 : 0,
    interval_ms: spec.intervalMs,
    zone: spec.zone,
    description: spec.description,
  } as const;
}
