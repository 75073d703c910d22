/** Rows that wait to be written, neighbours together, so that few writes are needed. */

import type { RowSink } from './consolidate.ts';
import { type ArchiveLayout, VALUE_BYTES } from './layout.ts';

/** Rows that are neighbours in the file. */
interface Run {
  /** Where the first of them is; bytes from the start of the file. */
  readonly offset: number;
  readonly values: number[];
}

/** Collects rows; each archive's come oldest first. */
export class PendingRows implements RowSink {
  readonly #runs: Run[] = [];
  /** The run that each archive's next row may continue. */
  readonly #last = new Map<ArchiveLayout, Run>();
  #valueCount = 0;

  /** How many values wait. */
  get valueCount(): number {
    return this.#valueCount;
  }

  put(archive: ArchiveLayout, row: number, values: readonly number[]): void {
    const offset = archive.offset + row * values.length * VALUE_BYTES;
    const last = this.#last.get(archive);
    this.#valueCount += values.length;
    if (last !== undefined && last.offset + last.values.length * VALUE_BYTES === offset) {
      for (const value of values) last.values.push(value);
      return;
    }
    const run = { offset, values: [...values] };
    this.#runs.push(run);
    this.#last.set(archive, run);
  }

  /** Each run as bytes and where they belong in the file; in an order that keeps the newest row. */
  *encode(): Iterable<{ readonly offset: number; readonly bytes: Buffer }> {
    for (const { offset, values } of this.#runs) {
      const bytes = Buffer.allocUnsafe(values.length * VALUE_BYTES);
      for (const [index, value] of values.entries())
        bytes.writeDoubleLE(value, index * VALUE_BYTES);
      yield { offset, bytes };
    }
  }
}
