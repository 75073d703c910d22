/** Event handlers that are to be run: written with the change of state that asks for them. */

import type { TextMap } from '../../model/objects.ts';
import type { Sql } from '../database.ts';
import { chunksOf } from './upsert.ts';

/** Whose handler it is: of the site, or of the check or host. */
export type HandlerLevel = 'global' | 'object';

/** A run that a change of state asks for. */
export interface HandlerRun {
  /** When the state changed. */
  readonly at: number;
  /** The check, or the host itself. */
  readonly checkId: number;
  readonly level: HandlerLevel;
  /** Script and arguments, not yet split. */
  readonly command: string;
  /** Values by the names of macros. */
  readonly macros: TextMap;
}

/** One that waits, with where it is to run. */
export interface WaitingRun extends HandlerRun {
  readonly id: number;
  readonly host: {
    readonly id: string;
    readonly name: string;
    readonly address: string;
    readonly zone: string;
    readonly vars: TextMap;
  };
  /** Empty: the host itself. */
  readonly plugin: string;
}

/** Writes runs; they are handed out in this order. */
export async function insertHandlerRuns({ db }: Sql, runs: readonly HandlerRun[]): Promise<void> {
  for (const chunk of chunksOf(runs, 1_000)) {
    const rows = chunk.map(({ at, checkId, level, command, macros }) => ({
      ...{ at, check_id: checkId, level, command, macros: JSON.stringify(macros), sent_at: null },
    }));
    await db.insertInto('event_handler_run').values(rows).execute();
  }
}

/** Those that were not handed out, behind `after`, the oldest first; at most `limit`. */
export async function listHandlerRuns(
  { db }: Sql,
  after: number,
  limit: number,
): Promise<WaitingRun[]> {
  const rows = await db
    .selectFrom('event_handler_run')
    .innerJoin('check_pair', 'check_pair.check_id', 'event_handler_run.check_id')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .leftJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .selectAll('event_handler_run')
    .select(['host.id as host_id', 'host.name as host_name', 'host.address', 'host.zone'])
    .select(['host.vars', 'plugin.name as plugin_name'])
    .where('event_handler_run.sent_at', 'is', null)
    .where('event_handler_run.id', '>', after)
    .orderBy('event_handler_run.id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    at: row.at,
    checkId: row.check_id,
    level: row.level === 'global' ? 'global' : 'object',
    command: row.command,
    macros: JSON.parse(row.macros) as TextMap,
    host: {
      ...{ id: row.host_id, name: row.host_name, address: row.address, zone: row.zone },
      vars: JSON.parse(row.vars) as TextMap,
    },
    plugin: row.plugin_name ?? '',
  }));
}

/** Notes that the broker has these. */
export async function markHandlerRunsSent(
  { db }: Sql,
  ids: readonly number[],
  now: number,
): Promise<void> {
  for (const chunk of chunksOf(ids, 1_000)) {
    await db
      .updateTable('event_handler_run')
      .set({ sent_at: now })
      .where('event_handler_run.id', 'in', chunk)
      .execute();
  }
}

/** Has all that were handed out handed out again; resolves to their number. */
export async function takeHandlerRunsBack({ db }: Sql): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('event_handler_run')
    .set({ sent_at: null })
    .where('event_handler_run.sent_at', 'is not', null)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Forgets runs that were handed out before; resolves to their number. */
export async function deleteUnreportedRuns({ db }: Sql, before: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('event_handler_run')
    .where('event_handler_run.sent_at', '<', before)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Forgets runs of which it is known what became of them. */
export async function deleteHandlerRuns({ db }: Sql, ids: readonly number[]): Promise<void> {
  for (const chunk of chunksOf(ids, 1_000)) {
    await db.deleteFrom('event_handler_run').where('event_handler_run.id', 'in', chunk).execute();
  }
}
