/** The tables of what decides when things happen; a part of `schema.ts`. */

import type { Generated } from 'kysely';

/** Times at which something may happen. Written by red. */
export interface TimeperiodTable {
  id: string;
  name: string;
  time_zone: string;
  /** JSON object of text values. */
  weekdays: string;
  /** JSON object of text values. */
  exceptions: string;
  description: string;
  created_at: number;
  updated_at: number;
  version: number;
}

/** Which time periods are taken out of which. Written by red. */
export interface TimeperiodExcludeTable {
  timeperiod_id: string;
  excluded_id: string;
}

/** Event handlers that are to be run. Written by grey. */
export interface EventHandlerRunTable {
  id: Generated<number>;
  /** When the state changed. */
  at: number;
  check_id: number;
  level: string;
  command: string;
  /** JSON object of text values. */
  macros: string;
}
