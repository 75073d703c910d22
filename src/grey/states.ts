/**
 * The states of the checks and hosts that this grey owns, in memory: read when first needed, forgotten
 * when the ownership may have changed. Their owner is their only writer, so they need no reading again.
 */

import type { Sql } from '../database/database.ts';
import { readCheckMemories, readCheckStates } from '../database/queries/check-states.ts';
import { Lru } from '../lib/lru.ts';
import { type Remembered, readRemembered } from './memory.ts';

/** States kept; about 400 bytes each. */
const MAX_STATES = 500_000;

/** Remembered states of one shard. */
export class States {
  readonly #states = new Lru<number, Remembered>(MAX_STATES);

  /** The states of these objects. */
  async load(
    sql: Sql,
    kinds: ReadonlyMap<number, Remembered['kind']>,
  ): Promise<Map<number, Remembered>> {
    const loaded = new Map<number, Remembered>();
    const unknown: number[] = [];
    for (const id of kinds.keys()) {
      const state = this.#states.get(id);
      if (state) loaded.set(id, state);
      else unknown.push(id);
    }
    if (unknown.length === 0) return loaded;
    const rows = new Map((await readCheckStates(sql, unknown)).map((row) => [row.check_id, row]));
    const memories = await readCheckMemories(sql, unknown);
    const memoryOf = new Map(memories.map((row) => [row.check_id, row]));
    for (const id of unknown) {
      const kind = kinds.get(id) ?? 'check';
      const remembered = readRemembered(kind, rows.get(id), memoryOf.get(id));
      loaded.set(id, remembered);
      // What was only looked at, as the host of a check, is kept too.
      this.#states.set(id, remembered);
    }
    return loaded;
  }

  /** Remembers what was committed. */
  keep(states: ReadonlyMap<number, Remembered>): void {
    for (const [id, state] of states) this.#states.set(id, state);
  }

  /** Forgets everything: another may have written meanwhile. */
  clear(): void {
    this.#states.clear();
  }
}
