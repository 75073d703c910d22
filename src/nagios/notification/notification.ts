/**
 * Section 5: the nouns of notifications. A request is decided by `decide.ts`; the decision goes to
 * the outbox, where people can read who was told what, or why nobody was.
 */

import type { StateType } from '../../model/state-type.ts';
import type { Dependency } from '../state/dependencies.ts';
import type { HostGlimpse, ParentGlimpse } from '../state/reachability.ts';
import type { Semantics } from '../state/semantics.ts';
import type { TimePeriod } from '../time/time-period.ts';
import type { NotificationCounters } from './counters.ts';

/** What a notification is about. */
export type NotificationType =
  | 'problem'
  | 'recovery'
  | 'acknowledgement'
  | 'flappingStart'
  | 'flappingStop'
  | 'flappingDisabled'
  | 'downtimeStart'
  | 'downtimeEnd'
  | 'downtimeCancelled'
  | 'custom';

/** What people want to hear of: problem states, and the letters r, f and s of Nagios. */
export type NotifyOption<Name extends string> = Name | 'recovery' | 'flapping' | 'downtime';

/** Somebody who may be told, as it concerns one kind of object. */
export interface Contact<Name extends string> {
  readonly name: string;
  readonly isEnabled: boolean;
  /** Told only of objects at least that important. */
  readonly minimumImportance: number;
  /** Null: always. */
  readonly period: TimePeriod | null;
  readonly notifyOn: readonly NotifyOption<Name>[];
}

/** Who is told instead when a problem lasts (5.4). */
export interface Escalation<Name extends string> {
  /** The first notification it is for; 1 and up. */
  readonly firstNotification: number;
  /** The last one; 0: for ever. */
  readonly lastNotification: number;
  /** For how long the problem must have lasted; 0: no matter. */
  readonly afterMs: number;
  readonly states: readonly (Name | 'recovery')[];
  /** Null: always. */
  readonly period: TimePeriod | null;
  readonly contacts: readonly Contact<Name>[];
  /** Null: that of the object. 0: never again. */
  readonly intervalMs: number | null;
}

/** How an object wants notifications. */
export interface NotificationPolicy<Name extends string> {
  readonly isEnabled: boolean;
  readonly notifyOn: readonly NotifyOption<Name>[];
  /** Between notifications of one problem; 0: only one. */
  readonly intervalMs: number;
  /** The first one waits for this, from the last hard change. */
  readonly firstDelayMs: number;
  /** Null: always. A service without one is given its host's. */
  readonly period: TimePeriod | null;
  readonly contacts: readonly Contact<Name>[];
  readonly escalations: readonly Escalation<Name>[];
  /** A host's includes that of its services. */
  readonly importance: number;
}

/** A wish to tell people something. */
export interface NotificationRequest {
  readonly type: NotificationType;
  readonly at: number;
  /** Of an acknowledgement, a downtime, a custom notification; null otherwise. */
  readonly author: string | null;
  readonly comment: string | null;
  /** Past all filters. */
  readonly isForced: boolean;
  /** To the contacts of the object and of all its escalations. */
  readonly isBroadcast: boolean;
  /** Whether a custom notification counts as one of the problem. */
  readonly isCounted: boolean;
}

/** What the filters look at. */
export interface NotificationScene<Name extends string> {
  readonly policy: NotificationPolicy<Name>;
  readonly semantics: Semantics;
  readonly state: Name;
  /** Whether `state` is neither `ok` nor `up`. */
  readonly isProblem: boolean;
  readonly stateType: StateType;
  readonly isVolatile: boolean;
  readonly isAcknowledged: boolean;
  readonly isFlapping: boolean;
  /** Of its own, beside the downtime that the request is about. */
  readonly isInDowntime: boolean;
  /** Whether a flexible downtime of a service waits for a problem just now. */
  readonly isDowntimeArmed: boolean;
  /** Null when there was none. */
  readonly lastHardStateChangeAt: number | null;
  /** Null while there is no problem. */
  readonly problemSince: number | null;
  readonly notified: NotificationCounters<Name>;
  /** A service's host; null for a host. */
  readonly host: HostGlimpse | null;
  /** Whether its problem is put down to its host not being up. */
  readonly hasHostProblem: boolean;
  /** A service's parent services, or a host's parent hosts. */
  readonly parents: readonly ParentGlimpse[];
  /** Notification dependencies: its own, and then those of its host. */
  readonly dependencies: readonly Dependency[];
  readonly programStartedAt: number;
}

/** Why somebody was told, or why nobody was: the filter that stopped it. */
export type NotificationReason =
  | 'sent'
  | 'forced'
  | 'disabledGlobally'
  | 'serviceParents'
  | 'period'
  | 'disabled'
  | 'customInDowntime'
  | 'nothingToAcknowledge'
  | 'flappingNotWanted'
  | 'flappingInDowntime'
  | 'downtimeNotWanted'
  | 'downtimeInDowntime'
  | 'soft'
  | 'acknowledged'
  | 'dependency'
  | 'stateNotWanted'
  | 'problemNotNotified'
  | 'firstDelay'
  | 'flapping'
  | 'downtime'
  | 'downtimeArmed'
  | 'exhausted'
  | 'hostNotUp'
  | 'hostUnreachable'
  | 'parentsNotChecked'
  | 'interval'
  | 'nobody';

/** Why one contact was not told. */
export type ContactReason =
  | 'importance'
  | 'contactDisabled'
  | 'contactPeriod'
  | 'contactOptions'
  | 'contactNotNotified';

/** What became of a request. */
export interface NotificationDecision<Name extends string = string> {
  readonly type: NotificationType;
  readonly at: number;
  readonly state: Name;
  /** `sent` and `forced`: it is to be sent to `recipients`. All others: it is not. */
  readonly reason: NotificationReason;
  /** The reason as a sentence. */
  readonly explanation: string;
  /** Names of those who are told, each once; empty when nobody is. */
  readonly recipients: readonly string[];
  /** Contacts who are not told though the object's filters let it pass. */
  readonly passedOver: readonly { readonly contact: string; readonly reason: ContactReason }[];
  /** Whether the recipients are those of escalations. */
  readonly isEscalated: boolean;
  /** Which problem notification it is, or of a recovery, the last one was. */
  readonly number: number;
  readonly author: string | null;
  readonly comment: string | null;
  /** When asking again may help, where that is known; null otherwise. */
  readonly retryAt: number | null;
}
