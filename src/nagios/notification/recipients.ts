/**
 * Sections 5.2 and 5.4: who is told. Contacts of the object, or of the escalations that match, each
 * past the filters of his own. From `decide.ts`, once the object's filters let a notification pass.
 */

import { isInside } from '../time/time-period.ts';
import type {
  Contact,
  ContactReason,
  Escalation,
  NotificationDecision,
  NotificationRequest,
  NotificationScene,
} from './notification.ts';

/** Who is told, and how soon again. */
export interface Recipients
  extends Pick<NotificationDecision, 'recipients' | 'passedOver' | 'isEscalated'> {
  /** To the next notification of the problem; 0: never again. */
  readonly intervalMs: number;
}

/** The recipients of a notification; `number` is that of the problem notification it belongs to. */
export function selectRecipients<Name extends string>(
  scene: NotificationScene<Name>,
  request: NotificationRequest,
  number: number,
): Recipients {
  const { policy } = scene;
  const matching = policy.escalations.filter((one) => matches(one, { scene, request, number }));
  const isEscalated = matching.length > 0;
  const passedOver: { contact: string; reason: ContactReason }[] = [];
  const recipients: string[] = [];
  for (const contact of contactsOf(policy, matching, request.isBroadcast)) {
    const reason = request.isForced ? null : reasonAgainst(contact, scene, request);
    if (reason === null) recipients.push(contact.name);
    else passedOver.push({ contact: contact.name, reason });
  }
  return { recipients, passedOver, isEscalated, intervalMs: shortest(matching, policy.intervalMs) };
}

/** Each contact once, by name. */
function contactsOf<Name extends string>(
  policy: NotificationScene<Name>['policy'],
  matching: readonly Escalation<Name>[],
  isBroadcast: boolean,
): Iterable<Contact<Name>> {
  const escalated = (isBroadcast ? policy.escalations : matching).flatMap((one) => one.contacts);
  const isNormal = isBroadcast || matching.length === 0;
  const all = isNormal ? [...policy.contacts, ...escalated] : escalated;
  return new Map(all.map((contact) => [contact.name, contact])).values();
}

interface Occasion<Name extends string> {
  readonly scene: NotificationScene<Name>;
  readonly request: NotificationRequest;
  readonly number: number;
}

function matches<Name extends string>(
  escalation: Escalation<Name>,
  { scene, request, number }: Occasion<Name>,
): boolean {
  const { firstNotification, lastNotification, afterMs, period, states } = escalation;
  if (number < firstNotification) return false;
  if (lastNotification !== 0 && number > lastNotification) return false;
  if (!states.includes(scene.isProblem ? scene.state : 'recovery')) return false;
  if (afterMs > 0 && lastedMs(scene, request) < afterMs) return false;
  return period === null || isInside(period, request.at);
}

/** Of a recovery: how long the problem had lasted when somebody was told of it last. */
function lastedMs(scene: NotificationScene<string>, { at }: NotificationRequest): number {
  return scene.isProblem ? at - (scene.problemSince ?? at) : scene.notified.lastedMs;
}

function shortest<Name extends string>(
  matching: readonly Escalation<Name>[],
  intervalMs: number,
): number {
  if (matching.length === 0) return intervalMs;
  return Math.min(...matching.map((escalation) => escalation.intervalMs ?? intervalMs));
}

/** The first filter of a contact that stops a notification to him; null when none does. */
function reasonAgainst<Name extends string>(
  contact: Contact<Name>,
  scene: NotificationScene<Name>,
  { type, at }: NotificationRequest,
): ContactReason | null {
  if (contact.minimumImportance > scene.policy.importance) return 'importance';
  if (!contact.isEnabled) return 'contactDisabled';
  if (contact.period !== null && !isInside(contact.period, at)) return 'contactPeriod';
  if (type === 'custom') return null;
  if (!contact.notifyOn.includes(optionFor(type, scene.state))) return 'contactOptions';
  return type === 'recovery' && !wasTold(contact, scene) ? 'contactNotNotified' : null;
}

function optionFor<Name extends string>(
  type: NotificationRequest['type'],
  state: Name,
): Contact<Name>['notifyOn'][number] {
  if (type.startsWith('flapping')) return 'flapping';
  if (type.startsWith('downtime')) return 'downtime';
  return type === 'recovery' ? 'recovery' : state;
}

/** Of a host it is enough that anybody was told. */
function wasTold<Name extends string>(
  contact: Contact<Name>,
  { host, notified }: NotificationScene<Name>,
): boolean {
  if (host === null) return notified.states.length > 0;
  return notified.states.some((state) => contact.notifyOn.includes(state));
}
