/**
 * Changes of the configuration. Every change runs in `changeConfiguration`: one transaction, one new
 * version, a note of what it touched, so that every service can follow.
 */

import { sql } from 'kysely';
import { assert } from '../../lib/assert.ts';
import type { Database, Sql } from '../database.ts';
import { archiveChecks } from './check-archive.ts';
import { chunksOf } from './upsert.ts';

/** What a service must look at again. */
export type TouchedKind = CheckedKind | 'timeperiod';

/** What checks are made of. */
type CheckedKind = 'host' | 'plugin';

/** When a change is made, and by whom. */
export interface ChangeOrigin {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Name of the token, or of the part of ppalette that acts by itself. */
  readonly actor: string;
}

/** A change under way. */
export interface Change extends Sql, ChangeOrigin {
  /** The version that this change makes; goes into every row it writes. */
  readonly version: number;
  /** Notes that these objects, or the checks that belong to them, are different now. */
  touch(kind: TouchedKind, ids: readonly string[]): Promise<void>;
  /**
   * Notes that the suites of these objects changed: their checks are made right at the end of the
   * change, so that one which only moves from suite to suite keeps its state.
   */
  reconcile(kind: CheckedKind, ids: readonly string[]): void;
  /** Takes the checks of a host or plugin out, which is about to be deleted. */
  removeChecksOf(kind: CheckedKind, id: string): Promise<void>;
  /** Hosts that lost a parent by this change, and the versions that they had before. */
  readonly orphans: Map<string, number>;
  /** Names of dependencies that went with a host or plugin which they name. */
  readonly removedDependencies: string[];
}

/** What a change came to. */
export interface Changed<Result> {
  readonly result: Result;
  readonly version: number;
  /** Checks that are gone. */
  readonly removedChecks: number;
  /** Names of hosts that lost a parent. */
  readonly orphans: readonly string[];
  /** Names of dependencies that went with a host or plugin which they name. */
  readonly removedDependencies: readonly string[];
}

/** Changes kept for services that follow; one that fell further behind reads everything. */
const CHANGES_KEPT = 100_000;

/**
 * Runs `work` as one change. All changes of all reds run one after the other, since each begins by
 * updating the one version row; so `work` may look first and write then.
 */
export async function changeConfiguration<Result>(
  database: Database,
  origin: ChangeOrigin,
  work: (change: Change) => Promise<Result>,
): Promise<Changed<Result>> {
  return database.transaction(async (transaction) => {
    await transaction.db
      .updateTable('config_version')
      .set({ version: sql`version + 1` })
      .where('config_version.id', '=', 1)
      .execute();
    const version = await getConfigVersion(transaction);
    const scope = { host: new Set<string>(), plugin: new Set<string>() };
    let removedChecks = 0;
    const change: Change = {
      ...transaction,
      ...origin,
      version,
      touch: (kind, ids) => insertTouched(transaction, version, kind, ids),
      reconcile(kind, ids) {
        for (const id of ids) scope[kind].add(id);
      },
      async removeChecksOf(kind, id) {
        removedChecks += await removePairs(change, await listPairs(change, kind, [id]));
      },
      orphans: new Map(),
      removedDependencies: [],
    };
    const result = await work(change);
    for (const kind of ['host', 'plugin'] as const) {
      removedChecks += await reconcilePairs(change, kind, [...scope[kind]]);
    }
    const { removedDependencies } = change;
    const orphans = [...change.orphans.keys()];
    return { result, version, removedChecks, orphans, removedDependencies };
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
  | {
      readonly kind: 'touched';
      readonly hostIds: string[];
      readonly pluginIds: string[];
      readonly timeperiodIds: string[];
    }
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
  return {
    kind: 'touched',
    hostIds: idsOf('host'),
    pluginIds: idsOf('plugin'),
    timeperiodIds: idsOf('timeperiod'),
  };
}

/** Forgets notes of changes that every service has long followed. */
export async function deleteOldChanges({ db }: Sql, newest: number): Promise<void> {
  await db
    .deleteFrom('config_change')
    .where('config_change.version', '<=', newest - CHANGES_KEPT)
    .execute();
}

/**
 * Makes the checks of these hosts or plugins what the suites say, and notes the hosts whose checks
 * changed. A check that goes takes its state with it. Resolves to how many went.
 */
async function reconcilePairs(
  change: Change,
  kind: CheckedKind,
  ids: readonly string[],
): Promise<number> {
  let removed = 0;
  for (const chunk of chunksOf(ids, 5_000)) {
    const missing = await listMissingPairs(change, kind, chunk);
    removed += await removePairs(change, await listSurplusPairs(change, kind, chunk));
    for (const rows of chunksOf(missing, 10_000)) {
      await change.db.insertInto('check_pair').values(rows).execute();
    }
    await change.touch(
      'host',
      missing.map((row) => row.host_id),
    );
  }
  return removed;
}

/** Pairs that the suites want and that are not there. */
async function listMissingPairs({ db }: Sql, kind: CheckedKind, ids: readonly string[]) {
  return db
    .selectFrom('host_suite')
    .innerJoin('plugin_suite', 'plugin_suite.suite_id', 'host_suite.suite_id')
    .where(`${kind}_suite.member_id`, 'in', ids)
    .leftJoin('check_pair', (join) =>
      join
        .onRef('check_pair.host_id', '=', 'host_suite.member_id')
        .onRef('check_pair.plugin_id', '=', 'plugin_suite.member_id'),
    )
    .where('check_pair.check_id', 'is', null)
    .select(['host_suite.member_id as host_id', 'plugin_suite.member_id as plugin_id'])
    .distinct()
    .execute();
}

interface PairRow {
  readonly check_id: number;
  readonly host_id: string;
  /** Null: the host's own state. */
  readonly plugin_id: string | null;
}

function listPairs({ db }: Sql, kind: CheckedKind, ids: readonly string[]): Promise<PairRow[]> {
  return db
    .selectFrom('check_pair')
    .select(['check_pair.check_id', 'check_pair.host_id', 'check_pair.plugin_id'])
    .where(`check_pair.${kind}_id`, 'in', ids)
    .execute();
}

/** Pairs that are there and that no suite wants any more. */
function listSurplusPairs(
  { db }: Sql,
  kind: CheckedKind,
  ids: readonly string[],
): Promise<PairRow[]> {
  return db
    .selectFrom('check_pair')
    .select(['check_pair.check_id', 'check_pair.host_id', 'check_pair.plugin_id'])
    .where(`check_pair.${kind}_id`, 'in', ids)
    .where('check_pair.plugin_id', 'is not', null)
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
}

/**
 * Deletes checks and hosts' own states, keeping the names of those that have history; resolves to how
 * many checks it were.
 */
async function removePairs(change: Change, pairs: readonly PairRow[]): Promise<number> {
  const { db } = change;
  for (const chunk of chunksOf(pairs, 10_000)) {
    const checkIds = chunk.map((row) => row.check_id);
    await archiveChecks(change, checkIds, change.at);
    await db.deleteFrom('check_pair').where('check_pair.check_id', 'in', checkIds).execute();
  }
  await change.touch(
    'host',
    pairs.map((row) => row.host_id),
  );
  return pairs.filter(({ plugin_id }) => plugin_id !== null).length;
}
