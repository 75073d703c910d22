/**
 * Services and hosts for tests of the state engine: policies and situations with plain defaults, and
 * walks of results through them. Times are seconds after `START`, so that they can be read.
 */

import type { CheckStateName } from '../src/model/check.ts';
import type { HostStateName } from '../src/model/host-state.ts';
import type { Contact, NotificationPolicy } from '../src/nagios/notification/notification.ts';
import { evaluateHost } from '../src/nagios/state/evaluate-host.ts';
import { evaluateService } from '../src/nagios/state/evaluate-service.ts';
import type {
  Evaluation,
  HostInput,
  HostResult,
  ServiceInput,
  ServiceResult,
} from '../src/nagios/state/evaluation.ts';
import {
  type HostState,
  NEW_HOST,
  NEW_SERVICE,
  type ServiceState,
} from '../src/nagios/state/object-state.ts';
import type {
  HostPolicy,
  HostSituation,
  ServicePolicy,
  ServiceSituation,
} from '../src/nagios/state/policy.ts';
import type { HostGlimpse } from '../src/nagios/state/reachability.ts';
import { NAGIOS_SEMANTICS, type Semantics } from '../src/nagios/state/semantics.ts';

/** Second 0 of all tests: 2026-01-01T00:00:00Z. */
export const START = Date.UTC(2026, 0, 1);

/** The instant `seconds` after `START`. */
export function second(seconds: number): number {
  return START + seconds * 1_000;
}

/** Nagios's own semantics, without waiting for parents. */
export function semantics(overrides: Partial<Semantics> = {}): Semantics {
  return { ...NAGIOS_SEMANTICS, holdForParentsMs: 0, ...overrides };
}

/** Somebody who wants to hear everything. */
export function contact<Name extends string>(
  name: string,
  overrides: Partial<Contact<Name>> = {},
): Contact<Name> {
  const notifyOn = [...EVERYTHING] as Contact<Name>['notifyOn'];
  return { name, isEnabled: true, minimumImportance: 0, period: null, notifyOn, ...overrides };
}

const EVERYTHING = [
  ...['warning', 'critical', 'unknown', 'down', 'unreachable'],
  ...['recovery', 'flapping', 'downtime'],
];

/** Notifications of everything to `anna`, every 60 seconds. */
export function notificationPolicy<Name extends string>(
  overrides: Partial<NotificationPolicy<Name>> = {},
): NotificationPolicy<Name> {
  return {
    isEnabled: true,
    notifyOn: [...EVERYTHING] as NotificationPolicy<Name>['notifyOn'],
    intervalMs: 60_000,
    firstDelayMs: 0,
    period: null,
    contacts: [contact('anna')],
    escalations: [],
    importance: 0,
    ...overrides,
  };
}

const COMMON = {
  semantics: semantics(),
  maxCheckAttempts: 3,
  retryIntervalMs: 10_000,
  flapping: { isEnabled: true, low: null, high: null, states: null },
  stalking: [],
  stalksNotifications: false,
  eventHandler: { hasGlobal: false, hasOwn: true, period: null },
};

/** A service with 3 attempts. */
export function servicePolicy(overrides: Partial<ServicePolicy> = {}): ServicePolicy {
  return { ...COMMON, isVolatile: false, notification: notificationPolicy(), ...overrides };
}

/** A host with 3 attempts. */
export function hostPolicy(overrides: Partial<HostPolicy> = {}): HostPolicy {
  const notification = notificationPolicy<HostStateName>();
  return { ...COMMON, serviceFeedIntervalMs: 60_000, notification, ...overrides };
}

/** A host that is up, with a fresh result whenever it is asked. */
export const UP_HOST: HostGlimpse = {
  isGood: true,
  checkedAt: Number.MAX_SAFE_INTEGER,
  state: 'up',
  stateType: 'hard',
  isInDowntime: false,
  isHeld: false,
  parents: [],
};

/** A host in some other state. */
export function hostIn(
  state: HostStateName,
  stateType: HostGlimpse['stateType'] = 'hard',
): HostGlimpse {
  return { ...UP_HOST, isGood: state === 'up', state, stateType };
}

/** A service on a host that is up. */
export function service(
  policy: Partial<ServicePolicy> = {},
  surroundings: Partial<Omit<ServiceSituation, 'policy'>> = {},
): ServiceSituation {
  return {
    policy: servicePolicy(policy),
    host: UP_HOST,
    parents: [],
    dependencies: [],
    hostDependencies: [],
    programStartedAt: START,
    ...surroundings,
  };
}

/** A host without parents. */
export function host(
  policy: Partial<HostPolicy> = {},
  surroundings: Partial<Omit<HostSituation, 'policy'>> = {},
): HostSituation {
  return {
    policy: hostPolicy(policy),
    parents: [],
    dependencies: [],
    programStartedAt: START,
    ...surroundings,
  };
}

const LETTERS: Readonly<Record<string, CheckStateName>> = {
  O: 'ok',
  W: 'warning',
  C: 'critical',
  U: 'unknown',
};

/** The state that a letter O, W, C or U stands for. */
export function stateOf(letter: string): CheckStateName {
  return LETTERS[letter] ?? 'unknown';
}

/** An active result, taken `seconds` after `START`. */
export function result(
  state: CheckStateName,
  seconds: number,
  overrides: Partial<ServiceResult> = {},
): ServiceResult {
  const at = second(seconds);
  const fixed = {
    kind: 'result',
    source: 'active',
    output: state,
    isFreshnessCheck: false,
  } as const;
  return { ...fixed, state, at, scheduledAt: at, ...overrides };
}

/** The result of a host check, taken `seconds` after `START`. */
export function hostResult(state: CheckStateName, seconds: number): HostResult {
  return { ...result(state, seconds), source: 'active' };
}

/** Somebody's report of a host. */
export function hostReport(state: HostStateName, seconds: number): HostResult {
  return { ...result('ok', seconds), source: 'passive', state };
}

/** What all inputs come to, one evaluation each. */
export function walk(
  situation: ServiceSituation,
  inputs: readonly ServiceInput[],
  before: ServiceState = NEW_SERVICE,
): Evaluation<ServiceState>[] {
  let state = before;
  return inputs.map((input) => {
    const evaluation = evaluateService(situation, state, input);
    state = evaluation.state;
    return evaluation;
  });
}

/** As `walk`, for a host. */
export function walkHost(
  situation: HostSituation,
  inputs: readonly HostInput[],
  before: HostState = NEW_HOST,
): Evaluation<HostState>[] {
  let state = before;
  return inputs.map((input) => {
    const evaluation = evaluateHost(situation, state, input);
    state = evaluation.state;
    return evaluation;
  });
}

/** Active results `C C O`, one every 10 seconds from second `from` on. */
export function results(letters: string, from = 10): ServiceResult[] {
  return letters.split(' ').map((letter, index) => result(stateOf(letter), from + index * 10));
}

/** The state after a walk of letters. */
export function stateAfter(letters: string, situation: ServiceSituation = service()): ServiceState {
  return last(walk(situation, results(letters))).state;
}

/** The last of some; fails when there is none. */
export function last<Item>(items: readonly Item[]): Item {
  const item = items.at(-1);
  if (item === undefined) throw new Error('there is no last one');
  return item;
}

/** `problem:sent` and so on, in order. */
export function told(evaluations: readonly Evaluation<unknown>[]): string[] {
  return evaluations.flatMap(({ notifications }) =>
    notifications.map(({ type, reason }) => `${type}:${reason}`),
  );
}

/** Kinds of events, in order. */
export function eventKinds(evaluations: readonly Evaluation<unknown>[]): string[] {
  return evaluations.flatMap(({ events }) => events.map(({ kind }) => kind));
}
