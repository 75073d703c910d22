/** What a host says of other objects: its parents, and what its checks have instead of their plugins. */

import { type FieldError, InvalidInput } from '../../model/errors.ts';
import type { Host } from '../../model/objects.ts';
import type { CheckOverride } from '../../model/overrides.ts';
import type { Sql } from '../database.ts';
import { isAmong, keepPrepared } from '../prepared.ts';
import type { Change } from './configuration.ts';
import { resolveNames } from './memberships.ts';
import { updatedBy } from './objects.ts';
import { readTogether } from './read-together.ts';
import { chunksOf } from './upsert.ts';

/** Hosts on one way from a host upwards; a site that is deeper is drawn wrongly. */
const MAX_DEPTH = 100;

/** Of some hosts, by id; those without are absent. */
export interface HostRelations {
  /** Names, sorted. */
  readonly parents: ReadonlyMap<string, string[]>;
  readonly overrides: ReadonlyMap<string, Record<string, CheckOverride>>;
}

/** Reads the relations of these hosts. */
export async function listRelations(sql: Sql, hostIds: readonly string[]): Promise<HostRelations> {
  const parents = new Map<string, string[]>();
  const overrides = new Map<string, Record<string, CheckOverride>>();
  for (const chunk of chunksOf(hostIds, 5_000)) {
    const [parentRows, overrideRows] = await readTogether(sql, [
      () => selectParents(sql, chunk),
      () => selectOverrides(sql, chunk),
    ]);
    for (const { host_id, name } of parentRows) {
      parents.set(host_id, [...(parents.get(host_id) ?? []), name]);
    }
    for (const row of overrideRows) {
      overrides.set(row.host_id, { ...overrides.get(row.host_id), [row.name]: readOverride(row) });
    }
  }
  return { parents, overrides };
}

function selectParents(sql: Sql, hostIds: readonly string[]) {
  const query = sql.db
    .selectFrom('host_parent')
    .innerJoin('host as parent', 'parent.id', 'host_parent.parent_id')
    .select(['host_parent.host_id', 'parent.name'])
    .where(isAmong(sql, 'host_parent.host_id', hostIds))
    .orderBy('parent.name');
  return keepPrepared(query).execute();
}

function selectOverrides(sql: Sql, hostIds: readonly string[]) {
  const query = sql.db
    .selectFrom('host_override')
    .innerJoin('plugin', 'plugin.id', 'host_override.plugin_id')
    .select([
      'host_override.host_id',
      'host_override.interval_ms',
      'host_override.timeout_ms',
      'host_override.policy',
      'plugin.name',
    ])
    .where(isAmong(sql, 'host_override.host_id', hostIds))
    .orderBy('plugin.name');
  return keepPrepared(query).execute();
}

/** The override that a row says; nulls come of a join without one. */
export function readOverride(row: {
  readonly interval_ms: number | null;
  readonly timeout_ms: number | null;
  readonly policy: string | null;
}): CheckOverride {
  return {
    ...(row.interval_ms === null ? {} : { intervalMs: row.interval_ms }),
    ...(row.timeout_ms === null ? {} : { timeoutMs: row.timeout_ms }),
    ...(row.policy === null ? {} : (JSON.parse(row.policy) as CheckOverride)),
  };
}

/**
 * Writes the parents and overrides of a host. Throws `InvalidInput` for names that are not there, and
 * when a host would be its own ancestor.
 */
export async function replaceRelations(change: Change, id: string, spec: Host): Promise<void> {
  const parentIds = await resolveNames(change, 'host', spec.parents, '/parents');
  await refuseCircle(change, id, { parentIds, names: spec.parents, ownName: spec.name });
  await change.db.deleteFrom('host_parent').where('host_parent.host_id', '=', id).execute();
  if (parentIds.length > 0) {
    const rows = parentIds.map((parentId) => ({ host_id: id, parent_id: parentId }));
    await change.db.insertInto('host_parent').values(rows).execute();
  }
  await replaceOverrides(change, id, spec.overrides);
}

async function replaceOverrides(
  change: Change,
  id: string,
  overrides: Host['overrides'],
): Promise<void> {
  await change.db.deleteFrom('host_override').where('host_override.host_id', '=', id).execute();
  const entries = Object.entries(overrides);
  if (entries.length === 0) return;
  const names = entries.map(([name]) => name);
  const pluginIds = await resolveNames(change, 'plugin', names, '/overrides');
  const rows = entries.map(([, { intervalMs, timeoutMs, ...policy }], index) => ({
    host_id: id,
    plugin_id: pluginIds[index] ?? '',
    interval_ms: intervalMs ?? null,
    timeout_ms: timeoutMs ?? null,
    policy: JSON.stringify(policy),
  }));
  await change.db.insertInto('host_override').values(rows).execute();
}

/** Throws `InvalidInput` when the way up from one of these parents leads to the host itself. */
async function refuseCircle(
  { db }: Sql,
  id: string,
  { parentIds, names, ownName }: { parentIds: string[]; names: readonly string[]; ownName: string },
): Promise<void> {
  const errors: FieldError[] = [];
  for (const [index, parentId] of parentIds.entries()) {
    const seen = new Set<string>();
    let level = [parentId];
    for (let depth = 0; level.length > 0 && !level.includes(id); depth++) {
      if (depth === MAX_DEPTH) break;
      for (const one of level) seen.add(one);
      const rows = await db
        .selectFrom('host_parent')
        .select('host_parent.parent_id')
        .distinct()
        .where('host_parent.host_id', 'in', level)
        .execute();
      level = rows.map((row) => row.parent_id).filter((one) => !seen.has(one));
    }
    if (level.length === 0) continue;
    const message = level.includes(id)
      ? `"${names[index]}" is reached through "${ownName}" itself: hosts cannot be parents in a circle`
      : `more than ${MAX_DEPTH} hosts would lead to "${ownName}"`;
    errors.push({ path: `/parents/${index}`, message });
  }
  if (errors.length > 0) throw new InvalidInput(errors);
}

/**
 * Takes a host that is about to be deleted out of the parents of others, which are then other objects
 * than before.
 */
export async function leaveChildren(change: Change, id: string): Promise<void> {
  const children = await change.db
    .selectFrom('host_parent')
    .innerJoin('host', 'host.id', 'host_parent.host_id')
    .select(['host.id', 'host.name', 'host.version'])
    .where('host_parent.parent_id', '=', id)
    .orderBy('host.name')
    .execute();
  if (children.length === 0) return;
  const ids = children.map((child) => child.id);
  await change.db.deleteFrom('host_parent').where('host_parent.parent_id', '=', id).execute();
  for (const chunk of chunksOf(ids, 5_000)) {
    await change.db
      .updateTable('host')
      .set(updatedBy(change))
      .where('host.id', 'in', chunk)
      .execute();
  }
  await change.touch('host', ids);
  for (const { name, version } of children) {
    if (!change.orphans.has(name)) change.orphans.set(name, version);
  }
}
