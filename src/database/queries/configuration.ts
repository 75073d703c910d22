/**
 * Changes of the configuration. Every change runs in `changeConfiguration`: one transaction, one new
 * version, a note of what it touched, so that every service can follow.
 */

import { sql } from 'kysely';
import { assert } from '../../lib/assert.ts';
import type { Database, Sql } from '../database.ts';
import { chunksOf } from './upsert.ts';

/** What a service must look at again. */
export type TouchedKind = 'host' | 'plugin';

/** A change under way. */
export interface Change extends Sql {
  /** The version that this change makes; goes into every row it writes. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Notes that these objects, or the checks that belong to them, are different now. */
  touch(kind: TouchedKind, ids: readonly string[]): Promise<void>;
}

/** Changes kept for services that follow; one that fell further behind reads everything. */
const CHANGES_KEPT = 100_000;

/**
 * Runs `work` as one change. All changes of all reds run one after the other, since each begins by
 * updating the one version row; so `work` may look first and write then.
 */
export async function changeConfiguration<Result>(
  database: Database,
  at: number,
  work: (change: Change) => Promise<Result>,
): Promise<{ result: Result; version: number }> {
  return database.transaction(async (transaction) => {
    await transaction.db
      .updateTable('config_version')
      .set({ version: sql`version + 1` })
      .where('config_version.id', '=', 1)
      .execute();
    const version = await getConfigVersion(transaction);
    const result = await work({
      ...transaction,
      version,
      at,
      touch: (kind, ids) => insertTouched(transaction, version, kind, ids),
    });
    return { result, version };
  });
}

async function insertTouched(
  transaction: Sql,
  version: number,
  kind: TouchedKind,
  ids: readonly string[],
): Promise<void> {
  for (const chunk of chunksOf([...new Set(ids)], 5_000)) {
    await transaction.db
      .insertInto('config_change')
      .values(chunk.map((id) => ({ version, kind, object_id: id })))
      .execute();
  }
}

/** The newest committed version. */
export async function getConfigVersion({ db }: Sql): Promise<number> {
  const row = await db
    .selectFrom('config_version')
    .select('config_version.version')
    .where('config_version.id', '=', 1)
    .executeTakeFirst();
  assert(row, 'the configuration has a version row');
  return row.version;
}

/** What changed after a version: ids by kind, or `everything` when it can no longer be told. */
export type Changes =
  | { readonly kind: 'touched'; readonly hostIds: string[]; readonly pluginIds: string[] }
  | { readonly kind: 'everything' };

/** What changed after version `since`, up to version `until`. */
export async function listChanges({ db }: Sql, since: number, until: number): Promise<Changes> {
  const oldest = await db
    .selectFrom('config_change')
    .select((builder) => builder.fn.min('config_change.version').as('version'))
    .executeTakeFirst();
  // Versions without a row touched nothing; but behind the oldest row kept, rows may be gone.
  if (oldest?.version != null && since + 1 < oldest.version && since < until - CHANGES_KEPT) {
    return { kind: 'everything' };
  }
  const rows = await db
    .selectFrom('config_change')
    .select(['config_change.kind', 'config_change.object_id'])
    .distinct()
    .where('config_change.version', '>', since)
    .where('config_change.version', '<=', until)
    .execute();
  const idsOf = (kind: TouchedKind) =>
    rows.filter((row) => row.kind === kind).map((row) => row.object_id);
  return { kind: 'touched', hostIds: idsOf('host'), pluginIds: idsOf('plugin') };
}

/** Forgets notes of changes that every service has long followed. */
export async function deleteOldChanges({ db }: Sql, newest: number): Promise<void> {
  await db
    .deleteFrom('config_change')
    .where('config_change.version', '<=', newest - CHANGES_KEPT)
    .execute();
}

/** Which pairs to look at: those of some hosts, of some plugins, or all. */
export interface PairScope {
  readonly hostIds?: readonly string[];
  readonly pluginIds?: readonly string[];
}

/**
 * Makes `check_pair` what the suites say, within `scope`, and notes the hosts whose checks changed.
 * A pair that goes takes its state with it.
 */
export async function reconcilePairs(change: Change, scope: PairScope): Promise<void> {
  const { db } = change;
  const derived = db
    .selectFrom('host_suite')
    .innerJoin('plugin_suite', 'plugin_suite.suite_id', 'host_suite.suite_id')
    .$if(scope.hostIds !== undefined, (query) =>
      query.where('host_suite.member_id', 'in', scope.hostIds ?? []),
    )
    .$if(scope.pluginIds !== undefined, (query) =>
      query.where('plugin_suite.member_id', 'in', scope.pluginIds ?? []),
    );
  const missing = await derived
    .leftJoin('check_pair', (join) =>
      join
        .onRef('check_pair.host_id', '=', 'host_suite.member_id')
        .onRef('check_pair.plugin_id', '=', 'plugin_suite.member_id'),
    )
    .where('check_pair.check_id', 'is', null)
    .select(['host_suite.member_id as host_id', 'plugin_suite.member_id as plugin_id'])
    .distinct()
    .execute();
  const surplus = await db
    .selectFrom('check_pair')
    .select(['check_pair.check_id', 'check_pair.host_id'])
    .$if(scope.hostIds !== undefined, (query) =>
      query.where('check_pair.host_id', 'in', scope.hostIds ?? []),
    )
    .$if(scope.pluginIds !== undefined, (query) =>
      query.where('check_pair.plugin_id', 'in', scope.pluginIds ?? []),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('host_suite')
            .innerJoin('plugin_suite', 'plugin_suite.suite_id', 'host_suite.suite_id')
            .whereRef('host_suite.member_id', '=', 'check_pair.host_id')
            .whereRef('plugin_suite.member_id', '=', 'check_pair.plugin_id')
            .select('host_suite.member_id'),
        ),
      ),
    )
    .execute();
  for (const chunk of chunksOf(surplus, 10_000)) {
    const checkIds = chunk.map((row) => row.check_id);
    await db.deleteFrom('check_pair').where('check_pair.check_id', 'in', checkIds).execute();
  }
  for (const chunk of chunksOf(missing, 10_000)) {
    await db.insertInto('check_pair').values(chunk).execute();
  }
  await change.touch(
    'host',
    [...missing, ...surplus].map((row) => row.host_id),
  );
}
