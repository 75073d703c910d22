/** When a worker counts as lost. */

/** Heartbeats that may be missing. */
export const MISSING_HEARTBEATS = 3;
