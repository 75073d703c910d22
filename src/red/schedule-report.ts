/** The schedule's figures -> what is kept of them in the common statistics. */

import { createRate } from '../database/figures-report.ts';
import type { ServiceFigures } from '../database/queries/service-figures.ts';
import type { Clock } from '../lib/clock.ts';
import type { SchedulerFigures } from './scheduler.ts';

/** What red tells of its schedule; lateness only while it is in charge. */
export function createScheduleReport(
  clock: Clock,
  schedule: { figures(): SchedulerFigures; isActive(): boolean },
): () => Pick<ServiceFigures, 'figures' | 'problem'> {
  const readMissedRate = createRate(clock, () => schedule.figures().missed);
  return () => {
    const missedPerSecond = readMissedRate();
    const { latenessMs, latenessP99Ms } = schedule.figures();
    if (!schedule.isActive() || latenessMs === null || latenessP99Ms === null) {
      return { figures: { missedPerSecond }, problem: null };
    }
    return {
      figures: { missedPerSecond, latenessMedianMs: latenessMs, latenessP99Ms },
      problem: null,
    };
  };
}
