/**
 * Sections 2 to 10, the entry for services: `(situation, state, input) -> (state', events,
 * notifications)`. Pure: no clock, no I/O; the same inputs in the same order give the same states,
 * and an input that is repeated or older than what is known changes nothing.
 */

import type { CheckStateName } from '../../model/check.ts';
import { finish, ignore, isWaiting, newDraft } from './draft.ts';
import type { Evaluation, ServiceInput, ServiceResult, WantedCheck } from './evaluation.ts';
import { applyInput, passTime } from './inputs.ts';
import type { ServiceState } from './object-state.ts';
import type { Frame, ServiceSituation } from './policy.ts';
import { isFresh } from './reachability.ts';
import { applyResult, applySkipped } from './results.ts';

/** What `input` makes of a service. `before` is `NEW_SERVICE` before its first input. */
export function evaluateService(
  situation: ServiceSituation,
  before: ServiceState,
  input: ServiceInput,
): Evaluation<ServiceState> {
  const isDated = input.kind === 'result' || input.kind === 'skipped';
  if (isDated && isOutdated(before, input)) return ignore(before);
  const draft = newDraft(frameOf(situation), before, input.at);
  passTime(draft);
  const { host, policy } = situation;
  if (input.kind === 'skipped') {
    applySkipped(draft, input);
    return finish(draft);
  }
  if (input.kind !== 'result') {
    // Its host was checked while it waited, and turned out to be the problem.
    if (before.waitsUntil !== null && host.state !== 'up') {
      draft.state = { ...draft.state, hasHostProblem: true };
    }
    applyInput(draft, input);
    return finish(draft);
  }
  const isProblem = input.state !== 'ok';
  const isBlamedOnHost = isProblem && host.state !== 'up';
  draft.wantedChecks = wantHost(situation, before, input);
  applyResult(draft, input, {
    hardAtOnce: isBlamedOnHost ? policy.maxCheckAttempts : null,
    startsAgain: before.hasHostProblem,
    hasHostProblem: isBlamedOnHost,
    recordsSoftStates: false,
    logsSoftStates: true,
    isPredictive: policy.semantics.enablePredictiveServiceDependencyChecks,
  });
  const beginsToWait = isWaiting(draft) && before.waitsUntil === null && !host.isHeld;
  if (beginsToWait && !draft.wantedChecks.includes('host')) {
    draft.wantedChecks = [...draft.wantedChecks, 'host'];
  }
  return finish(draft);
}

/**
 * Whether a result changes nothing: it is no newer than the newest one, or it comes from a check that
 * was forced for lack of results, and meanwhile there was one.
 */
export function isOutdated(
  { scheduledAt, staleSince }: Pick<ServiceState, 'scheduledAt' | 'staleSince'>,
  result: Pick<ServiceResult, 'scheduledAt'> & Partial<Pick<ServiceResult, 'isFreshnessCheck'>>,
): boolean {
  if (result.isFreshnessCheck && staleSince === null) return true;
  return scheduledAt !== null && result.scheduledAt <= scheduledAt;
}

const NOTHING: readonly WantedCheck[] = [];
const HOST: readonly WantedCheck[] = ['host'];

/** A new problem asks whether the host is still up; OK on a host that is not, whether it is again. */
function wantHost(
  { host, policy }: ServiceSituation,
  before: ServiceState,
  { state, at }: ServiceResult,
): readonly WantedCheck[] {
  const isDoubtful = state === 'ok' ? host.state !== 'up' : host.state === 'up';
  if (!isDoubtful || host.isHeld || (state !== 'ok' && state === before.state)) return NOTHING;
  return isFresh(host.checkedAt, at, policy.semantics.cachedHostCheckHorizonMs) ? NOTHING : HOST;
}

function frameOf(situation: ServiceSituation): Frame<CheckStateName> {
  const { policy, host, parents, dependencies, hostDependencies, programStartedAt } = situation;
  const { isVolatile } = policy;
  return {
    policy,
    good: 'ok',
    isVolatile,
    host,
    parents,
    dependencies,
    hostDependencies,
    programStartedAt,
  };
}
