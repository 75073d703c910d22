/** How far the tallies are counted, and hosts that are not counted in yet. */

import { sql as raw } from 'kysely';
import type { Sql } from '../database.ts';
import { keepPrepared } from '../prepared.ts';
import { listChanges } from './configuration.ts';
import { chunksOf } from './upsert.ts';

/** What the tallies know of. */
export interface TallyProgress {
  /** How often counts changed. */
  readonly revision: number;
  /** The version of the configuration counted in; null = they were never counted in full. */
  readonly version: number | null;
  /** The version there is. */
  readonly current: number;
}

/** The same, with the hosts that are not counted in yet; `all` when these cannot be told. */
export interface TallyWaiting extends TallyProgress {
  readonly hostIds: 'all' | readonly string[];
}

/** How far everything is counted in. */
export async function readProgress(sql: Sql): Promise<TallyProgress> {
  const row = await keepPrepared(selectProgress(sql)).executeTakeFirstOrThrow();
  return { revision: row.revision, version: row.config_version, current: row.version };
}

/**
 * Who waits, as of the same moment as the revision: in one statement, since each list begins with this.
 * Looks each mark up by itself: PostgreSQL takes a table that is mostly empty for a large one.
 */
export async function readWaiting(sql: Sql): Promise<TallyWaiting> {
  const hostOfMark = raw<string | null>`(select check_pair.host_id from check_pair
    where check_pair.check_id = tally_mark.check_id)`;
  const marked = sql.db
    .selectFrom('tally_mark')
    .select(hostOfMark.as('host_id'))
    .distinct()
    .as('marked');
  const query = selectProgress(sql)
    .leftJoin(marked, (join) => join.onTrue())
    .select('marked.host_id');
  const rows = await keepPrepared(query).execute();
  const [{ revision, config_version: version, version: current } = NOT_COUNTED] = rows;
  const changed = version === null ? 'all' : await listChangedHosts(sql, version, current);
  // Of a check that is gone, its host was named by the change that took it away.
  const hostIds = rows.flatMap(({ host_id }) => host_id ?? []);
  return {
    ...{ revision, version, current },
    hostIds: changed === 'all' ? 'all' : [...new Set([...hostIds, ...changed])],
  };
}

const NOT_COUNTED = { revision: 0, config_version: null, version: 0 };

function selectProgress({ db }: Sql) {
  return db
    .selectFrom('tally_progress')
    .innerJoin('config_version', 'config_version.id', 'tally_progress.id')
    .select(['tally_progress.revision', 'tally_progress.config_version', 'config_version.version'])
    .where('tally_progress.id', '=', 1);
}

/** Hosts that a change after `version` named, or that have checks of a plugin that one named. */
export async function listChangedHosts(
  sql: Sql,
  version: number,
  current: number,
): Promise<'all' | string[]> {
  if (version === current) return [];
  const changes = await listChanges(sql, version, current);
  if (changes.kind === 'everything') return 'all';
  const hostIds = new Set(changes.hostIds);
  for (const pluginIds of chunksOf(changes.pluginIds, 1_000)) {
    const rows = await sql.db
      .selectFrom('check_pair')
      .select('check_pair.host_id')
      .distinct()
      .where('check_pair.plugin_id', 'in', pluginIds)
      .execute();
    for (const row of rows) hostIds.add(row.host_id);
  }
  return [...hostIds];
}
