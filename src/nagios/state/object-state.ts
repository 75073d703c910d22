/**
 * Sections 2 to 9: what is remembered of a service or host between inputs. Made by `evaluateService`
 * and `evaluateHost`, kept by grey.
 */

import type { CheckStateName } from '../../model/check.ts';
import type { HostStateName } from '../../model/host-state.ts';
import type { StateType } from '../../model/state-type.ts';
import { type NotificationCounters, UNNOTIFIED } from '../notification/counters.ts';
import type { Acknowledgement } from './acknowledgement.ts';
import { type DowntimeEntry, isActive } from './downtime.ts';
import { type Flapping, noFlapping } from './flapping.ts';

/** Common to services and hosts. Instants are milliseconds since the epoch. */
export interface ObjectState<Name extends string> {
  /** Before the first result the good one; see `scheduledAt`. */
  readonly state: Name;
  readonly stateType: StateType;
  /** 1 to the most attempts of the policy; 1 while good. */
  readonly attempt: number;
  /** The state before the newest result. */
  readonly lastState: Name;
  readonly lastHardState: Name;
  /** Due time of the newest result that counted; null before the first: pending. */
  readonly scheduledAt: number | null;
  /** When that result was taken; null while pending. */
  readonly checkedAt: number | null;
  readonly checkedBy: 'active' | 'passive';
  /** Null while pending. */
  readonly lastStateChangeAt: number | null;
  /** Of hard changes and of all recoveries; null while pending. */
  readonly lastHardStateChangeAt: number | null;
  /** When a result last found the object in states that it has left; see `lastSeenAt`. */
  readonly leftAt: Readonly<Record<string, number>>;
  /** Changes of state so far: the number of the newest one, unique for the object. */
  readonly eventNumber: number;
  /** The number of the change that began the problem; 0 while good. */
  readonly problemNumber: number;
  /** That of the problem before; 0 when there was none. */
  readonly lastProblemNumber: number;
  /** When the problem began; null while good. */
  readonly problemSince: number | null;
  /** False from when its results stay out until the next one. */
  readonly isMeasured: boolean;
  /** Whether they stay out since nobody asks for them, so that it is no news. */
  readonly isSilenceExpected: boolean;
  /** When its newest result was found to be too old and a check was forced; null when it is not. */
  readonly staleSince: number | null;
  /** Of the newest output, kept while stalking; null otherwise. */
  readonly outputHash: number | null;
  /** Of a service: whether its host was not up at its newest problem. */
  readonly hasHostProblem: boolean;
  readonly flapping: Flapping<Name>;
  /** Of a host: when its state was last recorded for flapping; null when it never changed. */
  readonly flapRecordedAt: number | null;
  readonly acknowledgement: Acknowledgement | null;
  /** Registered and not over, oldest first. */
  readonly downtimes: readonly DowntimeEntry[];
  /** Ids of commands that are done with, oldest first: these change nothing when they come again. */
  readonly settledIds: readonly string[];
  readonly notified: NotificationCounters<Name>;
  /** Until when a notification waits for a check of what the object hangs on; null: none does. */
  readonly waitsUntil: number | null;
}

/** What is remembered of a service, which is a check. */
export type ServiceState = ObjectState<CheckStateName>;

/** What is remembered of a host. */
export type HostState = ObjectState<HostStateName>;

const NO_DOWNTIMES: readonly DowntimeEntry[] = [];
const NO_IDS: readonly string[] = [];

/** A service before its first input. */
export const NEW_SERVICE: ServiceState = newObject('ok');

/** A host before its first input; assumed up, as without a host check. */
export const NEW_HOST: HostState = newObject('up');

/** Whether a downtime of its own is in effect. */
export function isInDowntime(state: ObjectState<string>): boolean {
  return state.downtimes.length > 0 && state.downtimes.some(isActive);
}

/** When a result last found the object in `name`; null when none did. */
export function lastSeenAt<Name extends string>(
  state: ObjectState<Name>,
  name: Name,
): number | null {
  return state.state === name ? state.checkedAt : (state.leftAt[name] ?? null);
}

function newObject<Name extends string>(good: Name): ObjectState<Name> {
  return {
    state: good,
    stateType: 'hard',
    attempt: 1,
    lastState: good,
    lastHardState: good,
    scheduledAt: null,
    checkedAt: null,
    checkedBy: 'active',
    lastStateChangeAt: null,
    lastHardStateChangeAt: null,
    leftAt: {},
    eventNumber: 0,
    problemNumber: 0,
    lastProblemNumber: 0,
    problemSince: null,
    isMeasured: true,
    isSilenceExpected: false,
    staleSince: null,
    outputHash: null,
    hasHostProblem: false,
    flapping: noFlapping(good),
    flapRecordedAt: null,
    acknowledgement: null,
    downtimes: NO_DOWNTIMES,
    settledIds: NO_IDS,
    notified: UNNOTIFIED,
    waitsUntil: null,
  };
}
