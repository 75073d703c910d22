/** Hosts' states as their neighbours see them, whichever grey owns them. */

import type { HostStateName } from '../../model/host-state.ts';
import type { Sql } from '../database.ts';
import { isAmong, keepPrepared } from '../prepared.ts';
import { readHostCode } from './state-codes.ts';
import { chunksOf } from './upsert.ts';

/** What a neighbour sees of a host. */
export interface HostSight {
  readonly hostId: string;
  readonly state: HostStateName;
  /** Null when it has no result yet. */
  readonly checkedAt: number | null;
  /** Until when it waits at the longest for its own parents; null: it does not. */
  readonly waitsUntil: number | null;
}

/** What is seen of these hosts. */
export async function readHostSights(
  sql: Sql,
  hostIds: readonly string[],
): Promise<Map<string, HostSight>> {
  const sights = new Map<string, HostSight>();
  for (const chunk of chunksOf(hostIds, 5_000)) {
    const query = sql.db
      .selectFrom('check_pair')
      .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
      .leftJoin('check_memory', 'check_memory.check_id', 'check_pair.check_id')
      .select([
        'check_pair.host_id',
        'check_state.state',
        'check_state.finished_at',
        'check_memory.waits_until',
      ])
      .where('check_pair.plugin_id', 'is', null)
      .where(isAmong(sql, 'check_pair.host_id', chunk));
    for (const row of await keepPrepared(query).execute()) {
      sights.set(row.host_id, {
        hostId: row.host_id,
        state: row.state === null ? 'up' : readHostCode(row.state),
        checkedAt: row.finished_at,
        waitsUntil: row.waits_until,
      });
    }
  }
  return sights;
}

/** The children of these hosts, by host. */
export async function listChildIds(
  { db }: Sql,
  hostIds: readonly string[],
): Promise<Map<string, string[]>> {
  const children = new Map<string, string[]>();
  for (const chunk of chunksOf(hostIds, 5_000)) {
    const rows = await db
      .selectFrom('host_parent')
      .selectAll('host_parent')
      .where('host_parent.parent_id', 'in', chunk)
      .execute();
    for (const { parent_id, host_id } of rows) {
      const known = children.get(parent_id);
      if (known) known.push(host_id);
      else children.set(parent_id, [host_id]);
    }
  }
  return children;
}

/** An object that waits for a check of a host. */
export interface WaitingObject {
  readonly id: number;
  readonly hostId: string;
}

/**
 * Which checks of these hosts, and which of their children, wait for a check of what they hang on;
 * at most `limit`. Few objects wait at any time, so these are looked at first.
 */
export async function listWaiting(
  { db }: Sql,
  hostIds: readonly string[],
  limit: number,
): Promise<WaitingObject[]> {
  const waiting: WaitingObject[] = [];
  for (const chunk of chunksOf(hostIds, 5_000)) {
    const rows = await db
      .selectFrom('check_memory')
      .innerJoin('check_pair', 'check_pair.check_id', 'check_memory.check_id')
      .select(['check_pair.check_id', 'check_pair.host_id'])
      .where('check_memory.waits_until', '>', 0)
      .where(({ or, and, eb, exists, selectFrom }) =>
        or([
          and([eb('check_pair.plugin_id', 'is not', null), eb('check_pair.host_id', 'in', chunk)]),
          and([
            eb('check_pair.plugin_id', 'is', null),
            exists(
              selectFrom('host_parent')
                .select('host_parent.host_id')
                .whereRef('host_parent.host_id', '=', 'check_pair.host_id')
                .where('host_parent.parent_id', 'in', chunk),
            ),
          ]),
        ]),
      )
      .limit(limit)
      .execute();
    waiting.push(...rows.map((row) => ({ id: row.check_id, hostId: row.host_id })));
  }
  return waiting;
}
