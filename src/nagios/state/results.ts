/**
 * Section 2: what a counted result makes of a service or host, once it is known which step it is.
 * Order matters: what ends by a change ends before flapping is judged, and flapping is judged before
 * anybody is told, so that nobody hears of a problem that just began to flap.
 */

import { hash32 } from '../../lib/hash.ts';
import { clearTimers, UNNOTIFIED } from '../notification/counters.ts';
import { isSent } from '../notification/decide.ts';
import { dropByChange } from './acknowledgements.ts';
import { type AttemptRules, type Step, step } from './attempts.ts';
import { beginArmed } from './downtimes.ts';
import { type Draft, notify } from './draft.ts';
import type { SkippedCheck, StateEvent } from './evaluation.ts';
import { selectEventHandlers } from './event-handlers.ts';
import { recordFlapping } from './flap-detection.ts';
import type { ObjectState } from './object-state.ts';

/** A result of either kind of object, its state already judged. */
export interface JudgedResult<Name extends string> {
  readonly state: Name;
  readonly source: 'active' | 'passive';
  readonly scheduledAt: number;
  readonly output: string;
}

/** How either kind of object differs. */
export interface ResultRules<Name extends string>
  extends Pick<AttemptRules<Name>, 'hardAtOnce' | 'startsAgain'> {
  readonly hasHostProblem: boolean;
  readonly recordsSoftStates: boolean;
  readonly logsSoftStates: boolean;
  /** Whether masters are checked before the last attempt. */
  readonly isPredictive: boolean;
}

/** Writes what comes of a result into the draft, and says which step it was. */
export function applyResult<Name extends string>(
  draft: Draft<Name>,
  result: JudgedResult<Name>,
  rules: ResultRules<Name>,
): Step {
  const { frame, at } = draft;
  const before = draft.state;
  const { policy } = frame;
  const taken = step(before, result.state, {
    good: frame.good,
    maxCheckAttempts: policy.maxCheckAttempts,
    hardProblemAttempt: policy.semantics.hardProblemAttempt,
    hardAtOnce: rules.hardAtOnce,
    startsAgain: rules.startsAgain,
  });
  draft.state = standAfter(draft, result, { taken, hasHostProblem: rules.hasHostProblem });
  if (!before.isMeasured && !before.isSilenceExpected) draft.events.push({ kind: 'measured', at });
  if (taken.transition !== 'stillGood' && taken.transition !== 'stillProblem') {
    changeAfter(draft, before, taken);
  }
  if (rules.recordsSoftStates || taken.transition !== 'softProblem') {
    recordFlapping(draft, taken.transition !== 'hardRecovery');
  }
  if (taken.transition === 'stillGood' && draft.state.outputHash === null) return taken;
  tell(draft, before, { taken, rules });
  return taken;
}

/**
 * Section 3: the state that is given for a check which was left out. It is hard at once and logged; but
 * nobody is told of it, no event handler runs, and flapping takes no notice.
 */
export function applySkipped<Name extends string>(
  draft: Draft<Name>,
  { state, scheduledAt }: SkippedCheck<Name>,
): void {
  const { frame, at } = draft;
  const before = draft.state;
  const { maxCheckAttempts, semantics } = frame.policy;
  const taken = step(before, state, {
    good: frame.good,
    maxCheckAttempts,
    hardProblemAttempt: semantics.hardProblemAttempt,
    hardAtOnce: maxCheckAttempts,
    startsAgain: false,
  });
  const { hasHostProblem, outputHash } = before;
  const result = { state, scheduledAt, source: 'active', output: '' } as const;
  draft.state = standAfter(draft, result, { taken, hasHostProblem });
  if (taken.transition !== 'stillGood' && taken.transition !== 'stillProblem') {
    changeAfter(draft, before, taken);
    const { stateType, attempt } = draft.state;
    // As in `alertFor`, a name is one of an alert.
    const alert = { at, state: state as Alert['state'], stateType, attempt };
    draft.events.push({ kind: 'alert', ...alert, cause: 'change' });
  }
  const notified = state === frame.good ? UNNOTIFIED : draft.state.notified;
  draft.state = { ...draft.state, outputHash, notified, waitsUntil: null };
}

/**
 * The fields that every result sets. All fields are named, since a spread of so many takes ten times
 * as long, and this is done for every result.
 */
function standAfter<Name extends string>(
  { state, frame, at }: Draft<Name>,
  result: JudgedResult<Name>,
  { taken, hasHostProblem }: { taken: Step; hasHostProblem: boolean },
): ObjectState<Name> {
  const isStalking = frame.policy.stalking.length > 0;
  return {
    state: result.state,
    stateType: taken.stateType,
    attempt: taken.attempt,
    lastState: state.state,
    lastHardState: taken.stateType === 'hard' ? result.state : state.lastHardState,
    scheduledAt: result.scheduledAt,
    checkedAt: at,
    checkedBy: result.source,
    lastStateChangeAt: state.lastStateChangeAt ?? at,
    lastHardStateChangeAt: state.lastHardStateChangeAt ?? at,
    leftAt: state.leftAt,
    eventNumber: state.eventNumber,
    problemNumber: state.problemNumber,
    lastProblemNumber: state.lastProblemNumber,
    problemSince: state.problemSince,
    isMeasured: true,
    isSilenceExpected: false,
    staleSince: null,
    outputHash: isStalking ? hash32(result.output) : null,
    hasHostProblem,
    flapping: state.flapping,
    flapRecordedAt: state.flapRecordedAt,
    acknowledgement: state.acknowledgement,
    downtimes: state.downtimes,
    settledIds: state.settledIds,
    notified: state.notified,
    waitsUntil: state.waitsUntil,
  };
}

/** What begins and ends by a change of state, or from soft to hard. */
function changeAfter<Name extends string>(
  draft: Draft<Name>,
  before: ObjectState<Name>,
  { stateType, transition }: Step,
): void {
  const { state, frame, at } = draft;
  const isChange = state.state !== before.state;
  const notified = clearTimers(state.notified);
  if (isChange) {
    const wasGood = before.state === frame.good;
    const isGood = state.state === frame.good;
    const eventNumber = state.eventNumber + 1;
    const left = before.checkedAt === null ? {} : { [before.state]: before.checkedAt };
    draft.state = {
      ...state,
      notified,
      lastStateChangeAt: at,
      lastHardStateChangeAt: stateType === 'hard' ? at : state.lastHardStateChangeAt,
      leftAt: { ...state.leftAt, ...left },
      eventNumber,
      problemNumber: isGood ? 0 : wasGood ? eventNumber : state.problemNumber,
      lastProblemNumber: isGood ? state.problemNumber : state.lastProblemNumber,
      problemSince: isGood ? null : wasGood ? at : state.problemSince,
    };
    dropByChange(draft);
  } else {
    if (transition !== 'hardProblem') return;
    draft.state = { ...state, notified, lastHardStateChangeAt: at };
  }
  if (state.state !== frame.good) beginArmed(draft);
}

/** Notifications, event handlers, the log, and the checks that are wanted now. */
function tell<Name extends string>(
  draft: Draft<Name>,
  before: ObjectState<Name>,
  { taken, rules }: { taken: Step; rules: ResultRules<Name> },
): void {
  const { frame, at } = draft;
  const { policy, isVolatile } = frame;
  const { transition } = taken;
  const isTold = tellPeople(draft, taken);
  const alert = alertFor(draft, before, { taken, rules, isTold });
  if (alert !== null) draft.events.push(alert);
  draft.eventHandlers = selectEventHandlers(policy.eventHandler, {
    transition,
    isVolatile,
    at,
    isEnabled: policy.semantics.enableEventHandlers,
  });
  if (transition !== 'softProblem') return;
  draft.retryAt = at + policy.retryIntervalMs;
  if (rules.isPredictive && taken.attempt === policy.maxCheckAttempts - 1) {
    draft.wantedChecks = [...draft.wantedChecks, 'masters'];
  }
}

/** Whether people were told of the state. */
function tellPeople<Name extends string>(draft: Draft<Name>, { transition }: Step): boolean {
  switch (transition) {
    case 'hardProblem':
    case 'stillProblem':
      return isSent(notify(draft, 'problem'));
    case 'hardRecovery':
      return isSent(notify(draft, 'recovery'));
    default:
      return false;
  }
}

type Alert = Extract<StateEvent, { readonly kind: 'alert' }>;

/** What the log says of a result; null when it is silent. */
function alertFor<Name extends string>(
  { state, frame, at }: Draft<Name>,
  before: ObjectState<Name>,
  { taken, rules, isTold }: { taken: Step; rules: ResultRules<Name>; isTold: boolean },
): Alert | null {
  const cause = causeOf(taken, state.state !== before.state, frame.isVolatile);
  const isRecovery = taken.transition === 'softRecovery' || taken.transition === 'hardRecovery';
  const stateType = taken.transition === 'softRecovery' ? 'soft' : state.stateType;
  const attempt = isRecovery ? before.attempt : state.attempt;
  // Generic code knows a name as text only; both kinds of names are those of an alert.
  const alert = { kind: 'alert', at, state: state.state as Alert['state'], stateType, attempt };
  if (cause !== null && (stateType === 'hard' || rules.logsSoftStates)) {
    return { ...alert, kind: 'alert', cause };
  }
  if (isTold && frame.policy.stalksNotifications) {
    return { ...alert, kind: 'alert', cause: 'notification' };
  }
  const isStalked = state.state === before.state && frame.policy.stalking.includes(state.state);
  const hasNews = before.outputHash !== null && before.outputHash !== state.outputHash;
  return isStalked && hasNews ? { ...alert, kind: 'alert', cause: 'stalking' } : null;
}

function causeOf(
  { transition }: Step,
  isChange: boolean,
  isVolatile: boolean,
): Alert['cause'] | null {
  switch (transition) {
    case 'stillGood':
      return null;
    case 'stillProblem':
      return isVolatile ? 'volatile' : null;
    case 'softProblem':
      return isChange ? 'change' : 'retry';
    default:
      return 'change';
  }
}
