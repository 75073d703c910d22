/** The clock of the database server. */

import { sql } from 'kysely';
import type { Sql } from '../database.ts';

/** Milliseconds since the epoch; null for a database that has no clock of its own. */
export async function readServerTime({ db, traits }: Sql): Promise<number | null> {
  if (traits.kind === 'sqlite') return null;
  const now =
    traits.kind === 'postgres'
      ? sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`
      : sql<number>`cast(unix_timestamp(now(3)) * 1000 as signed)`;
  const { rows } = await sql<{ at: unknown }>`select ${now} as at`.execute(db);
  return Number(rows[0]?.at);
}
