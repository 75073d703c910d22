/**
 * Time -> commands to checks: what is due by time alone. Done by the red that holds the schedule;
 * telling twice changes nothing.
 */

import type { Database } from '../database/database.ts';
import { listCommandTargets } from '../database/queries/check-targets.ts';
import { type DueChange, listDueChanges } from '../database/queries/due-changes.ts';
import { repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Lru } from '../lib/lru.ts';
import { type CommanderContext, sendCommands } from './commander.ts';

const LOOK_MS = 500;
/** Checks told in one go. */
const PART = 1_000;
/** Until a check that was told is told again, if nothing came of it. */
const AGAIN_MS = 30_000;

/** What this works with. */
export interface DueChangesOptions extends CommanderContext {
  readonly database: Database;
  readonly isActive: () => boolean;
  readonly log: Log;
}

/** Starts looking. */
export function startDueChanges(options: DueChangesOptions): { stop(): Promise<void> } {
  const { database, isActive, clock, log } = options;
  const told = new Lru<string, number>(100_000);
  const isNew = ({ checkId, at }: DueChange) => {
    const key = `${checkId} ${at}`;
    const now = clock.monotonic();
    if (now - (told.get(key) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return false;
    told.set(key, now);
    return true;
  };
  const look = async () => {
    if (!isActive()) return;
    const due = (await listDueChanges(database, clock.now(), PART)).filter(isNew);
    const checkIds = [...new Set(due.map(({ checkId }) => checkId))];
    const targets = await listCommandTargets(database, checkIds);
    await sendCommands(
      options,
      targets.map((target) => ({ target, command: { kind: 'time' } })),
    );
  };
  return repeat(clock, LOOK_MS, look, (error) =>
    log.warn({ error }, 'what is due by time cannot be told'),
  );
}
