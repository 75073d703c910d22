/** The tables of what people plan and note; a part of `schema.ts`. */

import type { Generated } from 'kysely';

/** Planned downtimes. Written by red. */
export interface DowntimeTable {
  id: string;
  /** Of which checks it is: null = of any. */
  host_id: string | null;
  plugin_id: string | null;
  suite_id: string | null;
  subnet_id: string | null;
  /** Labels of hosts as a filter of lists has them; empty = of any. */
  labels: string;
  /** Whether it is of the checks of its hosts too, not of the hosts alone. */
  all_checks: 0 | 1;
  /** Of the first occurrence. */
  start_at: number;
  end_at: number;
  is_fixed: 0 | 1;
  duration_ms: number;
  /** A rule of RFC 5545; empty = once. */
  recurrence: string;
  time_zone: string;
  author: string;
  comment: string;
  created_at: number;
  /** Null = it stands. */
  cancelled_at: number | null;
  /** When all that it has planned was over; null = not yet. */
  over_at: number | null;
  /** Goes up with each change. */
  revision: Generated<number>;
  /** Of one that is once: its first start, by which checks know it; null = `start_at`. */
  key_at: number | null;
  /** The downtime with which it starts and ends; null = it is of its own. */
  triggered_by: string | null;
  /** Which hosts below its own it is of: none, all, triggered. */
  children: Generated<string>;
}

/** Of which checks each occurrence of a downtime is known already. Written by red. */
export interface DowntimeCheckTable {
  downtime_id: string;
  /** Of the occurrence. */
  start_at: number;
  check_id: number;
  /** Of the plan, as it was told. */
  revision: Generated<number>;
}

/** What people note, also with an acknowledgement. Written by red. */
export interface CommentTable {
  /** Of an acknowledgement: its id. */
  id: string;
  check_id: number;
  kind: 'user' | 'acknowledgement';
  author: string;
  text: string;
  /** Of an acknowledgement: whether it stays when that ends. */
  is_persistent: 0 | 1;
  created_at: number;
}
