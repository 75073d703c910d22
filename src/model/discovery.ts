/** The search for hosts in a subnet. */

/**
 * How a discovery stands. `failed`: nobody answered for parts of it; `cancelled`: nobody wants it any
 * more; what was found until then stays.
 */
export const DISCOVERY_STATES = ['running', 'done', 'failed', 'cancelled'] as const;

/** How a discovery stands. */
export type DiscoveryState = (typeof DISCOVERY_STATES)[number];
