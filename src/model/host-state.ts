/** Nouns of a host's own state, as grey decides it and the API shows it. */

/** The states of a host, at the index that passive results give them. */
export const HOST_STATES = ['up', 'down', 'unreachable'] as const;

/** Unreachable: it does not answer, and neither does what leads to it. */
export type HostStateName = (typeof HOST_STATES)[number];

/** A host's state: what its checks say, or `pending` before their first result. */
export type HostViewState = HostStateName | 'pending';
