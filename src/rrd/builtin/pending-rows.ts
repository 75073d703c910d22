/** Rows that wait to be written, neighbours together, so that few writes are needed. */

import type { RowSink } from './consolidate.ts';
import { type ArchiveLayout, VALUE_BYTES } from './layout.ts';

/** Runs of up to so many bytes are encoded without memory of their own. */
const KEPT_BYTES = 4_096;

/** Rows that are neighbours in the file. */
interface Run {
  /** Where the first of them is; bytes from the start of the file. */
  readonly offset: number;
  readonly values: number[];
}

/** Collects rows; each archive's come oldest first. */
export class PendingRows implements RowSink {
  #runs: Run[] = [];
  /** The run that the next row of each archive may continue, by the archive's place. */
  #last: Run[] = [];
  #valueCount = 0;
  readonly #bytes = Buffer.alloc(KEPT_BYTES);

  /** How many values wait. */
  get valueCount(): number {
    return this.#valueCount;
  }

  put(archive: ArchiveLayout, row: number, values: readonly number[]): void {
    const offset = archive.offset + row * values.length * VALUE_BYTES;
    const last = this.#last[archive.index];
    this.#valueCount += values.length;
    if (last !== undefined && last.offset + last.values.length * VALUE_BYTES === offset) {
      for (const value of values) last.values.push(value);
      return;
    }
    const run = { offset, values: values.slice() };
    this.#runs.push(run);
    this.#last[archive.index] = run;
  }

  /**
   * Hands over each run, as the first `length` of `bytes`, which are good until `write` returns, and
   * where they belong in the file; in an order that keeps the newest row. Nothing waits after it.
   */
  flush(write: (bytes: Buffer, length: number, offset: number) => void): void {
    const runs = this.#runs;
    this.clear();
    for (const { offset, values } of runs) {
      write(this.#encode(values), values.length * VALUE_BYTES, offset);
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#runs = [];
    this.#last = [];
    this.#valueCount = 0;
  }

  #encode(values: readonly number[]): Buffer {
    const length = values.length * VALUE_BYTES;
    const bytes = length <= KEPT_BYTES ? this.#bytes : Buffer.allocUnsafe(length);
    let at = 0;
    for (const value of values) at = bytes.writeDoubleLE(value, at);
    return bytes;
  }
}
