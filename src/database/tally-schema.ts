/** The tables of what is counted for the whole site; part of `schema.ts`. */

import type { Generated } from 'kysely';

/** How many of what there are in all; see `queries/tallies.ts`. Written by grey. */
export interface TallyTable {
  /** `host` or `check`. */
  subject: string;
  /** 0 in maintenance. */
  is_active: 0 | 1;
  /** Index into `HOST_STATES` or `CHECK_STATES`; -1 = none yet. */
  state: number;
  /** Index into `STATE_TYPES`. */
  state_type: number;
  /** Acknowledged or in downtime. */
  is_handled: 0 | 1;
  count: number;
}

/** What each host has added to `tally`. Written by grey. */
export interface HostTallyTable extends TallyTable {
  host_id: string;
}

/** Checks whose place in `tally` has changed since it was counted. Written by grey. */
export interface TallyMarkTable {
  id: Generated<number>;
  check_id: number;
}

/** One row: what `tally` knows of. Written by grey. */
export interface TallyProgressTable {
  id: number;
  /** Up to this version of the configuration; null = it was never counted in full. */
  config_version: number | null;
  /** Goes up with each change of the counts. */
  revision: number;
}

/** What each running service tells of itself. Written by red and grey, each its own row. */
export interface ServiceFiguresTable {
  id: string;
  /** `red` or `grey`. */
  role: string;
  at: number;
  /** JSON object of numbers. */
  figures: string;
  /** What is wrong with it; null = nothing. */
  problem: string | null;
}
