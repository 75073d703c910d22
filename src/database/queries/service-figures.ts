/** What each running service tells of itself. */

import type { Sql } from '../database.ts';
import { upsertRows } from './upsert.ts';

/** Figures of one service. */
export interface ServiceFigures {
  /** Unique among all services. */
  readonly id: string;
  readonly role: 'red' | 'grey';
  /** When they were taken, milliseconds since the epoch. */
  readonly at: number;
  readonly figures: Readonly<Record<string, number>>;
  /** What is wrong with it, for people; null = nothing. */
  readonly problem: string | null;
}

/** A service that told nothing for so long is not counted any more; see `reportAgeMs`. */
const MIN_REPORT_AGE_MS = 30_000;
const MISSING_REPORTS = 3;

/** How old what a service tells may be, if it tells something at this interval. */
export function reportAgeMs(intervalMs: number): number {
  return Math.max(MISSING_REPORTS * intervalMs, MIN_REPORT_AGE_MS);
}

/** Replaces what this service told before. */
export async function writeServiceFigures(sql: Sql, service: ServiceFigures): Promise<void> {
  const row = { ...service, figures: JSON.stringify(service.figures) };
  await upsertRows(sql, 'service_figures', [row], {
    key: ['id'],
    update: ['at', 'figures', 'problem'],
  });
}

/** What services told at or after an instant; at most 1,000. */
export async function listServiceFigures({ db }: Sql, since: number): Promise<ServiceFigures[]> {
  const rows = await db
    .selectFrom('service_figures')
    .selectAll('service_figures')
    .where('service_figures.at', '>=', since)
    .limit(1_000)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    role: row.role === 'red' ? 'red' : 'grey',
    at: row.at,
    figures: JSON.parse(row.figures) as Record<string, number>,
    problem: row.problem,
  }));
}

/** Forgets services that have told nothing since an instant. */
export async function deleteServiceFigures({ db }: Sql, before: number): Promise<void> {
  await db.deleteFrom('service_figures').where('service_figures.at', '<', before).execute();
}
