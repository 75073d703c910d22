/**
 * Section 10.1: due times of checks that have a period. A regular due time that is outside moves to
 * the next window: to the first regular one there, which spreads checks over it as everywhere; or, when
 * the window is too short to have one, to a place in it by hash. So each window that a check has to
 * wait for gets a run, and every red computes the same instants (ARCHITECTURE.md, decision 1). Pure.
 */

import type { PeriodCalendar } from '../nagios/time/period-calendar.ts';
import { followingDueAt, nextDueAt, type Rhythm } from './due-time.ts';

/** A request that was due just before its window ends may still be begun for so long. */
const LAST_START_MS = 60_000;

/** When a check is due that a rhythm wants at `wishedAt`. Null calendar: always. */
export function fitDueAt(
  rhythm: Rhythm,
  calendar: PeriodCalendar | null,
  wishedAt: number,
): number {
  if (calendar === null) return wishedAt;
  const stretch = calendar.stretchAt(wishedAt);
  // With nothing inside for 300 days it is looked at again then: `isDueInside` keeps it from running.
  if (stretch.isInside || stretch.isEndless) return stretch.isInside ? wishedAt : stretch.to;
  const opensAt = stretch.to;
  const closesAt = calendar.stretchAt(opensAt).to;
  const regular = nextDueAt(rhythm, opensAt - 1);
  return regular < closesAt ? regular : opensAt + (rhythm.hash % (closesAt - opensAt));
}

/** As `followingDueAt` within the period. */
export function followingFittedAt(
  rhythm: Rhythm,
  calendar: PeriodCalendar | null,
  { dueAt, now }: { readonly dueAt: number; readonly now: number },
): number {
  const following = followingDueAt(rhythm, dueAt, now);
  if (calendar === null || calendar.stretchAt(following).isInside) return following;
  // A run by hash is out of the rhythm: what follows it may be nearer than half an interval.
  return fitDueAt(rhythm, calendar, nextDueAt(rhythm, Math.max(now, dueAt)));
}

/** Until when a run that is due inside may begin; `expiresAt`: without a period. */
export function lastStartAt(
  calendar: PeriodCalendar | null,
  { dueAt, expiresAt }: { readonly dueAt: number; readonly expiresAt: number },
): number {
  if (calendar === null) return expiresAt;
  return Math.min(expiresAt, Math.max(calendar.stretchAt(dueAt).to, dueAt + LAST_START_MS));
}

/** Whether a check may run by the schedule at that time. */
export function isDueInside(calendar: PeriodCalendar | null, dueAt: number): boolean {
  return calendar === null || calendar.stretchAt(dueAt).isInside;
}
