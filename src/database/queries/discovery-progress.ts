/** Counting what was found in slices, and what a discovery came to in the end. */

import type { Sql } from '../database.ts';
import { type Discovery, findDiscovery, forgetSlices } from './discoveries.ts';

/** Names of hosts that a discovery keeps of each kind. */
const MAX_NAMES = 1_000;

/** What a slice came to. */
export interface SliceOutcome {
  readonly slice: number;
  /** How many addresses it has. */
  readonly scanned: number;
  /** Every address that answered. */
  readonly answered: readonly string[];
  /** Names of hosts. */
  readonly added: readonly string[];
  readonly known: readonly string[];
}

/**
 * The discovery, which nobody else changes before the end of the transaction; undefined when it is
 * not running, or when the slice was counted already.
 */
export async function lockForSlice(
  sql: Sql,
  id: string,
  slice: number,
): Promise<Discovery | undefined> {
  await sql.db
    .updateTable('discovery')
    .set({ state: 'running' })
    .where('discovery.id', '=', id)
    .where('discovery.state', '=', 'running')
    .execute();
  const discovery = await findDiscovery(sql, id);
  if (discovery?.state !== 'running') return undefined;
  const counted = await sql.db
    .selectFrom('discovery_slice')
    .select('discovery_slice.slice')
    .where('discovery_slice.discovery_id', '=', id)
    .where('discovery_slice.slice', '=', slice)
    .executeTakeFirst();
  return counted ? undefined : discovery;
}

/** Counts a slice of a locked discovery; true when it was the last that was missing. */
export async function countSlice(
  { db }: Sql,
  discovery: Discovery,
  outcome: SliceOutcome,
): Promise<boolean> {
  const { slice, scanned, answered, added, known } = outcome;
  await db
    .insertInto('discovery_slice')
    .values({ discovery_id: discovery.id, slice, answered: JSON.stringify(answered) })
    .execute();
  await db
    .updateTable('discovery')
    .set({
      scanned: discovery.scanned + scanned,
      added_count: discovery.addedCount + added.length,
      known_count: discovery.knownCount + known.length,
      added: joinNames(discovery.added, added),
      known: joinNames(discovery.known, known),
    })
    .where('discovery.id', '=', discovery.id)
    .execute();
  return discovery.scanned + scanned >= discovery.total;
}

/** Ends a locked discovery all of whose slices were counted. */
export async function finishDiscovery(
  sql: Sql,
  discovery: Discovery,
  // Names of the subnet's hosts that did not answer.
  { gone, at }: { readonly gone: readonly string[]; readonly at: number },
): Promise<void> {
  await sql.db
    .updateTable('discovery')
    .set({
      state: 'done',
      finished_at: at,
      running_subnet_id: null,
      gone_count: gone.length,
      gone: joinNames([], gone),
    })
    .where('discovery.id', '=', discovery.id)
    .execute();
  await forgetSlices(sql, discovery.id);
}

/** Every address that answered in the slices counted so far. */
export async function listAnswered({ db }: Sql, id: string): Promise<Set<string>> {
  const rows = await db
    .selectFrom('discovery_slice')
    .select('discovery_slice.answered')
    .where('discovery_slice.discovery_id', '=', id)
    .execute();
  return new Set(rows.flatMap((row) => JSON.parse(row.answered) as string[]));
}

/** JSON of the first names. */
function joinNames(before: readonly string[], names: readonly string[]): string {
  return JSON.stringify([...before, ...names].slice(0, MAX_NAMES));
}
