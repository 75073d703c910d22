/** What the rules of Nagios are told about a check: its policy, its site, what is around it. */

import type { CheckStateName } from '../model/check.ts';
import type { CheckPolicy } from '../model/check-policy.ts';
import type { NotificationPolicy } from '../nagios/notification/notification.ts';
import type { ServiceSituation } from '../nagios/state/policy.ts';
import type { HostGlimpse } from '../nagios/state/reachability.ts';
import type { Semantics } from '../nagios/state/semantics.ts';

/** What is the same for all checks. */
export interface Site {
  readonly semantics: Semantics;
  /** When this grey was started. */
  readonly startedAt: number;
}

const HOUR_MS = 3_600_000;

/**
 * Until there are contacts, one stands for everybody, so that it is decided whether a notification is
 * due; nothing is sent. The interval is that of Nagios.
 */
const NOTIFICATION: NotificationPolicy<CheckStateName> = {
  isEnabled: true,
  notifyOn: ['warning', 'critical', 'unknown', 'recovery', 'flapping', 'downtime'],
  intervalMs: HOUR_MS,
  firstDelayMs: 0,
  period: null,
  contacts: [
    {
      name: 'everybody',
      isEnabled: true,
      minimumImportance: 0,
      period: null,
      notifyOn: ['warning', 'critical', 'unknown', 'recovery', 'flapping', 'downtime'],
    },
  ],
  escalations: [],
  importance: 0,
};

/** A host that nothing checks is assumed to be up. */
const ASSUMED_UP: HostGlimpse = {
  isGood: true,
  checkedAt: Number.MAX_SAFE_INTEGER,
  state: 'up',
  stateType: 'hard',
  isInDowntime: false,
  parents: [],
};

const NO_HANDLER = { hasGlobal: false, hasOwn: false, period: null };

/** The situation of a check with this policy, checked every `intervalMs`. */
export function situationOf(
  policy: CheckPolicy,
  intervalMs: number,
  { semantics, startedAt }: Site,
): ServiceSituation {
  return {
    policy: {
      semantics,
      maxCheckAttempts: policy.maxCheckAttempts,
      retryIntervalMs: policy.retryIntervalMs ?? intervalMs,
      flapping: {
        isEnabled: policy.flapDetection,
        low: policy.lowFlapThreshold,
        high: policy.highFlapThreshold,
        states: null,
      },
      stalking: policy.stalking,
      stalksNotifications: false,
      eventHandler: NO_HANDLER,
      notification: NOTIFICATION,
      isVolatile: policy.isVolatile,
    },
    host: ASSUMED_UP,
    parents: [],
    dependencies: [],
    hostDependencies: [],
    programStartedAt: startedAt,
  };
}
