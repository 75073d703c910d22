/** What dependencies are made of: what they hold back, and the states in which a master has failed. */

/**
 * What a dependency holds back while its master has failed; sorted. `parent`: both, by the rules that
 * Nagios has for parents of services.
 */
export const DEPENDENCY_KINDS = ['execution', 'notification', 'parent'] as const;

/** What a dependency holds back. */
export type DependencyKind = (typeof DEPENDENCY_KINDS)[number];

/** What a dependency holds back that says nothing else. */
export const DEFAULT_DEPENDENCY_KINDS: readonly DependencyKind[] = ['execution', 'notification'];

/** States of a check that may count as failed. */
export const MASTER_CHECK_STATES = ['ok', 'warning', 'critical', 'unknown', 'pending'] as const;

/** States of a host that may count as failed. */
export const MASTER_HOST_STATES = ['up', 'down', 'unreachable', 'pending'] as const;

/** A state in which a master may have failed. */
export type MasterState =
  | (typeof MASTER_CHECK_STATES)[number]
  | (typeof MASTER_HOST_STATES)[number];
