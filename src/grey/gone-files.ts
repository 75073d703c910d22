/**
 * Removes the statistics files of checks that were deleted, once their history is forgotten, and of
 * workers that have been silent for long. What a file belongs to is a row, never read from its name.
 */

import type { Database } from '../database/database.ts';
import {
  deleteCheckFile,
  getNewestMeteredCheckId,
  listFilesOfForgottenChecks,
} from '../database/queries/check-metrics.ts';
import { deleteSilentWorker, listSilentWorkers } from '../database/queries/workers.ts';
import { Unavailable } from '../model/errors.ts';
import { checkFileName } from '../rrd/check-series.ts';
import type { Removal, RrdStore } from '../rrd/rrd.ts';
import { workerFileName } from '../rrd/series.ts';

const DAY_MS = 86_400_000;
/** Numbers of checks that are looked at in one go. */
const CHECKS = 500;
/** Files of one round; the next round goes on. */
const FILES_PER_ROUND = 10_000;
/** Silent workers of one round. */
const WORKERS_PER_ROUND = 1_000;
/** After so many failures the round ends: it is not the file. */
const MAX_FAILURES = 100;

/** What files are of. */
export type GoneKind = 'check' | 'worker';

/** All kinds. */
export const GONE_KINDS: readonly GoneKind[] = ['check', 'worker'];

/** What one round works with. */
export interface GoneFilesRound {
  readonly database: Database;
  readonly rrd: RrdStore;
  /** For how many days a silent worker is kept; 0: for ever. */
  readonly days: { readonly workers: number };
  readonly now: number;
  /** Whether to go on. */
  readonly isWanted: () => boolean;
  /** Lets others come first. */
  readonly pause: () => Promise<void>;
  /** Called for each file that was there. */
  readonly onRemoved: (kind: GoneKind) => void;
}

/** One round. Resolves to the first failure of a file, which the next round tries again. */
export async function removeGoneFiles(round: GoneFilesRound): Promise<Unavailable | null> {
  const failures: Unavailable[] = [];
  await removeOfChecks(round, failures);
  await forgetWorkers(round, failures);
  return failures[0] ?? null;
}

async function removeOfChecks(round: GoneFilesRound, failures: Unavailable[]): Promise<void> {
  const { database, rrd, isWanted, pause, onRemoved } = round;
  const newest = await getNewestMeteredCheckId(database);
  let left = FILES_PER_ROUND;
  for (let from = 1; from <= newest; from += CHECKS) {
    for (const file of await listFilesOfForgottenChecks(database, { from, to: from + CHECKS })) {
      if (!isWanted() || left === 0 || failures.length >= MAX_FAILURES) return;
      left--;
      const name = checkFileName(file.checkId, file.fileNumber);
      const removal = await attempt(failures, () => rrd.remove(name));
      // The rows stay, for the day on which the files are in reach.
      if (removal === 'outOfReach') return;
      if (removal === 'removed') onRemoved('check');
      // After the file: what is left by a crash between is done again.
      if (removal !== 'failed') await deleteCheckFile(database, file);
    }
    if (!isWanted()) return;
    await pause();
  }
}

async function forgetWorkers(round: GoneFilesRound, failures: Unavailable[]): Promise<void> {
  const { database, rrd, days, now, isWanted, pause, onRemoved } = round;
  if (days.workers === 0) return;
  const before = now - days.workers * DAY_MS;
  for (const id of await listSilentWorkers(database, before, WORKERS_PER_ROUND)) {
    if (!isWanted() || failures.length >= MAX_FAILURES) return;
    // In the transaction: one that comes back meanwhile is written, with a new file, after it.
    const forget = () =>
      database.transaction(async (sql) =>
        (await deleteSilentWorker(sql, id, before)) ? rrd.remove(workerFileName(id)) : 'missing',
      );
    if ((await attempt(failures, forget)) === 'removed') onRemoved('worker');
    await pause();
  }
}

async function attempt(
  failures: Unavailable[],
  work: () => Promise<Removal>,
): Promise<Removal | 'failed'> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Unavailable) || error.dependency !== 'rrd') throw error;
    failures.push(error);
    return 'failed';
  }
}
