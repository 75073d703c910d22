/**
 * Sections 2 to 10, the entry for hosts: `(situation, state, input) -> (state', events,
 * notifications)`, with the guarantees of `evaluate-service.ts`.
 */

import type { HostStateName } from '../../model/host-state.ts';
import { type Draft, finish, ignore, isWaiting, newDraft } from './draft.ts';
import { isOutdated } from './evaluate-service.ts';
import type { Evaluation, HostInput, HostResult } from './evaluation.ts';
import { recordFlapping } from './flap-detection.ts';
import { applyInput, passTime } from './inputs.ts';
import type { HostState } from './object-state.ts';
import type { Frame, HostSituation } from './policy.ts';
import { readHostState } from './reachability.ts';
import { applyResult, applySkipped } from './results.ts';

const NO_DEPENDENCIES: readonly never[] = [];

/** What `input` makes of a host. `before` is `NEW_HOST` before its first input. */
export function evaluateHost(
  situation: HostSituation,
  before: HostState,
  input: HostInput,
): Evaluation<HostState> {
  const isDated = input.kind === 'result' || input.kind === 'skipped';
  if (isDated && isOutdated(before, input)) return ignore(before);
  if (input.kind === 'serviceChecked' && !wantsFeed(situation, before, input.at)) {
    return ignore(before);
  }
  const draft = newDraft(frameOf(situation), before, input.at);
  passTime(draft);
  switch (input.kind) {
    case 'result':
      takeResult(draft, situation, input);
      break;
    case 'skipped':
      applySkipped(draft, input);
      break;
    case 'serviceChecked':
      recordFlapping(draft, true);
      break;
    default:
      applyInput(draft, input);
  }
  if (isWaiting(draft) && before.waitsUntil === null) {
    draft.wantedChecks = [...draft.wantedChecks, 'parents'];
  }
  return finish(draft);
}

function takeResult(
  draft: Draft<HostStateName>,
  { policy, parents }: HostSituation,
  result: HostResult,
): void {
  const { semantics } = policy;
  const wasUp = draft.state.state === 'up';
  const state = readHostState(result, parents, semantics);
  const { source, scheduledAt, output } = result;
  const isHardAtOnce = source === 'passive' && !semantics.passiveHostChecksAreSoft;
  if (wasUp !== (state === 'up')) {
    draft.wantedChecks = [wasUp ? 'neighboursOfLeaving' : 'neighboursOfReturning'];
  }
  applyResult(
    draft,
    { state, source, scheduledAt, output },
    {
      hardAtOnce: isHardAtOnce ? 1 : null,
      startsAgain: false,
      hasHostProblem: false,
      recordsSoftStates: true,
      logsSoftStates: semantics.logHostRetries,
      isPredictive: semantics.enablePredictiveHostDependencyChecks,
    },
  );
}

/** Whether a service's result records the host's state: not too often, unless it has changed. */
function wantsFeed({ policy }: HostSituation, state: HostState, at: number): boolean {
  const { flapping, flapRecordedAt, scheduledAt } = state;
  if (scheduledAt === null || flapRecordedAt === null) return false;
  return state.state !== flapping.last || at - flapRecordedAt >= policy.serviceFeedIntervalMs;
}

function frameOf(situation: HostSituation): Frame<HostStateName> {
  const { policy, parents, dependencies, programStartedAt } = situation;
  return {
    policy,
    good: 'up',
    isVolatile: false,
    host: null,
    parents,
    dependencies,
    hostDependencies: NO_DEPENDENCIES,
    programStartedAt,
  };
}
