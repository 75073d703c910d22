/** Suites in SQL. */

import type { Selectable } from 'kysely';
import type { Suite } from '../../model/objects.ts';
import type { Sql } from '../database.ts';
import type { SuiteTable } from '../schema.ts';
import type { Change } from './configuration.ts';
import { listMemberIds, listMemberNames, replaceMembers, resolveNames } from './memberships.ts';
import { insertedBy, type ObjectQueries, toStored, updatedBy } from './objects.ts';
import { contains, readPage } from './page.ts';
import { readTogether } from './read-together.ts';

/** A suite is found by id or name. */
export const suiteQueries: ObjectQueries<Suite> = {
  kind: 'suite',

  async find(sql, reference) {
    const row = await sql.db
      .selectFrom('suite')
      .selectAll('suite')
      .where(({ or, eb }) => or([eb('suite.id', '=', reference), eb('suite.name', '=', reference)]))
      .executeTakeFirst();
    if (!row) return undefined;
    const [suite] = await readSuites(sql, [row]);
    return suite;
  },

  async list(sql, page, filters) {
    let query = sql.db.selectFrom('suite').selectAll('suite');
    for (const [name, value] of Object.entries(filters)) {
      if (name === 'q') query = query.where(contains('suite.name', value));
    }
    const result = await readPage(
      query,
      {
        columns: {
          name: 'suite.name',
          createdAt: 'suite.created_at',
          updatedAt: 'suite.updated_at',
        },
        tieBreaker: 'suite.id',
        defaultSort: [{ name: 'name', descending: false }],
      },
      page,
    );
    return {
      ...result,
      items: await readSuites(sql, result.items as unknown as Selectable<SuiteTable>[]),
    };
  },

  async insert(change, id, spec) {
    await change.db
      .insertInto('suite')
      .values({ ...insertedBy(change, id), name: spec.name, description: spec.description })
      .execute();
    await writeMembers(change, id, spec);
  },

  async update(change, id, spec) {
    await change.db
      .updateTable('suite')
      .set({ ...updatedBy(change), name: spec.name, description: spec.description })
      .where('suite.id', '=', id)
      .execute();
    await writeMembers(change, id, spec);
  },

  async delete(change, id) {
    const hostIds = await listMemberIds(change, 'host', id);
    const pluginIds = await listMemberIds(change, 'plugin', id);
    await change.db.deleteFrom('suite').where('suite.id', '=', id).execute();
    reconcileMembers(change, hostIds, pluginIds);
  },
};

async function writeMembers(change: Change, id: string, spec: Suite): Promise<void> {
  const hostIds = await resolveNames(change, 'host', spec.hosts, '/hosts');
  const pluginIds = await resolveNames(change, 'plugin', spec.plugins, '/plugins');
  const subnetIds = await resolveNames(change, 'subnet', spec.subnets, '/subnets');
  const formerHostIds = await listMemberIds(change, 'host', id);
  const formerPluginIds = await listMemberIds(change, 'plugin', id);
  await replaceMembers(change, 'host', id, hostIds);
  await replaceMembers(change, 'plugin', id, pluginIds);
  await replaceMembers(change, 'subnet', id, subnetIds);
  reconcileMembers(
    change,
    [...new Set([...hostIds, ...formerHostIds])],
    [...new Set([...pluginIds, ...formerPluginIds])],
  );
}

/** Looks at the pairs through the shorter of the two lists that a pair of this suite must be in. */
function reconcileMembers(
  change: Change,
  hostIds: readonly string[],
  pluginIds: readonly string[],
): void {
  if (hostIds.length === 0 || pluginIds.length === 0) return;
  if (hostIds.length < pluginIds.length) change.reconcile('host', hostIds);
  else change.reconcile('plugin', pluginIds);
}

async function readSuites(sql: Sql, rows: readonly Selectable<SuiteTable>[]) {
  const ids = rows.map((row) => row.id);
  const [hosts, plugins, subnets] = await readTogether(sql, [
    () => listMemberNames(sql, 'host', ids),
    () => listMemberNames(sql, 'plugin', ids),
    () => listMemberNames(sql, 'subnet', ids),
  ]);
  return rows.map((row) =>
    toStored<Suite>(row, {
      name: row.name,
      description: row.description,
      hosts: hosts.get(row.id) ?? [],
      plugins: plugins.get(row.id) ?? [],
      subnets: subnets.get(row.id) ?? [],
    }),
  );
}
