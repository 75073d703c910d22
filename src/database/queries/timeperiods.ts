/** Time periods in SQL. */

import type { Selectable } from 'kysely';
import { InvalidInput } from '../../model/errors.ts';
import type { TextMap, Timeperiod } from '../../model/objects.ts';
import type { Sql } from '../database.ts';
import type { TimeperiodTable } from '../schema-control.ts';
import type { Change } from './configuration.ts';
import { resolveNames } from './memberships.ts';
import { insertedBy, type ObjectQueries, toStored, updatedBy } from './objects.ts';
import { contains, readPage } from './page.ts';
import { chunksOf } from './upsert.ts';

/** A time period is found by id or name. */
export const timeperiodQueries: ObjectQueries<Timeperiod> = {
  kind: 'timeperiod',

  async find(sql, reference) {
    const row = await sql.db
      .selectFrom('timeperiod')
      .selectAll('timeperiod')
      .where(({ or, eb }) =>
        or([eb('timeperiod.id', '=', reference), eb('timeperiod.name', '=', reference)]),
      )
      .executeTakeFirst();
    if (!row) return undefined;
    const [timeperiod] = await readTimeperiods(sql, [row]);
    return timeperiod;
  },

  async list(sql, page, filters) {
    let query = sql.db.selectFrom('timeperiod').selectAll('timeperiod');
    for (const [name, value] of Object.entries(filters)) {
      if (name === 'q') query = query.where(contains('timeperiod.name', value));
    }
    const result = await readPage(
      query,
      {
        columns: {
          name: 'timeperiod.name',
          createdAt: 'timeperiod.created_at',
          updatedAt: 'timeperiod.updated_at',
        },
        tieBreaker: 'timeperiod.id',
        defaultSort: [{ name: 'name', descending: false }],
      },
      page,
    );
    const rows = result.items as unknown as Selectable<TimeperiodTable>[];
    return { ...result, items: await readTimeperiods(sql, rows) };
  },

  async insert(change, id, spec) {
    refuseItself(spec);
    const excludedIds = await resolveNames(change, 'timeperiod', spec.exclude, '/exclude');
    await change.db
      .insertInto('timeperiod')
      .values({ ...insertedBy(change, id), ...timeperiodColumns(spec) })
      .execute();
    await replaceExcluded(change, id, excludedIds);
    await change.touch('timeperiod', [id]);
  },

  async update(change, id, spec) {
    refuseItself(spec);
    const excludedIds = await resolveNames(change, 'timeperiod', spec.exclude, '/exclude');
    await change.db
      .updateTable('timeperiod')
      .set({ ...updatedBy(change), ...timeperiodColumns(spec) })
      .where('timeperiod.id', '=', id)
      .execute();
    await replaceExcluded(change, id, excludedIds);
    await change.touch('timeperiod', [id]);
  },

  async delete(change, id) {
    await change.db.deleteFrom('timeperiod').where('timeperiod.id', '=', id).execute();
    await change.touch('timeperiod', [id]);
  },
};

/** A time period with what it excludes, by ids. */
export interface LinkedTimeperiod {
  readonly id: string;
  readonly name: string;
  readonly timeZone: string;
  readonly weekdays: TextMap;
  readonly exceptions: TextMap;
  /** Ids. */
  readonly exclude: readonly string[];
}

/** All time periods: a site has few, and they exclude one another. */
export async function readAllTimeperiods({ db }: Sql): Promise<LinkedTimeperiod[]> {
  const rows = await db.selectFrom('timeperiod').selectAll('timeperiod').execute();
  const links = await db
    .selectFrom('timeperiod_exclude')
    .selectAll('timeperiod_exclude')
    .orderBy('timeperiod_exclude.excluded_id')
    .execute();
  const excludedBy = new Map<string, string[]>();
  for (const { timeperiod_id: id, excluded_id: excludedId } of links) {
    excludedBy.set(id, [...(excludedBy.get(id) ?? []), excludedId]);
  }
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    timeZone: row.time_zone,
    weekdays: JSON.parse(row.weekdays) as TextMap,
    exceptions: JSON.parse(row.exceptions) as TextMap,
    exclude: excludedBy.get(row.id) ?? [],
  }));
}

/** Who uses a time period. */
export interface TimeperiodUsers {
  readonly kind: 'timeperiod' | 'plugin' | 'host' | 'dependency';
  /** The first few names, sorted. */
  readonly names: readonly string[];
}

/** Who needs a time period, by kind; at most `limit` names of each. Kinds without are absent. */
export async function listTimeperiodUsers(
  { db }: Sql,
  id: string,
  limit: number,
): Promise<TimeperiodUsers[]> {
  const periods = await db
    .selectFrom('timeperiod_exclude')
    .innerJoin('timeperiod', 'timeperiod.id', 'timeperiod_exclude.timeperiod_id')
    .select('timeperiod.name')
    .where('timeperiod_exclude.excluded_id', '=', id)
    .orderBy('timeperiod.name')
    .limit(limit)
    .execute();
  const plugins = await db
    .selectFrom('plugin')
    .select('plugin.name')
    .where(({ or, eb }) =>
      or([eb('plugin.check_period_id', '=', id), eb('plugin.event_handler_period_id', '=', id)]),
    )
    .orderBy('plugin.name')
    .limit(limit)
    .execute();
  const hosts = await db
    .selectFrom('host')
    .select('host.name')
    .where('host.event_handler_period_id', '=', id)
    .orderBy('host.name')
    .limit(limit)
    .execute();
  const dependencies = await db
    .selectFrom('dependency')
    .select('dependency.name')
    .where('dependency.period_id', '=', id)
    .orderBy('dependency.name')
    .limit(limit)
    .execute();
  const users = [
    { kind: 'timeperiod', rows: periods },
    { kind: 'plugin', rows: plugins },
    { kind: 'host', rows: hosts },
    { kind: 'dependency', rows: dependencies },
  ] as const;
  return users
    .filter(({ rows }) => rows.length > 0)
    .map(({ kind, rows }) => ({ kind, names: rows.map(({ name }) => name) }));
}

function refuseItself({ name, exclude }: Timeperiod): void {
  const index = exclude.indexOf(name);
  if (index === -1) return;
  throw new InvalidInput([{ path: `/exclude/${index}`, message: 'is the period itself' }]);
}

async function replaceExcluded(
  { db }: Change,
  id: string,
  excludedIds: readonly string[],
): Promise<void> {
  await db
    .deleteFrom('timeperiod_exclude')
    .where('timeperiod_exclude.timeperiod_id', '=', id)
    .execute();
  if (excludedIds.length === 0) return;
  const rows = excludedIds.map((excludedId) => ({ timeperiod_id: id, excluded_id: excludedId }));
  await db.insertInto('timeperiod_exclude').values(rows).execute();
}

async function readTimeperiods(sql: Sql, rows: readonly Selectable<TimeperiodTable>[]) {
  const excluded = await listExcludedNames(
    sql,
    rows.map((row) => row.id),
  );
  return rows.map((row) =>
    toStored<Timeperiod>(row, {
      name: row.name,
      timeZone: row.time_zone,
      weekdays: JSON.parse(row.weekdays) as TextMap,
      exceptions: JSON.parse(row.exceptions) as TextMap,
      exclude: excluded.get(row.id) ?? [],
      description: row.description,
    }),
  );
}

async function listExcludedNames(
  { db }: Sql,
  ids: readonly string[],
): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>();
  for (const chunk of chunksOf(ids, 5_000)) {
    const rows = await db
      .selectFrom('timeperiod_exclude')
      .innerJoin('timeperiod', 'timeperiod.id', 'timeperiod_exclude.excluded_id')
      .select(['timeperiod_exclude.timeperiod_id as id', 'timeperiod.name'])
      .where('timeperiod_exclude.timeperiod_id', 'in', chunk)
      .orderBy('timeperiod.name')
      .execute();
    for (const { id, name } of rows) names.set(id, [...(names.get(id) ?? []), name]);
  }
  return names;
}

function timeperiodColumns(spec: Timeperiod) {
  return {
    name: spec.name,
    time_zone: spec.timeZone,
    weekdays: JSON.stringify(spec.weekdays),
    exceptions: JSON.stringify(spec.exceptions),
    description: spec.description,
  };
}
