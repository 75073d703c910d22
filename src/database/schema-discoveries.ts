/** The tables of discoveries; the rest of the schema is in `schema.ts`. */

/**
 * Searches of subnets. Begun by red and ended by it when they get nowhere; carried on and finished by
 * grey, both only while the state is `running`. What is searched is kept as it was at the beginning.
 */
export interface DiscoveryTable {
  id: string;
  subnet_id: string;
  /** The subnet while it runs, so that there is one at a time; null afterwards. */
  running_subnet_id: string | null;
  cidr: string;
  /** JSON array of CIDR texts. */
  exclude: string;
  zone: string;
  /** Addresses of a slice; the last has the rest. */
  slice_size: number;
  /** Addresses to search. */
  total: number;
  state: string;
  /** Name of the token; null when the subnet's interval asked for it. */
  requested_by: string | null;
  started_at: number;
  finished_at: number | null;
  /** Addresses searched. */
  scanned: number;
  added_count: number;
  known_count: number;
  gone_count: number;
  /** JSON arrays of the first host names. */
  added: string;
  known: string;
  gone: string;
  problem: string | null;
}

/** Slices of running discoveries that were counted. Written by grey. */
export interface DiscoverySliceTable {
  discovery_id: string;
  /** Counts from 0. */
  slice: number;
  /** JSON array of addresses. */
  answered: string;
}
