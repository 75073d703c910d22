/**
 * Section 5.1: the filters of an object that a notification passes, in the order of Nagios, each with
 * its reason. `decide.ts` asks them, from the first to the one that stops it.
 */

import { findFailedDependency, judgedState } from '../state/dependencies.ts';
import { isInside, nextInside } from '../time/time-period.ts';
import type {
  NotificationReason,
  NotificationRequest,
  NotificationScene,
  NotificationType,
} from './notification.ts';

/** A filter that stopped a notification. */
export interface Stop {
  readonly reason: NotificationReason;
  /** When asking again may help, where that is known; null otherwise. */
  readonly retryAt: number | null;
  /** Where more can be said than the reason; null otherwise. */
  readonly explanation: string | null;
}

type Scene = NotificationScene<string>;

/** True: the notification stops here. */
type Filter = (scene: Scene, request: NotificationRequest) => boolean;

/** Filters 2 to 5, for all types. */
const FIRST: readonly (readonly [NotificationReason, Filter])[] = [
  ['disabledGlobally', ({ semantics }) => !semantics.enableNotifications],
  ['serviceParents', (scene) => scene.host !== null && areAllBad(scene)],
  ['period', ({ policy }, { at }) => policy.period !== null && !isInside(policy.period, at)],
  ['disabled', ({ policy }) => !policy.isEnabled],
];

const FLAPPING: readonly (readonly [NotificationReason, Filter])[] = [
  ['flappingNotWanted', ({ policy }) => !policy.notifyOn.includes('flapping')],
  ['flappingInDowntime', isInAnyDowntime],
];
const DOWNTIME: readonly (readonly [NotificationReason, Filter])[] = [
  ['downtimeNotWanted', ({ policy }) => !policy.notifyOn.includes('downtime')],
  ['downtimeInDowntime', ({ isInDowntime }) => isInDowntime],
];

/** Filters 7 to 13, for problems and recoveries. */
const NORMAL: readonly (readonly [NotificationReason, Filter])[] = [
  ['soft', ({ stateType }) => stateType === 'soft'],
  ['acknowledged', ({ isAcknowledged }) => isAcknowledged],
  ['dependency', hasFailedDependency],
  ['stateNotWanted', isStateUnwanted],
  ['problemNotNotified', (scene, { type }) => type === 'recovery' && !wasNotified(scene)],
  ['firstDelay', (scene, request) => request.at < firstAt(scene, request)],
  ['flapping', ({ isFlapping }) => isFlapping],
  ['downtime', isInAnyDowntime],
  ['downtimeArmed', (scene, { type }) => type === 'problem' && scene.isDowntimeArmed],
];

/**
 * Filters 14 to 16, for problems; then ours, by which a problem waits until what the object hangs on
 * was checked as well (section 3).
 */
const PROBLEM: readonly (readonly [NotificationReason, Filter])[] = [
  ['exhausted', ({ notified, isVolatile }) => notified.isExhausted && !isVolatile],
  ['hostNotUp', isHostDown],
  ['hostUnreachable', ({ host }) => host !== null && areAllBad(host)],
  ['interval', (scene, { at }) => !scene.isVolatile && at < (scene.notified.nextAt ?? at)],
  ['parentsNotChecked', (scene, { at }) => at < holdUntil(scene)],
];

/** What follows the first filters, by type (filter 6). */
const BY_TYPE: Readonly<
  Record<NotificationType, readonly (readonly [NotificationReason, Filter])[]>
> = {
  custom: [['customInDowntime', isInAnyDowntime]],
  acknowledgement: [['nothingToAcknowledge', ({ isProblem }) => !isProblem]],
  flappingStart: FLAPPING,
  flappingStop: FLAPPING,
  flappingDisabled: FLAPPING,
  downtimeStart: DOWNTIME,
  downtimeEnd: DOWNTIME,
  downtimeCancelled: DOWNTIME,
  recovery: NORMAL,
  problem: [...NORMAL, ...PROBLEM],
};

/** The first filter that stops a request; null when it passes. */
export function findStop(scene: Scene, request: NotificationRequest): Stop | null {
  if (request.isForced) return null;
  const stopping =
    FIRST.find(([, stops]) => stops(scene, request)) ??
    BY_TYPE[request.type].find(([, stops]) => stops(scene, request));
  if (stopping === undefined) return null;
  const [reason] = stopping;
  const explanation = reason === 'dependency' ? explainDependency(scene, request) : null;
  return { reason, retryAt: retryAfter(reason, scene, request), explanation };
}

/** When it is the turn of a problem that is out of the period, in whatever far future. */
export function nextInPeriod(scene: Scene, at: number): number {
  const { period } = scene.policy;
  return (period === null ? at : nextInside(period, at)) ?? at + YEAR_MS;
}

const YEAR_MS = 365 * 86_400_000;

function retryAfter(
  reason: NotificationReason,
  scene: Scene,
  request: NotificationRequest,
): number | null {
  if (request.type !== 'problem') return null;
  if (reason === 'period') return nextInPeriod(scene, request.at);
  if (reason === 'firstDelay') return firstAt(scene, request);
  if (reason === 'interval') return scene.notified.nextAt;
  return reason === 'parentsNotChecked' ? holdUntil(scene) : null;
}

/** Filter 3 and 15: there are parents, and none is good. */
function areAllBad({ parents }: Pick<Scene, 'parents'>): boolean {
  return parents.length > 0 && parents.every(({ isGood }) => !isGood);
}

function isInAnyDowntime({ isInDowntime, host }: Scene): boolean {
  return isInDowntime || (host?.isInDowntime ?? false);
}

function hasFailedDependency(scene: Scene, { at }: NotificationRequest): boolean {
  return findFailedDependency(scene.dependencies, at, scene.semantics) !== null;
}

function explainDependency(scene: Scene, { at }: NotificationRequest): string | null {
  const failed = findFailedDependency(scene.dependencies, at, scene.semantics);
  if (failed === null) return null;
  return `It depends on ${failed.master.id}, which is ${judgedState(failed.master, scene.semantics)}.`;
}

function isStateUnwanted({ policy, state }: Scene, { type }: NotificationRequest): boolean {
  return !policy.notifyOn.includes(type === 'recovery' ? 'recovery' : state);
}

function wasNotified({ notified }: Scene): boolean {
  return notified.states.length > 0;
}

/** Filter 11: only the first notification of a problem is delayed. */
function firstAt(scene: Scene, { type, at }: NotificationRequest): number {
  if (type !== 'problem' || scene.notified.count > 0) return at;
  return (scene.lastHardStateChangeAt ?? scene.programStartedAt) + scene.policy.firstDelayMs;
}

/** Filter 15; a host that is not up hard already, or to which the problem was put down. */
function isHostDown({ host, hasHostProblem }: Scene): boolean {
  return host !== null && host.state !== 'up' && (host.stateType === 'hard' || hasHostProblem);
}

/** Until when a first notification waits; in the past when it need not. */
function holdUntil({ host, parents, semantics, notified, ...scene }: Scene): number {
  const { lastHardStateChangeAt, problemSince } = scene;
  if (notified.count > 0 || lastHardStateChangeAt === null || problemSince === null) return 0;
  const above = host === null ? parents : [host];
  const isUnchecked = above.some(
    ({ isGood, checkedAt }) => isGood && checkedAt !== null && checkedAt < problemSince,
  );
  return isUnchecked ? lastHardStateChangeAt + semantics.holdForParentsMs : 0;
}
