/** When requests were where, as far as their stored results tell. */

import type { Selectable } from 'kysely';
import { CHECK_STATES, type CheckStateName } from '../../model/check.ts';
import type { Sql } from '../database.ts';
import type { ResultTable } from '../schema.ts';

/** The way of one stored result. Instants are null where they were not told. */
export interface RunTrace {
  readonly scheduledAt: number;
  readonly sentAt: number | null;
  readonly receivedAt: number | null;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly collectedAt: number | null;
  readonly worker: string;
  readonly state: CheckStateName;
}

/** Which check a request is of. */
export interface TracedCheck {
  readonly checkId: number;
  readonly host: string;
  readonly plugin: string;
  readonly zone: string;
}

/** A check by its number; undefined when it is not there (any more). */
export async function findTracedCheck(
  { db }: Sql,
  checkId: number,
): Promise<TracedCheck | undefined> {
  return db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .select(['check_pair.check_id as checkId', 'host.name as host', 'plugin.name as plugin'])
    .select('host.zone as zone')
    .where('check_pair.check_id', '=', checkId)
    .executeTakeFirst();
}

/** The result of a due time: the newest of its check, or a kept one; undefined when there is none. */
export async function findRunTrace(
  { db }: Sql,
  checkId: number,
  scheduledAt: number,
): Promise<RunTrace | undefined> {
  const newest = await db
    .selectFrom('check_state')
    .selectAll('check_state')
    .where('check_state.check_id', '=', checkId)
    .where('check_state.scheduled_at', '=', scheduledAt)
    .executeTakeFirst();
  if (newest) return readRunTrace(newest);
  const kept = await db
    .selectFrom('result')
    .selectAll('result')
    .where('result.check_id', '=', checkId)
    .where('result.scheduled_at', '=', scheduledAt)
    .executeTakeFirst();
  return kept && readRunTrace(kept);
}

function readRunTrace(row: Selectable<ResultTable>): RunTrace {
  return {
    scheduledAt: row.scheduled_at,
    sentAt: row.sent_at,
    receivedAt: row.received_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    collectedAt: row.collected_at,
    worker: row.worker,
    state: CHECK_STATES[row.state] ?? 'unknown',
  };
}
