/** Discoveries in SQL: how they stand, and who begins and ends them. `discovery-progress.ts` counts. */

import { randomUUID } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { DiscoveryState } from '../../model/discovery.ts';
import type { Stored, Subnet } from '../../model/objects.ts';
import type { Sql } from '../database.ts';
import type { DiscoveryTable } from '../schema-discoveries.ts';
import { insertEvents } from './events.ts';
import type { Filters } from './objects.ts';
import { type Page, type PageRequest, readPage } from './page.ts';

/** A discovery as it stands. */
export interface Discovery {
  readonly id: string;
  readonly subnetId: string;
  /** The subnet's name. */
  readonly subnet: string;
  readonly cidr: string;
  readonly exclude: readonly string[];
  readonly zone: string;
  readonly sliceSize: number;
  /** Addresses to search, and those that were. */
  readonly total: number;
  readonly scanned: number;
  readonly state: DiscoveryState;
  /** Null when the subnet's interval asked for it. */
  readonly requestedBy: string | null;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly addedCount: number;
  readonly knownCount: number;
  readonly goneCount: number;
  /** Names of hosts, the first of each. */
  readonly added: readonly string[];
  readonly known: readonly string[];
  readonly gone: readonly string[];
  /** Why it is not done; null when nothing went wrong. */
  readonly problem: string | null;
}

/** What a new discovery is made of. */
export interface DiscoveryStart {
  readonly subnet: Stored<Subnet>;
  readonly sliceSize: number;
  /** 0 = there is nothing to search, so it is done at once. */
  readonly total: number;
  readonly requestedBy: string | null;
  readonly at: number;
}

/**
 * Begins a discovery; its id. Call it in a transaction. Throws `UniqueViolation` when one of the
 * subnet is running, `ForeignKeyViolation` when the subnet is gone.
 */
export async function insertDiscovery(sql: Sql, start: DiscoveryStart): Promise<string> {
  const { subnet, sliceSize, total, requestedBy, at } = start;
  const id = randomUUID();
  const isDone = total === 0;
  await sql.db
    .insertInto('discovery')
    .values({
      id,
      subnet_id: subnet.id,
      running_subnet_id: isDone ? null : subnet.id,
      cidr: subnet.spec.cidr,
      exclude: JSON.stringify(subnet.spec.exclude),
      zone: subnet.spec.zone,
      slice_size: sliceSize,
      total,
      state: isDone ? 'done' : 'running',
      requested_by: requestedBy,
      started_at: at,
      finished_at: isDone ? at : null,
      scanned: 0,
      added_count: 0,
      known_count: 0,
      gone_count: 0,
      added: '[]',
      known: '[]',
      gone: '[]',
      problem: null,
    })
    .execute();
  await recordProgress(sql, id, at);
  return id;
}

/** Ends a discovery that is running; false when it is not any more. Call it in a transaction. */
export async function endDiscovery(
  sql: Sql,
  id: string,
  end: { readonly state: 'failed' | 'cancelled'; readonly problem: string; readonly at: number },
): Promise<boolean> {
  const { state, problem, at } = end;
  const result = await sql.db
    .updateTable('discovery')
    .set({ state, problem, finished_at: at, running_subnet_id: null })
    .where('discovery.id', '=', id)
    .where('discovery.state', '=', 'running')
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) return false;
  await forgetSlices(sql, id);
  await recordProgress(sql, id, at);
  return true;
}

/** Takes out the slices of a discovery that has ended. */
export async function forgetSlices({ db }: Sql, id: string): Promise<void> {
  await db.deleteFrom('discovery_slice').where('discovery_slice.discovery_id', '=', id).execute();
}

/** Writes an event that tells how a discovery stands. */
export async function recordProgress(sql: Sql, id: string, at: number): Promise<void> {
  const discovery = await findDiscovery(sql, id);
  if (!discovery) return;
  const { subnet, state, scanned, total, addedCount, knownCount } = discovery;
  const payload = { id, subnet, state, scanned, total, found: addedCount + knownCount, addedCount };
  await insertEvents(sql, [{ at, type: 'discovery', checkId: null, payload }]);
}

/** One discovery by id. */
export async function findDiscovery(sql: Sql, id: string): Promise<Discovery | undefined> {
  const row = await selectDiscoveries(sql).where('discovery.id', '=', id).executeTakeFirst();
  return row && readDiscovery(row);
}

/** A page of discoveries, the newest first unless sorted otherwise. */
export async function listDiscoveries(
  sql: Sql,
  page: PageRequest,
  filters: Filters,
): Promise<Page<Discovery>> {
  let query = selectDiscoveries(sql);
  for (const [name, value] of Object.entries(filters)) {
    if (name === 'subnet') query = query.where('subnet.name', '=', value);
    if (name === 'state') query = query.where('discovery.state', 'in', value.split(','));
  }
  const ordering = {
    columns: {
      startedAt: 'discovery.started_at',
      subnet: 'subnet.name',
      state: 'discovery.state',
    },
    tieBreaker: 'discovery.id',
    defaultSort: [{ name: 'startedAt', descending: true }],
  };
  const result = await readPage(query, ordering, page);
  const rows = result.items as unknown as DiscoveryRow[];
  return { ...result, items: rows.map(readDiscovery) };
}

/**
 * Discoveries that are running, the oldest first, at most `limit`. One that the subnet's interval
 * asked for is not wanted any more when the subnet is not to be searched by itself now.
 */
export async function listRunning(
  sql: Sql,
  limit: number,
): Promise<(Discovery & { readonly isWanted: boolean })[]> {
  const rows = await selectDiscoveries(sql)
    .select('subnet.auto_discovery')
    .where('discovery.running_subnet_id', 'is not', null)
    .orderBy('discovery.started_at')
    .orderBy('discovery.id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    ...readDiscovery(row),
    isWanted: row.requested_by !== null || row.auto_discovery === 1,
  }));
}

/** Numbers of the slices of a running discovery that were counted. */
export async function listSlices({ db }: Sql, id: string): Promise<number[]> {
  const rows = await db
    .selectFrom('discovery_slice')
    .select('discovery_slice.slice')
    .where('discovery_slice.discovery_id', '=', id)
    .execute();
  return rows.map((row) => row.slice);
}

/** A subnet that is searched by itself. */
export interface AutomaticSubnet {
  readonly id: string;
  readonly intervalMs: number;
  /** When its last discovery was begun, by whomever; null = never. */
  readonly lastStartedAt: number | null;
}

/** Subnets that are searched by themselves and are not being searched now. */
export async function listAutomaticSubnets({ db }: Sql): Promise<AutomaticSubnet[]> {
  return db
    .selectFrom('subnet')
    .leftJoin('discovery', 'discovery.subnet_id', 'subnet.id')
    .where('subnet.auto_discovery', '=', 1)
    .groupBy(['subnet.id', 'subnet.interval_ms'])
    .having(({ fn }) => fn.count('discovery.running_subnet_id'), '=', 0)
    .select(({ fn }) => [
      'subnet.id',
      'subnet.interval_ms as intervalMs',
      fn.max('discovery.started_at').as('lastStartedAt'),
    ])
    .execute();
}

/**
 * Deletes discoveries that ended before `before`, at most `limit`, but never the last one of a
 * subnet, since that decides when the next is due. Resolves to how many went.
 */
export async function deleteOldDiscoveries(
  { db }: Sql,
  before: number,
  limit: number,
): Promise<number> {
  const rows = await db
    .selectFrom('discovery')
    .select('discovery.id')
    .where('discovery.finished_at', '<', before)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('discovery as newer')
          .whereRef('newer.subnet_id', '=', 'discovery.subnet_id')
          .whereRef('newer.started_at', '>', 'discovery.started_at')
          .select('newer.id'),
      ),
    )
    .limit(limit)
    .execute();
  if (rows.length === 0) return 0;
  const ids = rows.map((row) => row.id);
  await db.deleteFrom('discovery').where('discovery.id', 'in', ids).execute();
  return ids.length;
}

function selectDiscoveries({ db }: Sql) {
  return db
    .selectFrom('discovery')
    .innerJoin('subnet', 'subnet.id', 'discovery.subnet_id')
    .selectAll('discovery')
    .select('subnet.name as subnet_name');
}

type DiscoveryRow = Selectable<DiscoveryTable> & { subnet_name: string };

function readDiscovery(row: DiscoveryRow): Discovery {
  return {
    id: row.id,
    subnetId: row.subnet_id,
    subnet: row.subnet_name,
    cidr: row.cidr,
    exclude: JSON.parse(row.exclude) as string[],
    zone: row.zone,
    sliceSize: row.slice_size,
    total: row.total,
    scanned: row.scanned,
    state: row.state as DiscoveryState,
    requestedBy: row.requested_by,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    addedCount: row.added_count,
    knownCount: row.known_count,
    goneCount: row.gone_count,
    added: JSON.parse(row.added) as string[],
    known: JSON.parse(row.known) as string[],
    gone: JSON.parse(row.gone) as string[],
    problem: row.problem,
  };
}
