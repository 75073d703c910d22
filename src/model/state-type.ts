/** How sure a state is, of a check as of a host. */

/** The types of a state. */
export const STATE_TYPES = ['soft', 'hard'] as const;

/** Soft: a problem that is still being tried again, or its end. Hard: nothing is left to try. */
export type StateType = (typeof STATE_TYPES)[number];
