/**
 * Section 10.2: on which results event handlers run, and which of them. Called for every counted
 * result; the caller runs what comes back.
 */

import { isInside, type TimePeriod } from '../time/time-period.ts';
import type { Transition } from './attempts.ts';

/** The handler of the site, and that of the object. */
export type EventHandlerLevel = 'global' | 'object';

/** Which handlers there are. */
export interface EventHandlerPolicy {
  readonly hasGlobal: boolean;
  /** The object has one, and it is enabled. */
  readonly hasOwn: boolean;
  /** When handlers may run; null: always. */
  readonly period: TimePeriod | null;
}

/** A result, as handlers see it. */
export interface HandledResult {
  readonly transition: Transition;
  readonly isVolatile: boolean;
  readonly at: number;
  /** Whether handlers are enabled for the site. */
  readonly isEnabled: boolean;
}

const NONE: readonly EventHandlerLevel[] = [];

/** The handlers to be run, in this order. */
export function selectEventHandlers(
  { hasGlobal, hasOwn, period }: EventHandlerPolicy,
  { transition, isVolatile, at, isEnabled }: HandledResult,
): readonly EventHandlerLevel[] {
  if (transition === 'stillGood' || (transition === 'stillProblem' && !isVolatile)) return NONE;
  if (!isEnabled || (!hasGlobal && !hasOwn)) return NONE;
  if (period !== null && !isInside(period, at)) return NONE;
  const levels: EventHandlerLevel[] = [];
  if (hasGlobal) levels.push('global');
  if (hasOwn) levels.push('object');
  return levels;
}
