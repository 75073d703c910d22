/** State history in SQL: stretches of one state, each ending where the next begins. */

import { CHECK_STATES, type CheckStateName } from '../../model/check.ts';
import { STATE_TYPES, type StateType } from '../../model/state-type.ts';
import type { Sql } from '../database.ts';
import { upsertRows } from './upsert.ts';

/** The beginning of a stretch. */
export interface StateStart {
  readonly checkId: number;
  readonly fromAt: number;
  readonly state: StretchState;
  readonly stateType: StateType;
  /** Of its first result. */
  readonly output: string;
  /** Why it began, in one word. */
  readonly cause: string;
}

/** What a check is in a stretch: `notMeasured` when its results stayed out. */
export type StretchState = CheckStateName | 'notMeasured';

/** At the index that is stored. */
const STRETCH_STATES: readonly StretchState[] = [...CHECK_STATES, 'notMeasured'];

/** Writes beginnings; one that is there already stays as it is. */
export async function insertStateStarts(sql: Sql, starts: readonly StateStart[]): Promise<void> {
  const rows = starts.map(({ checkId, fromAt, state, stateType, output, cause }) => ({
    check_id: checkId,
    from_at: fromAt,
    state: STRETCH_STATES.indexOf(state),
    output,
    state_type: STATE_TYPES.indexOf(stateType),
    cause,
  }));
  await upsertRows(sql, 'state_interval', rows, { key: ['check_id', 'from_at'], update: [] });
}

/** Stretches that begin in `from <= at < to`, the newest first; at most `limit`. */
export async function listStateStarts(
  { db }: Sql,
  checkIds: readonly number[],
  span: { readonly from: number; readonly to: number; readonly limit: number },
): Promise<StateStart[]> {
  const rows = await db
    .selectFrom('state_interval')
    .selectAll('state_interval')
    .where('state_interval.check_id', 'in', checkIds)
    .where('state_interval.from_at', '>=', span.from)
    .where('state_interval.from_at', '<', span.to)
    .orderBy('state_interval.from_at', 'desc')
    .limit(span.limit)
    .execute();
  return rows.map(readStart);
}

/** The stretch of one check that `at` is in; undefined before the first. */
export async function findStateAt(
  sql: Sql,
  checkId: number,
  at: number,
): Promise<StateStart | undefined> {
  const [start] = await listStateStarts(sql, [checkId], { from: 0, to: at + 1, limit: 1 });
  return start;
}

/** When the stretch of a check that follows `at` begins; undefined while there is none. */
export async function findNextStart(
  { db }: Sql,
  checkId: number,
  at: number,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('state_interval')
    .select('state_interval.from_at')
    .where('state_interval.check_id', '=', checkId)
    .where('state_interval.from_at', '>', at)
    .orderBy('state_interval.from_at')
    .limit(1)
    .executeTakeFirst();
  return row?.from_at;
}

function readStart(row: {
  check_id: number;
  from_at: number;
  state: number;
  output: string;
  state_type: number;
  cause: string;
}): StateStart {
  return {
    checkId: row.check_id,
    fromAt: row.from_at,
    state: STRETCH_STATES[row.state] ?? 'unknown',
    stateType: STATE_TYPES[row.state_type] ?? 'hard',
    output: row.output,
    cause: row.cause,
  };
}
