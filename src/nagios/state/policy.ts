/**
 * Sections 2 to 10: what configuration says of a service or host, and what its neighbours say at the
 * moment. Made by grey for each evaluation; plain values.
 */

import type { CheckStateName } from '../../model/check.ts';
import type { HostStateName } from '../../model/host-state.ts';
import type { NotificationPolicy } from '../notification/notification.ts';
import type { Dependency } from './dependencies.ts';
import type { EventHandlerPolicy } from './event-handlers.ts';
import type { HostGlimpse, ParentGlimpse } from './reachability.ts';
import type { Semantics } from './semantics.ts';

/** How an object wants flap detection. */
export interface FlapPolicy<Name extends string> {
  readonly isEnabled: boolean;
  /** Percent; null: that of the site. */
  readonly low: number | null;
  readonly high: number | null;
  /** Which states are recorded; null: all. */
  readonly states: readonly Name[] | null;
}

/** Common to services and hosts. */
export interface ObjectPolicy<Name extends string> {
  readonly semantics: Semantics;
  /** At least 1. */
  readonly maxCheckAttempts: number;
  /** Between the checks of a soft problem. */
  readonly retryIntervalMs: number;
  readonly flapping: FlapPolicy<Name>;
  /** States in which a change of the output is told. */
  readonly stalking: readonly Name[];
  /** Whether the state is told with each notification of it. */
  readonly stalksNotifications: boolean;
  readonly eventHandler: EventHandlerPolicy;
  readonly notification: NotificationPolicy<Name>;
}

/** What configuration says of a service. */
export interface ServicePolicy extends ObjectPolicy<CheckStateName> {
  /** Every problem result counts as a new one. */
  readonly isVolatile: boolean;
}

/** What configuration says of a host. */
export interface HostPolicy extends ObjectPolicy<HostStateName> {
  /**
   * How often at most results of its services record its state for flapping: the sum of their
   * intervals by their number; without services, its notification interval.
   */
  readonly serviceFeedIntervalMs: number;
}

/** What is around an object. */
interface Surroundings {
  /** A service's parent services, or a host's parent hosts. */
  readonly parents: readonly ParentGlimpse[];
  /** Its notification dependencies. */
  readonly dependencies: readonly Dependency[];
  /** When the site was started: from it counts what never happened. */
  readonly programStartedAt: number;
}

/** All that decides what an input makes of a service. */
export interface ServiceSituation extends Surroundings {
  readonly policy: ServicePolicy;
  readonly host: HostGlimpse;
  /** The notification dependencies of its host. */
  readonly hostDependencies: readonly Dependency[];
}

/** All that decides what an input makes of a host. */
export interface HostSituation extends Surroundings {
  readonly policy: HostPolicy;
}

/** Either situation, as the rules for both see it. */
export interface Frame<Name extends string> extends Surroundings {
  readonly policy: ObjectPolicy<Name>;
  /** `ok` or `up`. */
  readonly good: Name;
  readonly isVolatile: boolean;
  /** A service's host; null for a host. */
  readonly host: HostGlimpse | null;
  readonly hostDependencies: readonly Dependency[];
}
