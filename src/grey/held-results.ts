/**
 * An input of a host -> what it comes to, with results that wait: one that says the host is not up is
 * judged once its parents were checked, or when they do not answer in time, since only then is it
 * known whether the host is down or unreachable. Pure.
 *
 * | while a result is held | then |
 * | `time`, and the parents were checked or its time is over | it is judged |
 * | a newer result that need not wait | both are judged, in their order |
 * | a newer result that has to wait | takes its place, and waits no longer than it |
 * | any other input | goes past it |
 */

import type { CheckResult } from '../messages/check-result.ts';
import { HOST_STATES } from '../model/host-state.ts';
import { evaluateHost } from '../nagios/state/evaluate-host.ts';
import { isOutdated } from '../nagios/state/evaluate-service.ts';
import type { Evaluation, HostInput, HostResult, WantedCheck } from '../nagios/state/evaluation.ts';
import type { HostState } from '../nagios/state/object-state.ts';
import type { HostSituation } from '../nagios/state/policy.ts';
import {
  type HostReport,
  type ParentHostGlimpse,
  waitForParents,
} from '../nagios/state/reachability.ts';
import type { HeldResult, RememberedHost } from './memory.ts';

/** One judged input. */
export interface HostStep {
  readonly before: HostState;
  readonly evaluation: Evaluation<HostState>;
  readonly at: number;
  /** The result that it was; null for other inputs. */
  readonly result: CheckResult | null;
}

/** What an input comes to. */
export interface HostTurn {
  /** In the order in which they were judged. */
  readonly steps: readonly HostStep[];
  readonly held: HeldResult | null;
  /** Wanted since a result is held. */
  readonly wantedChecks: readonly WantedCheck[];
}

/** A result of a host check, or of a host from outside, as the rules take it. */
export function toHostResult(result: CheckResult, isOfHost: boolean): HostResult {
  const { finishedAt: at, scheduledAt, output, exitCode } = result;
  // That a time-out is a warning of the check does not make the host answer.
  const ofCheck = result.isTimedOut === true ? 'critical' : result.state;
  const reported: HostReport = isOfHost
    ? { source: 'passive', state: HOST_STATES[exitCode] ?? 'down' }
    : { source: 'active', state: ofCheck };
  const isFreshnessCheck = result.isFreshnessCheck === true;
  return { kind: 'result', at, scheduledAt, output, isFreshnessCheck, ...reported };
}

/** Who asks for what, beside what is remembered. */
interface HostScene {
  readonly situation: HostSituation;
  readonly parents: readonly ParentHostGlimpse[];
  /** The id of the host's own state: results of it are from outside. */
  readonly objectId: number;
}

const NO_CHECKS: readonly WantedCheck[] = [];
const PARENTS: readonly WantedCheck[] = ['parents'];

/** Takes a result of the host. */
export function takeHostResult(
  scene: HostScene,
  { state, held }: RememberedHost,
  result: CheckResult,
): HostTurn {
  if (result.isSkipped === true) {
    const { finishedAt: at, scheduledAt, exitCode } = result;
    const given = HOST_STATES[exitCode] ?? 'down';
    const skipped = { kind: 'skipped', at, scheduledAt, state: given } as const;
    const evaluation = evaluateHost(scene.situation, state, skipped);
    return { steps: [{ before: state, evaluation, at, result }], held, wantedChecks: NO_CHECKS };
  }
  const input = hostResultOf(scene, result);
  const newest = Math.max(state.scheduledAt ?? 0, held?.result.scheduledAt ?? 0);
  const { staleSince } = state;
  if (isOutdated({ scheduledAt: newest || null, staleSince }, input))
    return { steps: [], held, wantedChecks: NO_CHECKS };
  const since = held?.since ?? input.at;
  const until = waitUntil(scene, state, { result, since });
  if (until !== null) {
    return { steps: [], held: { result, since, until }, wantedChecks: held ? NO_CHECKS : PARENTS };
  }
  const results = held === null ? [result] : [held.result, result];
  return { steps: judge(scene, state, results), held: null, wantedChecks: NO_CHECKS };
}

/** Takes any other input of the host. */
export function takeHostInput(
  scene: HostScene,
  { state, held }: RememberedHost,
  input: Exclude<HostInput, HostResult>,
): HostTurn {
  const steps: HostStep[] = [];
  let waiting = held;
  if (held !== null && input.kind === 'time') {
    const until = waitUntil(scene, state, held);
    if (until === null || input.at >= until) {
      steps.push(...judge(scene, state, [held.result]));
      waiting = null;
    } else if (until !== held.until) waiting = { ...held, until };
  }
  const before = steps.at(-1)?.evaluation.state ?? state;
  const evaluation = evaluateHost(scene.situation, before, input);
  steps.push({ before, evaluation, at: input.at, result: null });
  return { steps, held: waiting, wantedChecks: NO_CHECKS };
}

function judge(scene: HostScene, before: HostState, results: readonly CheckResult[]): HostStep[] {
  let state = before;
  return results.map((result) => {
    const evaluation = evaluateHost(scene.situation, state, hostResultOf(scene, result));
    const step = { before: state, evaluation, at: result.finishedAt, result };
    state = evaluation.state;
    return step;
  });
}

function waitUntil(
  scene: HostScene,
  { state }: HostState,
  { result, since }: Pick<HeldResult, 'result' | 'since'>,
): number | null {
  const { situation, parents } = scene;
  const report = { ...hostResultOf(scene, result), at: since };
  return waitForParents(report, parents, { state, semantics: situation.policy.semantics });
}

function hostResultOf({ objectId }: HostScene, result: CheckResult): HostResult {
  return toHostResult(result, result.checkId === objectId);
}
