/** Statements that do not need each other's answers. */

import type { Sql } from '../database.ts';

/**
 * Reads at once, each on a connection of the pool; in a transaction, which has a single connection, one
 * after the other. Rejects with the first failure.
 */
export async function readTogether<Results extends readonly unknown[]>(
  { db }: Sql,
  reads: { readonly [Index in keyof Results]: () => Promise<Results[Index]> },
): Promise<Results> {
  if (!db.isTransaction) return Promise.all(reads.map((read) => read())) as Promise<never>;
  const results: unknown[] = [];
  for (const read of reads) results.push(await read());
  return results as never;
}
