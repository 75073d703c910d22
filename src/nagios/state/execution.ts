/**
 * Sections 3 and 8: whether the check of a service or host is made when its time has come, or left out
 * until the next one, and why. Checks that people want now are made without asking.
 */

import type { CheckStateName } from '../../model/check.ts';
import type { HostStateName } from '../../model/host-state.ts';
import { type Dependency, findFailedDependency, judgedState } from './dependencies.ts';
import type { Semantics } from './semantics.ts';

/** Why a check is left out. */
export type SkipReason = 'dependency' | 'serviceParents' | 'hostNotUp';

/** That a check is left out. */
export interface Skip {
  readonly reason: SkipReason;
  /** The reason as a sentence. */
  readonly explanation: string;
}

/** What decides. */
export interface ExecutionScene {
  readonly at: number;
  /** Execution dependencies. */
  readonly dependencies: readonly Dependency[];
  /** A service's ancestors: parent services, theirs, and so on. */
  readonly ancestors: readonly { readonly id: string; readonly lastHardState: string }[];
  /** Of a service: whether its host is up; true for a host. */
  readonly isHostUp: boolean;
  readonly semantics: Pick<Semantics, 'softStateDependencies' | 'hostDownDisableServiceChecks'>;
}

/** Why a check is left out; null when it is made. */
export function findSkip({
  at,
  dependencies,
  ancestors,
  isHostUp,
  semantics,
}: ExecutionScene): Skip | null {
  const failed = findFailedDependency(dependencies, at, semantics);
  if (failed !== null) {
    const { master } = failed;
    const explanation = `It depends on ${master.id}, which is ${judgedState(master, semantics)}.`;
    return { reason: 'dependency', explanation };
  }
  const ancestor = ancestors.find(({ lastHardState }) => FAILED.includes(lastHardState));
  if (ancestor !== undefined) {
    const explanation = `${ancestor.id} above it is ${ancestor.lastHardState}.`;
    return { reason: 'serviceParents', explanation };
  }
  return semantics.hostDownDisableServiceChecks && !isHostUp ? HOST_NOT_UP : null;
}

const FAILED = ['critical', 'unknown'];
const HOST_NOT_UP: Skip = { reason: 'hostNotUp', explanation: 'The host is not up.' };

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
  }
}

/** As `stateOfSkippedService`, of a host. */
export function stateOfSkippedHost(reason: SkipReason, semantics: Semantics): HostStateName | null {
  return reason === 'dependency' ? semantics.hostSkipCheckDependencyStatus : null;
}
