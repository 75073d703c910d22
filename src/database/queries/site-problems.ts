/** What is wrong with the site itself: told once when it begins, and once when it ends. */

import type { Sql } from '../database.ts';
import { insertEvents } from './events.ts';

/** A problem of the site. */
export interface SiteProblem {
  readonly kind: 'noWorker';
  /** The zone. */
  readonly subject: string;
  readonly sinceAt: number;
}

/** The problems of now, the oldest first. */
export async function listProblems({ db }: Sql): Promise<SiteProblem[]> {
  const rows = await db
    .selectFrom('site_problem')
    .selectAll('site_problem')
    .orderBy('site_problem.since_at')
    .orderBy('site_problem.subject')
    .limit(1_000)
    .execute();
  return rows.map((row) => ({ kind: 'noWorker', subject: row.subject, sinceAt: row.since_at }));
}

/** Makes these the zones without workers, with an event for each that begins or ends. In a transaction. */
export async function setUnservedZones(
  sql: Sql,
  zones: readonly string[],
  now: number,
): Promise<{ readonly began: readonly string[]; readonly ended: readonly string[] }> {
  const { db } = sql;
  const known = (await listProblems(sql)).map(({ subject }) => subject);
  const began = zones.filter((zone) => !known.includes(zone));
  const ended = known.filter((zone) => !zones.includes(zone));
  const kind = 'noWorker';
  if (began.length > 0) {
    const rows = began.map((subject) => ({ kind, subject, since_at: now }));
    await db.insertInto('site_problem').values(rows).execute();
  }
  if (ended.length > 0) {
    await db.deleteFrom('site_problem').where('site_problem.subject', 'in', ended).execute();
  }
  const tell = (action: string) => (subject: string) => ({
    ...{ at: now, type: 'problem' as const, checkId: null, payload: { action, kind, subject } },
  });
  await insertEvents(sql, [...began.map(tell('began')), ...ended.map(tell('ended'))]);
  return { began, ended };
}

/** Zones that have checks which are to run; at most 1,000. */
export async function listZonesWithChecks({ db }: Sql): Promise<string[]> {
  const rows = await db
    .selectFrom('host')
    .select('host.zone')
    .distinct()
    .where('host.maintenance', '=', 0)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('check_pair')
          .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
          .select('check_pair.check_id')
          .whereRef('check_pair.host_id', '=', 'host.id'),
      ),
    )
    .limit(1_000)
    .execute();
  return rows.map(({ zone }) => zone);
}
