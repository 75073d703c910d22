/**
 * The states of the checks that this grey owns, in memory: read when first needed, forgotten when
 * the ownership may have changed. Their owner is their only writer, so they need no reading again.
 */

import type { Sql } from '../database/database.ts';
import { readCheckStates } from '../database/queries/check-states.ts';
import { Lru } from '../lib/lru.ts';
import { CHECK_STATES } from '../model/check.ts';
import type { CheckState } from '../nagios/evaluate.ts';

/** States kept; about 150 bytes each. */
const MAX_STATES = 500_000;

/** Remembered states of one shard. */
export class States {
  readonly #states = new Lru<number, CheckState>(MAX_STATES);

  /** The states of these checks; null for one that has none yet. */
  async load(sql: Sql, checkIds: ReadonlySet<number>): Promise<Map<number, CheckState | null>> {
    const loaded = new Map<number, CheckState | null>();
    const unknown: number[] = [];
    for (const checkId of checkIds) {
      const state = this.#states.get(checkId);
      if (state) loaded.set(checkId, state);
      else unknown.push(checkId);
    }
    for (const checkId of unknown) loaded.set(checkId, null);
    for (const row of await readCheckStates(sql, unknown)) {
      loaded.set(row.check_id, {
        state: CHECK_STATES[row.state] ?? 'unknown',
        scheduledAt: row.scheduled_at,
        lastStateChangeAt: row.last_state_change_at,
      });
    }
    return loaded;
  }

  /** Remembers what was committed. */
  keep(states: ReadonlyMap<number, CheckState | null>): void {
    for (const [checkId, state] of states) if (state) this.#states.set(checkId, state);
  }

  /** Forgets everything: another may have written meanwhile. */
  clear(): void {
    this.#states.clear();
  }
}
