/**
 * What the rules of Nagios are told about a check or host: its policy, its site, what is around it.
 * Made of what configuration says and of the neighbours' states; for each input, since these change.
 */

import type { HostFacts } from '../database/queries/object-facts.ts';
import type { CheckStateName } from '../model/check.ts';
import type { HostPolicy as PlainPolicy } from '../model/check-policy.ts';
import type { HostStateName } from '../model/host-state.ts';
import type { NotificationPolicy, NotifyOption } from '../nagios/notification/notification.ts';
import type { Dependency } from '../nagios/state/dependencies.ts';
import { isInDowntime } from '../nagios/state/object-state.ts';
import type { HostSituation, ServiceSituation } from '../nagios/state/policy.ts';
import type {
  HostGlimpse,
  ParentGlimpse,
  ParentHostGlimpse,
} from '../nagios/state/reachability.ts';
import type { Semantics } from '../nagios/state/semantics.ts';
import type { TimePeriod } from '../nagios/time/time-period.ts';
import { globalHandlerOf } from './handler-runs.ts';
import type { RememberedHost } from './memory.ts';
import type { CheckObject } from './policies.ts';

/** What is the same for all checks. */
export interface Site {
  readonly semantics: Semantics;
  /** When this grey was started. */
  readonly startedAt: number;
  /** By id; one that cannot be read is not there, and holds nothing back. */
  readonly periods: ReadonlyMap<string, TimePeriod>;
}

/** Between notifications of a problem, as Nagios has it. */
const NOTIFICATION_INTERVAL_MS = 30 * 60_000;
/** Of a host that nothing checks there are no retries; a policy has a number all the same. */
const NO_RETRY_MS = 3_600_000;

/**
 * Until there are contacts, one stands for everybody, so that it is decided whether a notification is
 * due; nothing is sent.
 */
function notifyEverybody<Name extends string>(
  notifyOn: readonly NotifyOption<Name>[],
): NotificationPolicy<Name> {
  const everybody = { name: 'everybody', isEnabled: true, minimumImportance: 0, period: null };
  return {
    ...{ isEnabled: true, intervalMs: NOTIFICATION_INTERVAL_MS, firstDelayMs: 0, period: null },
    ...{ notifyOn, contacts: [{ ...everybody, notifyOn }], escalations: [], importance: 0 },
  };
}

const OF_CHECKS = notifyEverybody<CheckStateName>([
  ...(['warning', 'critical', 'unknown'] as const),
  ...(['recovery', 'flapping', 'downtime'] as const),
]);
/** That a host is unreachable is no news beside what is down before it. */
const OF_HOSTS = notifyEverybody<HostStateName>(['down', 'recovery', 'flapping', 'downtime']);

type CommonPolicy = Omit<PlainPolicy, 'stalking' | 'flapStates'>;

/** Common to checks and hosts, whose states have other names. */
type NamedPolicy<Name extends string> = CommonPolicy & {
  readonly stalking: readonly (Name | 'notification')[];
  readonly flapStates: readonly Name[];
};

/**
 * The situation of a check on a host that is in this state. Made for every result, so fields are named:
 * objects put together from spreads cost several times as much.
 */
export function situationOfCheck(
  { check, host }: CheckObject,
  site: Site,
  around: {
    readonly host: RememberedHost;
    /** Of the host. */
    readonly parents: readonly ParentHostGlimpse[];
    readonly parentChecks: readonly ParentGlimpse[];
    readonly dependencies: readonly Dependency[];
    readonly hostDependencies: readonly Dependency[];
  },
): ServiceSituation {
  const { policy, intervalMs } = check;
  return {
    policy: {
      semantics: site.semantics,
      maxCheckAttempts: policy.maxCheckAttempts,
      retryIntervalMs: policy.retryIntervalMs ?? intervalMs,
      flapping: flapPolicyOf(policy),
      stalking: stalkedStatesOf(policy),
      stalksNotifications: policy.stalking.includes('notification'),
      eventHandler: handlerPolicyOf('service', check, site),
      notification: OF_CHECKS,
      isVolatile: policy.isVolatile,
    },
    host: glimpseOf(host, around),
    parents: around.parentChecks,
    dependencies: around.dependencies,
    hostDependencies: around.hostDependencies,
    programStartedAt: site.startedAt,
  };
}

/** The situation of a host with these parents and notification dependencies. */
export function situationOfHost(
  facts: HostFacts,
  site: Site,
  parents: readonly ParentHostGlimpse[],
  dependencies: readonly Dependency[],
): HostSituation {
  const { policy, hostCheck, meanIntervalMs } = facts;
  return {
    policy: {
      semantics: site.semantics,
      maxCheckAttempts: policy.maxCheckAttempts,
      retryIntervalMs: policy.retryIntervalMs ?? hostCheck?.intervalMs ?? NO_RETRY_MS,
      flapping: flapPolicyOf(policy),
      stalking: stalkedStatesOf(policy),
      stalksNotifications: policy.stalking.includes('notification'),
      eventHandler: handlerPolicyOf('host', facts, site),
      notification: OF_HOSTS,
      serviceFeedIntervalMs: meanIntervalMs ?? OF_HOSTS.intervalMs,
    },
    parents,
    dependencies,
    programStartedAt: site.startedAt,
  };
}

function flapPolicyOf<Name extends string>(policy: NamedPolicy<Name>) {
  const { flapStates } = policy;
  return {
    isEnabled: policy.flapDetection,
    low: policy.lowFlapThreshold,
    high: policy.highFlapThreshold,
    states: flapStates.length === 0 ? null : flapStates,
  };
}

const NO_STATES: readonly never[] = [];

function stalkedStatesOf<Name extends string>({ stalking }: NamedPolicy<Name>): readonly Name[] {
  if (stalking.length === 0) return NO_STATES;
  return stalking.filter((one): one is Name => one !== 'notification');
}

function handlerPolicyOf(
  kind: 'service' | 'host',
  {
    policy,
    eventHandlerPeriodId,
  }: Pick<HostFacts, 'eventHandlerPeriodId'> & {
    readonly policy: CommonPolicy;
  },
  { semantics, periods }: Site,
) {
  return {
    hasGlobal: globalHandlerOf(kind, semantics) !== '',
    hasOwn: policy.eventHandler !== '',
    period: eventHandlerPeriodId === null ? null : (periods.get(eventHandlerPeriodId) ?? null),
  };
}

function glimpseOf(
  { hostCheck, isInMaintenance }: HostFacts,
  { host, parents }: Pick<Parameters<typeof situationOfCheck>[2], 'host' | 'parents'>,
): HostGlimpse {
  const { state, stateType, checkedAt } = host.state;
  return {
    isGood: state === 'up',
    checkedAt: hostCheck === null || isInMaintenance ? null : (checkedAt ?? 0),
    state,
    stateType,
    isInDowntime: isInDowntime(host.state),
    isHeld: host.held !== null,
    parents,
  };
}
