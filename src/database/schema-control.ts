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

/** What depends on what. Written by red. */
export interface DependencyTable {
  id: string;
  name: string;
  /** Null: each host that has the check. */
  host_id: string | null;
  /** Null: the host itself. */
  plugin_id: string | null;
  /** Null: the same host. */
  master_host_id: string | null;
  master_plugin_id: string | null;
  /** JSON array of text. */
  kinds: string;
  /** JSON array of text. */
  fails_on: string;
  period_id: string | null;
  inherits_parent: 0 | 1;
  description: string;
  created_at: number;
  updated_at: number;
  version: number;
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
  /** When the broker got it; null = not yet. */
  sent_at: number | null;
}
