/** What dependencies are made of: what they hold back, and the states in which a master has failed. */

/** What a dependency holds back while its master has failed; sorted. */
export const DEPENDENCY_KINDS = ['execution', 'notification'] as const;

/** What a dependency holds back. */
export type DependencyKind = (typeof DEPENDENCY_KINDS)[number];

/** States of a check that may count as failed. */
export const MASTER_CHECK_STATES = ['ok', 'warning', 'critical', 'unknown', 'pending'] as const;

/** States of a host that may count as failed. */
export const MASTER_HOST_STATES = ['up', 'down', 'unreachable', 'pending'] as const;

/** A state in which a master may have failed. */
export type MasterState =
  | (typeof MASTER_CHECK_STATES)[number]
  | (typeof MASTER_HOST_STATES)[number];
