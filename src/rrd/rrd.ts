/**
 * The statistics port: round-robin files that rrdtool reads.
 *
 * What every adapter promises:
 * - `update` makes the file by its definition if it is not there, and adds the samples in order. It
 *   resolves when the adapter's engine has taken them. A sample at or before the file's last one is
 *   dropped and counted in the return value, never an error: updates are repeated after a crash.
 *   So is a sample more than a day ahead of the clock, which would block the file until then.
 * - Calls for one file take effect in the order in which they were made, without awaiting between.
 * - File names come from `file-name.ts`; a name outside the safe alphabet is a bug and is refused.
 * - A failing file fails its own call only, with `Unavailable`. After it, the samples may or may not
 *   be in the file; repeating the call is safe.
 * - The number of calls that wait is bounded; what is beyond rejects with `Unavailable` at once.
 */

/** One data source of a file. */
export interface DataSource {
  /** 1 to 19 characters of `A-Za-z0-9_`. */
  readonly name: string;
  readonly kind: 'GAUGE' | 'COUNTER' | 'DERIVE' | 'ABSOLUTE';
  /** Longest silence before a value is unknown. */
  readonly heartbeatS: number;
  /** Null = no bound. */
  readonly min: number | null;
  readonly max: number | null;
}

/** How values are condensed. */
export type Consolidation = 'AVERAGE' | 'MIN' | 'MAX' | 'LAST';

/** One archive of a file: `rowCount` rows of `stepCount` steps each. */
export interface Archive {
  readonly consolidation: Consolidation;
  readonly stepCount: number;
  readonly rowCount: number;
}

/** What a file holds. */
export interface RrdDefinition {
  readonly stepS: number;
  readonly dataSources: readonly DataSource[];
  readonly archives: readonly Archive[];
}

/** Values of all data sources, in the definition's order, at one instant; null = unknown. */
export interface Sample {
  /** Seconds since the epoch; a fraction is cut off. */
  readonly atS: number;
  readonly values: readonly (number | null)[];
}

/**
 * Consolidated values of a span: `rows[i]` is the value of the step that ENDS at `startS + i * stepS`,
 * which is the time that `rrdtool fetch` prints before it. Values in a row are in the order of `names`.
 */
export interface Series {
  readonly startS: number;
  readonly stepS: number;
  readonly names: readonly string[];
  readonly rows: readonly (readonly (number | null)[])[];
}

/** What is read of a file. */
export interface FetchSpan {
  /** Seconds since the epoch. */
  readonly fromS: number;
  readonly toS: number;
  /** A wish; see `fetch`. */
  readonly stepS: number;
  readonly consolidation: Consolidation;
}

/**
 * What became of a file that was to be removed. `outOfReach`: it stays, since this driver cannot remove
 * files where they are.
 */
export type Removal = 'removed' | 'missing' | 'outOfReach';

/** The port. Adapters: `rrdtool.ts`, `rrdcached.ts`, `builtin/builtin.ts`, `none.ts`. */
export interface RrdStore {
  /** Name of the adapter, shown to the operator. */
  readonly driver: string;
  /**
   * Adds samples to `name` (without folder or ending). Resolves to how many were dropped for their
   * time. Values go to the file's data sources by name; a file that lacks one is `Unavailable`.
   */
  update(name: string, definition: RrdDefinition, samples: readonly Sample[]): Promise<number>;
  /**
   * Reads the steps that overlap `fromS` to `toS` and that the file keeps; no rows when it keeps none
   * of them, null when there is no such file. Among the archives that reach back to `fromS` the one
   * nearest to `stepS` is read, else the one that reaches back furthest. Rejects with `InvalidInput`
   * when the file does not keep this consolidation.
   */
  fetch(name: string, span: FetchSpan): Promise<Series | null>;
  /**
   * Removes the file, and what was to be written to it. A later update makes a new one. Rejects with
   * `Unavailable` for what is no plain file, which stays, and when the file system refuses.
   */
  remove(name: string): Promise<Removal>;
  /** Null while statistics can be written, else why not. */
  problem(): string | null;
  /** Writes what is buffered and closes. */
  close(): Promise<void>;
}
