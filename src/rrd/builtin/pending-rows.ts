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
  encode(): { readonly offset: number; readonly bytes: Buffer }[] {
    return this.#runs.map(({ offset, values }) => {
      const bytes = Buffer.allocUnsafe(values.length * VALUE_BYTES);
      for (let index = 0; index < values.length; index++) {
        bytes.writeDoubleLE(values[index] ?? Number.NaN, index * VALUE_BYTES);
      }
      return { offset, bytes };
    });
  }
}
