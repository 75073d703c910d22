/** The configured objects: what an administrator writes down. References are by name. */

import type { CheckControl } from './check-control.ts';
import type { CheckPolicy, HostPolicy } from './check-policy.ts';
import type { DependencyKind, MasterState } from './dependency.ts';
import type { CheckOverride } from './overrides.ts';

/** Named text values, for labels and variables. */
export type TextMap = Readonly<Record<string, string>>;

/** A monitored host. */
export interface Host {
  readonly name: string;
  /** IPv4 or IPv6 address or DNS name. */
  readonly address: string;
  /** The account for checks that run on the host through ssh. */
  readonly login: string;
  readonly sshPort: number;
  /** A host in maintenance gets no checks and is left out of the active counts. */
  readonly maintenance: boolean;
  /** Whether every single result is kept. */
  readonly history: boolean;
  readonly zone: string;
  readonly subnet: string | null;
  readonly suites: readonly string[];
  /** The plugin whose results tell whether it is up; null: the one that its suites have for that. */
  readonly hostCheck: string | null;
  /** Hosts through which it is reached. */
  readonly parents: readonly string[];
  /** How results of its host check become its own state. */
  readonly policy: HostPolicy;
  /** The time period in which its event handlers run; null: always. */
  readonly eventHandlerPeriod: string | null;
  /** What its checks have instead of what their plugins say; by plugin. */
  readonly overrides: Readonly<Record<string, CheckOverride>>;
  readonly labels: TextMap;
  /** Values for `$_HOSTx$` macros. */
  readonly vars: TextMap;
}

/** What is run, with which arguments and how often. */
export interface Plugin extends CheckControl {
  readonly name: string;
  /** A file name in the workers' plugin folders, or a probe that is built in. */
  readonly run: { readonly script: string } | { readonly builtin: string };
  /** Whether a script runs on the checked host itself, through ssh. */
  readonly ssh: boolean;
  /** Arguments, split by POSIX shell rules without a shell; may hold macros. */
  readonly params: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly policy: CheckPolicy;
  /** Whether it is the host check of the hosts of its suites, unless they name another. */
  readonly hostCheck: boolean;
  readonly description: string;
  readonly suites: readonly string[];
}

/** What joins hosts and plugins: each of its plugins runs on each of its hosts. */
export interface Suite {
  readonly name: string;
  readonly description: string;
  readonly hosts: readonly string[];
  readonly plugins: readonly string[];
  readonly subnets: readonly string[];
}

/** A range of addresses. */
export interface Subnet {
  readonly name: string;
  readonly cidr: string;
  readonly exclude: readonly string[];
  /** Given to hosts that are found in it. */
  readonly suites: readonly string[];
  readonly autoDiscovery: boolean;
  readonly intervalMs: number;
  /** Whose workers search it; goes to hosts that are found in it. */
  readonly zone: string;
  readonly description: string;
}

/** Times at which something may happen, by the clocks of a time zone. */
export interface Timeperiod {
  readonly name: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Times of a day, `09:00-12:00,13:00-17:00`, by weekday. */
  readonly weekdays: TextMap;
  /** Times by days that have their own, `december 24`. */
  readonly exceptions: TextMap;
  /** Periods that are taken out of it. */
  readonly exclude: readonly string[];
  readonly description: string;
}

/**
 * What depends on what: a check on a check, or a host on a host. While the master has failed, the
 * dependent one is not run, or nobody is notified of it.
 */
export interface Dependency {
  readonly name: string;
  /** The dependent host, or that of the dependent check; null: each host that has the check. */
  readonly host: string | null;
  /** The dependent check; null: the host itself. */
  readonly plugin: string | null;
  /** The master, or the host of it; null: the same host. */
  readonly masterHost: string | null;
  /** Null for a dependency of a host. */
  readonly masterPlugin: string | null;
  /** Sorted. */
  readonly kinds: readonly DependencyKind[];
  /** States in which the master has failed. */
  readonly failsOn: readonly MasterState[];
  /** Outside it the dependency does not count; null: it always does. */
  readonly period: string | null;
  /** Whether what the master itself depends on counts too. */
  readonly inheritsParent: boolean;
  readonly description: string;
}

/** An object as stored. */
export interface Stored<Spec> {
  /** A UUID. */
  readonly id: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The configuration version of its last change. */
  readonly version: number;
  readonly spec: Spec;
}

/** The kinds of configured objects. */
export type ObjectKind = 'host' | 'plugin' | 'suite' | 'subnet' | 'timeperiod' | 'dependency';
