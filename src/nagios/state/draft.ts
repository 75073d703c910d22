/**
 * Sections 2 to 10: an evaluation in the making. The rules write into it one after the other, and
 * nobody outside sees it before it is done.
 */

import { decideNotification } from '../notification/decide.ts';
import type {
  NotificationDecision,
  NotificationRequest,
  NotificationScene,
  NotificationType,
} from '../notification/notification.ts';
import { isArmed } from './downtime.ts';
import type { Evaluation, StateEvent, WantedCheck } from './evaluation.ts';
import type { EventHandlerLevel } from './event-handlers.ts';
import { isInDowntime, type ObjectState } from './object-state.ts';
import type { Frame } from './policy.ts';

/** Ids that are remembered of an object's finished commands. */
const MAX_SETTLED_IDS = 16;

/** What `Evaluation` will say. */
export interface Draft<Name extends string> {
  readonly frame: Frame<Name>;
  readonly before: ObjectState<Name>;
  readonly at: number;
  state: ObjectState<Name>;
  readonly events: StateEvent[];
  readonly notifications: NotificationDecision[];
  eventHandlers: readonly EventHandlerLevel[];
  retryAt: number | null;
  wantedChecks: readonly WantedCheck[];
}

const NO_EVENTS: readonly StateEvent[] = [];
const NO_NOTIFICATIONS: readonly NotificationDecision[] = [];
const NO_HANDLERS: readonly EventHandlerLevel[] = [];
const NO_CHECKS: readonly WantedCheck[] = [];

/** An evaluation that changes nothing as yet. */
export function newDraft<Name extends string>(
  frame: Frame<Name>,
  before: ObjectState<Name>,
  at: number,
): Draft<Name> {
  return {
    frame,
    before,
    at,
    state: before,
    events: [],
    notifications: [],
    eventHandlers: NO_HANDLERS,
    retryAt: null,
    wantedChecks: NO_CHECKS,
  };
}

/** What the rules came to. */
export function finish<Name extends string>(draft: Draft<Name>): Evaluation<ObjectState<Name>> {
  const { state, before, events, notifications, eventHandlers, retryAt, wantedChecks } = draft;
  const hasEffect = state !== before || events.length > 0 || notifications.length > 0;
  return { state, hasEffect, events, notifications, eventHandlers, retryAt, wantedChecks };
}

/** The evaluation of an input that changes nothing. */
export function ignore<Name extends string>(
  state: ObjectState<Name>,
): Evaluation<ObjectState<Name>> {
  return {
    state,
    hasEffect: false,
    events: NO_EVENTS,
    notifications: NO_NOTIFICATIONS,
    eventHandlers: NO_HANDLERS,
    retryAt: null,
    wantedChecks: NO_CHECKS,
  };
}

/** Whether a command with this id has done all it will do. */
export function isSettled(state: ObjectState<string>, id: string): boolean {
  return state.settledIds.includes(id);
}

/** Remembers that a command is done with. */
export function settle<Name extends string>(draft: Draft<Name>, id: string): void {
  if (isSettled(draft.state, id)) return;
  const settledIds = [...draft.state.settledIds, id].slice(-MAX_SETTLED_IDS);
  draft.state = { ...draft.state, settledIds };
}

/** Whether the object is in a problem state. */
export function isProblem<Name extends string>({ state, frame }: Draft<Name>): boolean {
  return state.state !== frame.good;
}

/** Decides a notification of the state as it is in the draft now. */
export function notify<Name extends string>(
  draft: Draft<Name>,
  type: NotificationType,
  details: Partial<Omit<NotificationRequest, 'type' | 'at'>> = {},
): NotificationDecision<Name> {
  const request = { ...PLAIN, ...details, type, at: draft.at };
  const { decision, notified } = decideNotification(sceneOf(draft), request);
  draft.notifications.push(decision);
  if (notified !== draft.state.notified) draft.state = { ...draft.state, notified };
  if (type === 'problem' || type === 'recovery') noteWait(draft, decision);
  return decision;
}

function noteWait<Name extends string>(
  draft: Draft<Name>,
  { reason, retryAt }: NotificationDecision,
): void {
  const waitsUntil = reason === 'parentsNotChecked' ? retryAt : null;
  if (waitsUntil !== draft.state.waitsUntil) draft.state = { ...draft.state, waitsUntil };
}

/** Whether a notification that was decided just now waits for a check of what the object hangs on. */
export function isWaiting(draft: Pick<Draft<string>, 'notifications'>): boolean {
  return draft.notifications.some(({ reason }) => reason === 'parentsNotChecked');
}

const PLAIN = {
  author: null,
  comment: null,
  isForced: false,
  isBroadcast: false,
  isCounted: false,
};

function sceneOf<Name extends string>(draft: Draft<Name>): NotificationScene<Name> {
  const { state, frame, at } = draft;
  const { policy, dependencies, hostDependencies } = frame;
  return {
    policy: policy.notification,
    semantics: policy.semantics,
    state: state.state,
    isProblem: isProblem(draft),
    stateType: state.stateType,
    isVolatile: frame.isVolatile,
    isAcknowledged: state.acknowledgement !== null,
    isFlapping: state.flapping.isFlapping,
    isInDowntime: isInDowntime(state),
    isDowntimeArmed: frame.host !== null && state.downtimes.some((entry) => isArmed(entry, at)),
    lastHardStateChangeAt: state.lastHardStateChangeAt,
    problemSince: state.problemSince,
    notified: state.notified,
    host: frame.host,
    hasHostProblem: state.hasHostProblem,
    parents: frame.parents,
    dependencies:
      hostDependencies.length === 0 ? dependencies : [...dependencies, ...hostDependencies],
    programStartedAt: frame.programStartedAt,
  };
}
