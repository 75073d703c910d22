/** Tells, every N seconds, how a service does, where whoever counts for the whole site reads it. */

import { randomUUID } from 'node:crypto';
import { type Clock, repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Database } from './database.ts';
import { type ServiceFigures, writeServiceFigures } from './queries/service-figures.ts';

/** Starts telling; a failure is logged once and passes. */
export function startFiguresReport(options: {
  readonly database: Database;
  readonly role: ServiceFigures['role'];
  readonly intervalMs: number;
  /** Called once for each report. */
  readonly read: () => Pick<ServiceFigures, 'figures' | 'problem'>;
  readonly clock: Clock;
  readonly log: Log;
}): { stop(): Promise<void> } {
  const { database, role, clock, log } = options;
  const id = randomUUID();
  let outage = false;
  const report = async () => {
    await writeServiceFigures(database, { id, role, at: clock.now(), ...options.read() });
    outage = false;
  };
  return repeat(clock, options.intervalMs, report, (error) => {
    if (!outage) log.warn({ error }, 'figures of this service cannot be stored');
    outage = true;
  });
}

/** A function that tells by how much a count grew per second since it was last called. */
export function createRate(clock: Pick<Clock, 'monotonic'>, readCount: () => number): () => number {
  let before = { count: readCount(), at: clock.monotonic() };
  return () => {
    const now = { count: readCount(), at: clock.monotonic() };
    const spanS = (now.at - before.at) / 1_000;
    const rate = spanS > 0 ? Math.max(0, now.count - before.count) / spanS : 0;
    before = now;
    return rate;
  };
}
