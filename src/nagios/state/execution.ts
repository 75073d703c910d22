/**
 * Sections 3, 8 and 10.1: whether a check of a service or host is made when its time has come, or
 * left out until the next one, and why.
 */

import type { CheckStateName } from '../../model/check.ts';
import type { HostStateName } from '../../model/host-state.ts';
import { isInside, type TimePeriod } from '../time/time-period.ts';
import { type Dependency, findFailedDependency } from './dependencies.ts';
import type { Semantics } from './semantics.ts';

/** Why a check is left out. */
export type SkipReason = 'disabled' | 'checkPeriod' | 'dependency' | 'serviceParents' | 'hostNotUp';

/** What decides. */
export interface ExecutionScene {
  readonly at: number;
  /** Past all reasons but none: people want it now. */
  readonly isForced: boolean;
  readonly hasActiveChecks: boolean;
  /** Null: always. */
  readonly checkPeriod: TimePeriod | null;
  /** Execution dependencies. */
  readonly dependencies: readonly Dependency[];
  /** A service's ancestors: parent services, theirs, and so on. */
  readonly ancestors: readonly { readonly lastHardState: string }[];
  /** Of a service: whether its host is up; true for a host. */
  readonly isHostUp: boolean;
  readonly semantics: Semantics;
}

/** Why a check is left out; null when it is made. */
export function findSkipReason(scene: ExecutionScene): SkipReason | null {
  const { at, checkPeriod, semantics } = scene;
  if (scene.isForced) return null;
  if (!scene.hasActiveChecks) return 'disabled';
  if (checkPeriod !== null && !isInside(checkPeriod, at)) return 'checkPeriod';
  if (findFailedDependency(scene.dependencies, at, semantics) !== null) return 'dependency';
  if (scene.ancestors.some(({ lastHardState }) => FAILED.includes(lastHardState))) {
    return 'serviceParents';
  }
  return semantics.hostDownDisableServiceChecks && !scene.isHostUp ? 'hostNotUp' : null;
}

const FAILED = ['critical', 'unknown'];

/** The state that a service is given because its check was left out; null leaves it as it is. */
export function stateOfSkippedService(
  reason: SkipReason,
  semantics: Semantics,
): CheckStateName | null {
  switch (reason) {
    case 'dependency':
      return semantics.serviceSkipCheckDependencyStatus;
    case 'serviceParents':
      return semantics.serviceSkipCheckParentStatus;
    case 'hostNotUp':
      return semantics.serviceSkipCheckHostDownStatus;
    default:
      return null;
  }
}

/** As `stateOfSkippedService`, of a host. */
export function stateOfSkippedHost(reason: SkipReason, semantics: Semantics): HostStateName | null {
  return reason === 'dependency' ? semantics.hostSkipCheckDependencyStatus : null;
}
