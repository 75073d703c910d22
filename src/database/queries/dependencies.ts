/** Dependencies in SQL. */

import type { Selectable } from 'kysely';
import { findNear } from '../../lib/near-names.ts';
import type { DependencyKind, MasterState } from '../../model/dependency.ts';
import { InvalidInput } from '../../model/errors.ts';
import type { Dependency } from '../../model/objects.ts';
import type { Sql } from '../database.ts';
import type { DependencyTable } from '../schema-control.ts';
import { recordChange } from './audit.ts';
import type { Change } from './configuration.ts';
import { insertedBy, type ObjectQueries, toStored, updatedBy } from './objects.ts';
import { contains, readPage } from './page.ts';

/** Names compared with one that is not there. */
const MAX_COMPARED = 1_000;

/** A dependency is found by id or name. */
export const dependencyQueries: ObjectQueries<Dependency> = {
  kind: 'dependency',

  async find(sql, reference) {
    const row = await selectDependencies(sql)
      .where(({ or, eb }) =>
        or([eb('dependency.id', '=', reference), eb('dependency.name', '=', reference)]),
      )
      .executeTakeFirst();
    return row && readDependency(row);
  },

  async list(sql, page, filters) {
    let query = selectDependencies(sql);
    for (const [name, value] of Object.entries(filters)) {
      if (name === 'q') query = query.where(contains('dependency.name', value));
    }
    const result = await readPage(
      query,
      {
        columns: {
          name: 'dependency.name',
          createdAt: 'dependency.created_at',
          updatedAt: 'dependency.updated_at',
        },
        tieBreaker: 'dependency.id',
        defaultSort: [{ name: 'name', descending: false }],
      },
      page,
    );
    return { ...result, items: (result.items as unknown as NamedRow[]).map(readDependency) };
  },

  async insert(change, id, spec) {
    const columns = await dependencyColumns(change, spec);
    await change.db
      .insertInto('dependency')
      .values({ ...insertedBy(change, id), ...columns })
      .execute();
  },

  async update(change, id, spec) {
    const columns = await dependencyColumns(change, spec);
    await change.db
      .updateTable('dependency')
      .set({ ...updatedBy(change), ...columns })
      .where('dependency.id', '=', id)
      .execute();
  },

  async delete(change, id) {
    await change.db.deleteFrom('dependency').where('dependency.id', '=', id).execute();
  },
};

/** A dependency by ids. */
export interface LinkedDependency {
  readonly hostId: string | null;
  readonly pluginId: string | null;
  readonly masterHostId: string | null;
  readonly masterPluginId: string | null;
  readonly kinds: readonly DependencyKind[];
  readonly failsOn: readonly MasterState[];
  readonly periodId: string | null;
  readonly inheritsParent: boolean;
}

/** All dependencies, in the order of their names. */
export async function readAllDependencies({ db }: Sql): Promise<LinkedDependency[]> {
  const rows = await db
    .selectFrom('dependency')
    .selectAll('dependency')
    .orderBy('dependency.name')
    .execute();
  return rows.map((row) => ({
    hostId: row.host_id,
    pluginId: row.plugin_id,
    masterHostId: row.master_host_id,
    masterPluginId: row.master_plugin_id,
    periodId: row.period_id,
    ...readRule(row),
  }));
}

/** Takes out the dependencies that name a host or plugin, which is about to be deleted. */
export async function removeDependenciesOn(
  change: Change,
  kind: 'host' | 'plugin',
  id: string,
): Promise<void> {
  const rows = await selectDependencies(change)
    .where(({ or, eb }) =>
      or([eb(`dependency.${kind}_id`, '=', id), eb(`dependency.master_${kind}_id`, '=', id)]),
    )
    .orderBy('dependency.name')
    .execute();
  for (const { id: objectId, spec } of rows.map(readDependency)) {
    const { name } = spec;
    await dependencyQueries.delete(change, objectId);
    await recordChange(change, {
      action: 'delete',
      kind: 'dependency',
      objectId,
      name,
      before: spec,
    });
    change.removedDependencies.push(name);
  }
}

/** The names of hosts or plugins by id. */
export async function listNamesById(
  { db }: Sql,
  kind: 'host' | 'plugin',
  ids: readonly string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom(kind)
    .select([`${kind}.id`, `${kind}.name`])
    .where(`${kind}.id`, 'in', ids)
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

type NamedRow = Selectable<DependencyTable> & {
  readonly host: string | null;
  readonly plugin: string | null;
  readonly master_host: string | null;
  readonly master_plugin: string | null;
  readonly period: string | null;
};

function selectDependencies({ db }: Sql) {
  return db
    .selectFrom('dependency')
    .leftJoin('host', 'host.id', 'dependency.host_id')
    .leftJoin('plugin', 'plugin.id', 'dependency.plugin_id')
    .leftJoin('host as master_host', 'master_host.id', 'dependency.master_host_id')
    .leftJoin('plugin as master_plugin', 'master_plugin.id', 'dependency.master_plugin_id')
    .leftJoin('timeperiod', 'timeperiod.id', 'dependency.period_id')
    .selectAll('dependency')
    .select([
      'host.name as host',
      'plugin.name as plugin',
      'master_host.name as master_host',
      'master_plugin.name as master_plugin',
      'timeperiod.name as period',
    ]);
}

function readDependency(row: NamedRow) {
  return toStored<Dependency>(row, {
    name: row.name,
    host: row.host,
    plugin: row.plugin,
    masterHost: row.master_host,
    masterPlugin: row.master_plugin,
    period: row.period,
    description: row.description,
    ...readRule(row),
  });
}

/** What a row says beside who depends on whom. */
function readRule(row: Pick<NamedRow, 'kinds' | 'fails_on' | 'inherits_parent'>) {
  return {
    kinds: JSON.parse(row.kinds) as DependencyKind[],
    failsOn: JSON.parse(row.fails_on) as MasterState[],
    inheritsParent: row.inherits_parent === 1,
  };
}

async function dependencyColumns(sql: Sql, spec: Dependency) {
  const named = [
    ['host', 'host', spec.host],
    ['plugin', 'plugin', spec.plugin],
    ['masterHost', 'host', spec.masterHost],
    ['masterPlugin', 'plugin', spec.masterPlugin],
    ['period', 'timeperiod', spec.period],
  ] as const;
  const ids = new Map<string, string>();
  const errors: { path: string; message: string }[] = [];
  for (const [field, kind, name] of named) {
    if (name === null) continue;
    const id = await findId(sql, kind, name);
    if (id !== undefined) ids.set(field, id);
    else errors.push({ path: `/${field}`, message: await describeUnknown(sql, kind, name) });
  }
  if (errors.length > 0) throw new InvalidInput(errors);
  return {
    name: spec.name,
    host_id: ids.get('host') ?? null,
    plugin_id: ids.get('plugin') ?? null,
    master_host_id: ids.get('masterHost') ?? null,
    master_plugin_id: ids.get('masterPlugin') ?? null,
    kinds: JSON.stringify(spec.kinds),
    fails_on: JSON.stringify(spec.failsOn),
    period_id: ids.get('period') ?? null,
    inherits_parent: spec.inheritsParent ? (1 as const) : (0 as const),
    description: spec.description,
  };
}

type NamedKind = 'host' | 'plugin' | 'timeperiod';

async function findId({ db }: Sql, kind: NamedKind, name: string): Promise<string | undefined> {
  const row = await db
    .selectFrom(kind)
    .select(`${kind}.id`)
    .where(`${kind}.name`, '=', name)
    .executeTakeFirst();
  return row?.id;
}

async function describeUnknown({ db }: Sql, kind: NamedKind, name: string): Promise<string> {
  const rows = await db
    .selectFrom(kind)
    .select(`${kind}.name`)
    .where(({ or }) =>
      or([contains(`${kind}.name`, name.slice(0, 2)), contains(`${kind}.name`, name.slice(-2))]),
    )
    .orderBy(`${kind}.name`)
    .limit(MAX_COMPARED)
    .execute();
  const near = findNear(
    name,
    rows.map((row) => row.name),
  ).map((one) => `"${one}"`);
  const hint = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`;
  return `there is no ${kind} "${name}"${hint}`;
}
