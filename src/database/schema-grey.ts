/** Tables that grey writes for itself and for who asks how it does; see `schema.ts`. */

/** When checks were in downtimes, which may be gone themselves. Written by grey. */
export interface DowntimeStretchTable {
  check_id: number;
  /** By which id checks know the downtime. */
  downtime: string;
  from_at: number;
  /** Null while it lasts. */
  to_at: number | null;
}

/** What is wrong with the site itself at present. Written by grey. */
export interface SiteProblemTable {
  /** `noWorker`: the zone that is its subject has checks, but no worker. */
  kind: string;
  subject: string;
  since_at: number;
}

/** Who stores the results of a shard. Written by grey. */
export interface ShardOwnerTable {
  shard: number;
  /** Goes up with each owner; what an earlier one writes is refused. */
  fence: number;
  /** For people. */
  owner: string;
}
