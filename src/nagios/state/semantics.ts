/**
 * Sections 2 to 9: where Nagios has a switch or other engines differ, one setting. Names are those of
 * Nagios's directives where there is one, and so are the defaults. From configuration to each
 * evaluation, as part of the policy.
 */

import type { CheckStateName } from '../../model/check.ts';
import type { HostStateName } from '../../model/host-state.ts';

/** What an installation decides for all its hosts and services. Durations in milliseconds. */
export interface Semantics {
  /** 5.1.2: false stops every notification but forced ones. */
  readonly enableNotifications: boolean;
  /** 10.2: false stops every event handler. */
  readonly enableEventHandlers: boolean;
  /** 10.2: run first, for every service and host; empty: none. */
  readonly globalServiceEventHandler: string;
  readonly globalHostEventHandler: string;
  /** 4: false clears flapping; how much states change is computed all the same. */
  readonly enableFlapDetection: boolean;
  /** 1.1: true makes a host down that its plugin calls a warning. */
  readonly useAggressiveHostChecking: boolean;
  /** 2: true lets passive results of hosts be soft first, as active ones. */
  readonly passiveHostChecksAreSoft: boolean;
  /** 3: true judges by its parents whether a host reported down is unreachable. */
  readonly translatePassiveHostChecks: boolean;
  /** 3: false makes unreachability a flag beside the state `down`, as Icinga has it. */
  readonly unreachableIsState: boolean;
  /**
   * 3: which parents must be up for a host to be reachable. `any` is Nagios; `every` is Icinga 2.14
   * without redundancy groups.
   */
  readonly reachableThrough: 'any' | 'every';
  /**
   * 3: for how long at most the first notification of a problem waits for a check of what the object
   * hangs on, made after the problem began; 0 waits for nothing, as Nagios.
   */
  readonly holdForParentsMs: number;
  /** 8: true judges a dependency by the master's soft state. */
  readonly softStateDependencies: boolean;
  /** 2: what attempt a hard problem shows; `max` is Nagios, `first` is Icinga. */
  readonly hardProblemAttempt: 'max' | 'first';
  /** 2: whether soft states of hosts are logged; those of services always are. */
  readonly logHostRetries: boolean;
  /** 2: a host result younger than this answers for a check on demand. */
  readonly cachedHostCheckHorizonMs: number;
  /** 3: whether masters are checked before the last attempt of a host. */
  readonly enablePredictiveHostDependencyChecks: boolean;
  /** 3: as above, of a service. */
  readonly enablePredictiveServiceDependencyChecks: boolean;
  /** 3: whether services of a host that is not up are left unchecked. */
  readonly hostDownDisableServiceChecks: boolean;
  /** 3: the state that a service is given when its check is left out; null leaves it as it is. */
  readonly serviceSkipCheckDependencyStatus: CheckStateName | null;
  readonly serviceSkipCheckParentStatus: CheckStateName | null;
  readonly serviceSkipCheckHostDownStatus: CheckStateName | null;
  /** 3: as above, of a host. */
  readonly hostSkipCheckDependencyStatus: HostStateName | null;
  /** 9: slack on a computed freshness threshold. */
  readonly additionalFreshnessLatencyMs: number;
  /** 9: how long after a start all first checks may take. */
  readonly maxCheckSpreadMs: number;
  /** 4: weight of the oldest of the 20 changes; the code of Nagios has 0.75, Icinga 0.8. */
  readonly flapWeightOldest: number;
  /** 4: weight of the newest; the code of Nagios has 1.25, Icinga 1.18. */
  readonly flapWeightNewest: number;
  /** 4: percent at or below which flapping stops, unless the object has its own. */
  readonly lowServiceFlapThreshold: number;
  /** 4: percent at or above which flapping starts, unless the object has its own. */
  readonly highServiceFlapThreshold: number;
  readonly lowHostFlapThreshold: number;
  readonly highHostFlapThreshold: number;
}

/** What Nagios does when nothing is configured, but for the traps and `holdForParentsMs`. */
export const NAGIOS_SEMANTICS: Semantics = {
  enableNotifications: true,
  enableEventHandlers: true,
  globalServiceEventHandler: '',
  globalHostEventHandler: '',
  enableFlapDetection: false,
  useAggressiveHostChecking: false,
  passiveHostChecksAreSoft: false,
  translatePassiveHostChecks: false,
  unreachableIsState: true,
  reachableThrough: 'any',
  holdForParentsMs: 30_000,
  softStateDependencies: false,
  hardProblemAttempt: 'max',
  logHostRetries: true,
  cachedHostCheckHorizonMs: 15_000,
  enablePredictiveHostDependencyChecks: true,
  enablePredictiveServiceDependencyChecks: true,
  hostDownDisableServiceChecks: false,
  serviceSkipCheckDependencyStatus: null,
  serviceSkipCheckParentStatus: null,
  serviceSkipCheckHostDownStatus: null,
  hostSkipCheckDependencyStatus: null,
  additionalFreshnessLatencyMs: 15_000,
  maxCheckSpreadMs: 30 * 60_000,
  flapWeightOldest: 0.75,
  flapWeightNewest: 1.25,
  lowServiceFlapThreshold: 20,
  highServiceFlapThreshold: 30,
  lowHostFlapThreshold: 20,
  highHostFlapThreshold: 30,
};
