/**
 * Section 5, the entry: whether people are told of something, who, and if not, why not. Pure:
 * `(scene, request) -> (decision, counters')`.
 */

import { countProblem, type NotificationCounters, UNNOTIFIED } from './counters.ts';
import { findStop, nextInPeriod } from './filters.ts';
import type {
  NotificationDecision,
  NotificationReason,
  NotificationRequest,
  NotificationScene,
} from './notification.ts';
import { selectRecipients } from './recipients.ts';

/** A sentence for each reason. */
export const EXPLANATIONS: Readonly<Record<NotificationReason, string>> = {
  sent: 'It passed all filters.',
  forced: 'It was forced past all filters.',
  disabledGlobally: 'Notifications are disabled for the whole site.',
  serviceParents: 'None of the services that this one hangs on is OK.',
  period: 'It is outside the notification period.',
  disabled: 'Notifications are disabled for this object.',
  customInDowntime: 'Custom notifications wait while a downtime is in effect.',
  nothingToAcknowledge: 'There is no problem to acknowledge.',
  flappingNotWanted: 'This object does not notify of flapping.',
  flappingInDowntime: 'Flapping is not notified of while a downtime is in effect.',
  downtimeNotWanted: 'This object does not notify of downtimes.',
  downtimeInDowntime: 'Another downtime is in effect.',
  soft: 'The state is soft: it is being checked again first.',
  acknowledged: 'The problem is acknowledged.',
  dependency: 'Something that this object depends on has failed.',
  stateNotWanted: 'This object does not notify of this state.',
  problemNotNotified: 'Nobody was told of the problem that is over now.',
  firstDelay: 'The delay of the first notification is not over.',
  flapping: 'The object is flapping.',
  downtime: 'A downtime is in effect.',
  downtimeArmed: 'A flexible downtime is about to start.',
  exhausted: 'One notification was sent, and the interval of 0 allows no other.',
  hostNotUp: 'The host is not up.',
  hostUnreachable: 'None of the parents of the host is up.',
  parentsNotChecked: 'It waits until what the object hangs on was checked again.',
  interval: 'The interval since the last notification is not over.',
  nobody: 'It passed the filters of the object, but no contact is to be told.',
};

/** A decision, and what is remembered of it. */
export interface Decided<Name extends string> {
  readonly decision: NotificationDecision<Name>;
  /** The very same object when nothing changed. */
  readonly notified: NotificationCounters<Name>;
}

/** Decides one request. */
export function decideNotification<Name extends string>(
  scene: NotificationScene<Name>,
  request: NotificationRequest,
): Decided<Name> {
  const { notified, state } = scene;
  const { type, at, author, comment } = request;
  const isCounted = type === 'problem' || (type === 'custom' && request.isCounted);
  const number = notified.count + (isCounted ? 1 : 0);
  const stop = findStop(scene, request);
  const chosen = stop === null ? selectRecipients(scene, request, number) : NOBODY;
  const reason = stop?.reason ?? passReason(request, chosen.recipients);
  const decision: NotificationDecision<Name> = {
    type,
    at,
    state,
    reason,
    explanation: stop?.explanation ?? EXPLANATIONS[reason],
    recipients: chosen.recipients,
    passedOver: chosen.passedOver,
    isEscalated: chosen.isEscalated,
    number,
    author,
    comment,
    retryAt: stop?.retryAt ?? null,
  };
  return { decision, notified: countersAfter(scene, decision, chosen.intervalMs) };
}

const NOBODY = { recipients: [], passedOver: [], isEscalated: false, intervalMs: 0 };

/** Whether a decision is to tell somebody. */
export function isSent({ reason }: Pick<NotificationDecision, 'reason'>): boolean {
  return reason === 'sent' || reason === 'forced';
}

function passReason(
  { isForced }: NotificationRequest,
  recipients: readonly string[],
): NotificationReason {
  if (recipients.length === 0) return 'nobody';
  return isForced ? 'forced' : 'sent';
}

/** Section 5.3. */
function countersAfter<Name extends string>(
  scene: NotificationScene<Name>,
  { type, at, reason, number }: NotificationDecision<Name>,
  intervalMs: number,
): NotificationCounters<Name> {
  const { notified, state, isVolatile, policy } = scene;
  // Who was told of the problem is told of its end once the flapping is over.
  if (type === 'recovery') return reason === 'flapping' ? notified : UNNOTIFIED;
  if (type === 'problem') {
    if (reason === 'sent') {
      const lastedMs = at - (scene.problemSince ?? at);
      return countProblem(notified, { state, at, lastedMs, intervalMs, isVolatile });
    }
    if (reason === 'period') return { ...notified, nextAt: nextInPeriod(scene, at) };
    if (reason === 'downtime' && policy.intervalMs === 0) return { ...notified, nextAt: at };
  }
  return isSent({ reason }) && number > notified.count ? { ...notified, count: number } : notified;
}
