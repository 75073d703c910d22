/**
 * Zones without workers: a problem of the site that is told once, instead of every check of the zone
 * turning stale in silence. Looked for by the grey that counts the common statistics.
 */

import type { Database } from '../database/database.ts';
import { listZonesWithChecks, setUnservedZones } from '../database/queries/site-problems.ts';
import { listWorkers, type Worker } from '../database/queries/workers.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';

/** A worker that was not heard of for longer serves no zone. */
const HEARTBEATS = 2;
/** A zone that never had a worker, or whose workers this grey has not heard of yet, is given so long. */
const FIRST_HEARTBEATS_MS = 40_000;

/** Whether a worker was heard of lately; also one that stops, until another may have taken its place. */
export function isHeard({ heartbeatAt, intervalMs }: Worker, now: number): boolean {
  return now - heartbeatAt <= intervalMs * HEARTBEATS;
}

/** Makes what looks for zones without workers; call it again and again. */
export function createZoneWatch(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}): () => Promise<void> {
  const { database, clock, log } = options;
  /** When a zone that never had a worker was seen first; monotonic. */
  const newZones = new Map<string, number>();
  return async () => {
    const now = clock.now();
    const workers = await listWorkers(database);
    const served = new Set(
      workers.filter((worker) => isHeard(worker, now)).flatMap(({ zones }) => zones),
    );
    const known = new Set(workers.flatMap(({ zones }) => zones));
    const unserved = (await listZonesWithChecks(database)).filter((zone) => !served.has(zone));
    for (const zone of newZones.keys()) if (!unserved.includes(zone)) newZones.delete(zone);
    const missing = unserved.filter((zone) => {
      if (known.has(zone)) return true;
      const since = newZones.get(zone) ?? clock.monotonic();
      newZones.set(zone, since);
      return clock.monotonic() - since >= FIRST_HEARTBEATS_MS;
    });
    const { began, ended } = await database.transaction((sql) =>
      setUnservedZones(sql, missing, now),
    );
    if (began.length > 0) log.warn({ zones: began }, 'zones have checks, but no worker');
    if (ended.length > 0) log.info({ zones: ended }, 'zones have workers again, or no checks');
  };
}
