/**
 * Sections 2 to 10: what may change the state of a service or host, and what comes of it. Inputs
 * travel in one ordered queue, so that grey is the only writer of a state and a replay is complete.
 */

import type { CheckStateName } from '../../model/check.ts';
import type { HostStateName } from '../../model/host-state.ts';
import type { StateType } from '../../model/state-type.ts';
import type { NotificationDecision } from '../notification/notification.ts';
import type { Acknowledgement, AcknowledgementEnd } from './acknowledgement.ts';
import type { Downtime, DowntimeFault } from './downtime.ts';
import type { EventHandlerLevel } from './event-handlers.ts';
import type { HostReport } from './reachability.ts';

/** Of every result. Instants are milliseconds since the epoch. */
interface ResultFields {
  readonly kind: 'result';
  /** When it is taken; what follows is dated by it. */
  readonly at: number;
  /**
   * Due time of an active result; of a passive one when it was taken in, and no two of an object
   * alike. A result counts only when this is newer than that of the newest one.
   */
  readonly scheduledAt: number;
  /** First line of the plugin's text; compared while stalking. */
  readonly output: string;
  /** Whether the check was forced because results had become too old. */
  readonly isFreshnessCheck: boolean;
}

/** A result of a check. */
export interface ServiceResult extends ResultFields {
  readonly source: 'active' | 'passive';
  readonly state: CheckStateName;
}

/** A result of a host check, or somebody's report of a host. */
export type HostResult = ResultFields & HostReport;

/** What people do. Each command is known by an id and takes effect once, however often it comes. */
export type Command =
  | {
      readonly kind: 'acknowledge';
      readonly at: number;
      readonly acknowledgement: Acknowledgement;
      readonly notify: boolean;
    }
  | { readonly kind: 'removeAcknowledgement'; readonly at: number; readonly id: string }
  | { readonly kind: 'scheduleDowntime'; readonly at: number; readonly downtime: Downtime }
  /** Its trigger has started. */
  | { readonly kind: 'startDowntime'; readonly at: number; readonly id: string }
  /** Its trigger has ended. */
  | { readonly kind: 'endDowntime'; readonly at: number; readonly id: string }
  | { readonly kind: 'cancelDowntime'; readonly at: number; readonly id: string }
  | { readonly kind: 'clearFlapping'; readonly at: number; readonly id: string }
  | {
      readonly kind: 'notify';
      readonly at: number;
      readonly id: string;
      readonly author: string;
      readonly comment: string;
      readonly isForced: boolean;
      readonly isBroadcast: boolean;
      readonly isCounted: boolean;
    };

/**
 * Time goes by without a result. `stale`: the newest one is too old. `notMeasured`: results stay out.
 * `scheduledAt`: the newest result that who says so knew of; after a newer one it changes nothing.
 * `time`: what was due meanwhile happens, and a notification that waited is decided again.
 */
export type Lapse =
  | {
      readonly kind: 'stale' | 'notMeasured';
      readonly at: number;
      readonly scheduledAt: number | null;
      /** Of `notMeasured`: nobody asked for results, so their absence is no event. Default: false. */
      readonly isExpected?: boolean;
    }
  | { readonly kind: 'time'; readonly at: number };

/** A check that was left out, and the state that is given for it (section 3). */
export interface SkippedCheck<Name extends string> {
  readonly kind: 'skipped';
  readonly at: number;
  /** When it was due; counts as that of a result does. */
  readonly scheduledAt: number;
  readonly state: Name;
}

/** What may change a service. */
export type ServiceInput = ServiceResult | SkippedCheck<CheckStateName> | Command | Lapse;

/** What may change a host. `serviceChecked`: one of its services had a result (section 4). */
export type HostInput =
  | HostResult
  | SkippedCheck<HostStateName>
  | Command
  | Lapse
  | { readonly kind: 'serviceChecked'; readonly at: number };

/** Something that happened (2.1), to be kept and told. */
export type StateEvent =
  | {
      readonly kind: 'alert';
      readonly at: number;
      readonly state: CheckStateName | HostStateName;
      readonly stateType: StateType;
      /** Of a recovery that of the problem it ends. */
      readonly attempt: number;
      /** Why it is told though no state may have changed. */
      readonly cause: 'change' | 'retry' | 'volatile' | 'stalking' | 'notification';
    }
  | {
      readonly kind: 'flappingStarted' | 'flappingStopped' | 'flappingDisabled';
      readonly at: number;
      readonly percent: number;
    }
  | { readonly kind: 'acknowledged'; readonly at: number; readonly id: string }
  | {
      readonly kind: 'acknowledgementEnded';
      readonly at: number;
      readonly id: string;
      readonly why: AcknowledgementEnd;
      /** Whether its comment goes with it. */
      readonly endsComment: boolean;
    }
  | {
      readonly kind: 'downtimeStarted';
      readonly at: number;
      readonly id: string;
      readonly endsAt: number;
      /** Whether the object was in no other downtime. */
      readonly isOutermost: boolean;
    }
  | {
      readonly kind: 'downtimeEnded' | 'downtimeCancelled';
      readonly at: number;
      readonly id: string;
      /** Whether the object is in no other downtime. */
      readonly isOutermost: boolean;
    }
  | { readonly kind: 'downtimeExpired'; readonly at: number; readonly id: string }
  | {
      readonly kind: 'downtimeRefused';
      readonly at: number;
      readonly id: string;
      readonly why: NonNullable<DowntimeFault> | 'tooMany';
    }
  | { readonly kind: 'stale' | 'notMeasured' | 'measured'; readonly at: number };

/** A check that should be made at once. */
export type WantedCheck =
  /** Of the object itself, forced. */
  | 'itself'
  /** Of the service's host. */
  | 'host'
  /** Of the host's parents. */
  | 'parents'
  /** Of parents and children: `selectNeighboursToCheck`. */
  | 'neighboursOfLeaving'
  | 'neighboursOfReturning'
  /** Of the masters of its dependencies. */
  | 'masters';

/** What an input comes to. */
export interface Evaluation<State> {
  /** The very same object when the input changed nothing. */
  readonly state: State;
  /** False: it was a repetition, or older than what is known, or without effect. */
  readonly hasEffect: boolean;
  /** In the order in which they happened. */
  readonly events: readonly StateEvent[];
  readonly notifications: readonly NotificationDecision[];
  /** Which event handlers are to be run, in this order. */
  readonly eventHandlers: readonly EventHandlerLevel[];
  /** When a soft problem is to be checked again, before its regular time; null: no sooner. */
  readonly retryAt: number | null;
  readonly wantedChecks: readonly WantedCheck[];
}
