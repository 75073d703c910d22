/** Downtimes that hang on others: they start when these do, and end or are cancelled with them. */

import type { Database } from '../database/database.ts';
import { listCommandTargets } from '../database/queries/check-targets.ts';
import {
  listKnowingChecks,
  listWaitingChecks,
  readTrigger,
} from '../database/queries/downtime-checks.ts';
import {
  cancelDowntime,
  closeDowntime,
  type PlannedDowntime,
} from '../database/queries/downtimes.ts';
import { type CommanderContext, sendCommands } from './commander.ts';

/** Checks told in one go. */
const PART = 1_000;

type TriggeredDowntime = PlannedDowntime & { readonly triggeredBy: string };

/** What is done with plans. */
interface Options extends CommanderContext {
  readonly database: Database;
}

/**
 * Does what its trigger does, by how that stands now; doing it again changes nothing, since a check
 * starts and ends a downtime once. `tellNear`: tells checks of an open one.
 */
export async function followTrigger<Given extends Options>(
  options: Given,
  plan: TriggeredDowntime,
  tellNear: (options: Given, plan: PlannedDowntime) => Promise<void>,
): Promise<void> {
  const { database, clock } = options;
  const now = clock.now();
  const { isCancelled, isRunning, isOver } = await readTrigger(database, plan.triggeredBy, now);
  if (isCancelled) {
    await cancelDowntime(database, plan.id, now);
  } else if (isOver) {
    await endAll(options, plan);
    await closeDowntime(database, plan.id, now);
  } else {
    await tellNear(options, plan);
    if (isRunning) await startWaiting(options, plan);
  }
}

/** The rest of more than can be told at once is told at the next look. */
async function startWaiting(options: Options, plan: PlannedDowntime): Promise<void> {
  const checkIds = await listWaitingChecks(options.database, plan.id, PART);
  await send(options, plan, { kind: 'startDowntime', checkIds });
}

async function endAll(options: Options, plan: PlannedDowntime): Promise<void> {
  let after = 0;
  for (;;) {
    const checkIds = await listKnowingChecks(options.database, plan.id, { after, limit: PART });
    const last = checkIds.at(-1);
    if (last === undefined) return;
    await send(options, plan, { kind: 'endDowntime', checkIds });
    after = last;
  }
}

async function send(
  options: Options,
  plan: PlannedDowntime,
  order: { readonly kind: 'startDowntime' | 'endDowntime'; readonly checkIds: readonly number[] },
): Promise<void> {
  const command = { kind: order.kind, id: occurrenceId(plan.id, plan.keyAt) };
  const targets = await listCommandTargets(options.database, order.checkIds);
  await sendCommands(
    options,
    targets.map((target) => ({ target, command })),
  );
}

/** The id by which checks know an occurrence. */
export function occurrenceId(id: string, startAt: number): string {
  return `${id}@${startAt}`;
}
