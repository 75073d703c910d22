/**
 * Section 8: dependencies, by which a check or a notification is left out while a master has failed.
 * Pure, over the masters' current states.
 */

import type { StateType } from '../../model/state-type.ts';
import { isInside, type TimePeriod } from '../time/time-period.ts';
import type { Semantics } from './semantics.ts';

/** What is known of a master. */
export interface MasterGlimpse {
  /** As people call it: `HOST/PLUGIN`, or `HOST`. */
  readonly id: string;
  readonly state: string;
  readonly stateType: StateType;
  readonly lastHardState: string;
  readonly isPending: boolean;
}

/** One dependency, for execution or for notification. */
export interface Dependency {
  readonly master: MasterGlimpse;
  /** States of the master in which it has failed; `pending` for one without a result. */
  readonly failsOn: readonly string[];
  /** Outside it the dependency does not count. Null: it always does. */
  readonly period: TimePeriod | null;
  readonly inheritsParent: boolean;
  /** The master's own dependencies of the same kind; read when `inheritsParent`. */
  readonly masterDependencies: readonly Dependency[];
}

/**
 * The first dependency that has failed; null when none has. One out of its period skips only itself.
 * Masters that depend on one another in a circle are judged once each.
 */
export function findFailedDependency(
  dependencies: readonly Dependency[],
  at: number,
  semantics: Pick<Semantics, 'softStateDependencies'>,
): Dependency | null {
  if (dependencies.length === 0) return null;
  const seen = new Set<Dependency>();
  const pending = [...dependencies].reverse();
  for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
    if (seen.has(one)) continue;
    seen.add(one);
    if (one.period !== null && !isInside(one.period, at)) continue;
    if (one.failsOn.includes(judgedState(one.master, semantics))) return one;
    if (one.inheritsParent) pending.push(...[...one.masterDependencies].reverse());
  }
  return null;
}

/** The state that counts: the last hard one while the master is soft, if not set otherwise. */
export function judgedState(
  { state, stateType, lastHardState, isPending }: MasterGlimpse,
  { softStateDependencies }: Pick<Semantics, 'softStateDependencies'>,
): string {
  if (isPending) return 'pending';
  return stateType === 'soft' && !softStateDependencies ? lastHardState : state;
}
