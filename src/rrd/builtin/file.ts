/**
 * One statistics file on the disk, read and written in place.
 *
 * Others may write it too, rrdtool among them: `refresh` reads the header and compares it with what was
 * read or written last. That is one read from the page cache, cheaper than to understand it again, and
 * needs no trust in the times of files, which are coarser than two updates may be apart. There is no
 * lock: of two samples that two processes write in the same microseconds one may be lost, never a file.
 *
 * A process that is killed while it writes leaves a file that rrdtool reads. First come the rows: until
 * the state is written they stand in the place of the oldest rows, and the same update puts the same
 * there again. Then comes the state, in one write.
 */

import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Unavailable } from '../../model/errors.ts';
import { unavailable } from '../folder.ts';
import {
  type ArchiveLayout,
  decodeLayout,
  type FileLayout,
  findForeignHead,
  HEAD_BYTES,
  measureHeader,
  VALUE_BYTES,
} from './layout.ts';
import type { PendingRows } from './pending-rows.ts';
import { FileState } from './state.ts';

/** How often a header is read again that somebody is just writing. */
const MAX_READS = 10;

/** An open file. Its methods throw `Unavailable`, naming the file. */
export class OpenFile {
  readonly #name: string;
  readonly #descriptor: number;
  readonly #identity: Stats;
  /** The header as it is in the file; `state` is a view of it. */
  #header: Buffer;
  #scratch: Buffer;
  #layout: FileLayout;
  #state: FileState;

  /** Opens `NAME.rrd` in the folder, not through a link. */
  constructor(folder: string, name: string) {
    this.#name = name;
    const flags = constants.O_RDWR | constants.O_NOFOLLOW;
    this.#descriptor = guard(name, () => openSync(join(folder, `${name}.rrd`), flags));
    try {
      this.#identity = guard(name, () => fstatSync(this.#descriptor));
      this.#header = this.#readHeader();
      this.#scratch = Buffer.alloc(this.#header.length);
      this.#layout = this.#decode();
      this.#state = viewState(this.#header, this.#layout);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** What it is made of. */
  get layout(): FileLayout {
    return this.#layout;
  }

  /** Changes here come into the file with `write`. */
  get state(): FileState {
    return this.#state;
  }

  /** True when `found` is this file, and not cut off since it was opened. */
  isSame(found: Stats): boolean {
    const { ino, dev, size } = this.#identity;
    return found.ino === ino && found.dev === dev && found.size === size;
  }

  /** Takes over what others wrote, and drops changes that were not written. */
  refresh(): void {
    this.#readFully(this.#scratch, 0);
    if (this.#scratch.equals(this.#header)) return;
    this.#header = this.#readHeader();
    this.#scratch = Buffer.alloc(this.#header.length);
    this.#layout = this.#decode();
    this.#state = viewState(this.#header, this.#layout);
  }

  /** Writes rows, and then the state. */
  write(rows: PendingRows): void {
    for (const { offset, bytes } of rows.encode()) this.#writeFully(bytes, offset);
    this.#writeFully(this.#state.bytes, this.#layout.stateOffset);
  }

  /** Reads `count` rows of an archive from `firstRow` on, round its ring; value by value. */
  readRows(archive: ArchiveLayout, firstRow: number, count: number): number[] {
    const rowBytes = this.#layout.sources.length * VALUE_BYTES;
    const bytes = Buffer.alloc(count * rowBytes);
    const headBytes = Math.min(count, archive.rowCount - firstRow) * rowBytes;
    this.#readFully(bytes.subarray(0, headBytes), archive.offset + firstRow * rowBytes);
    this.#readFully(bytes.subarray(headBytes), archive.offset);
    return Array.from({ length: bytes.length / VALUE_BYTES }, (_, index) =>
      bytes.readDoubleLE(index * VALUE_BYTES),
    );
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Reads until it finds the same twice: another process may be in the middle of its write. */
  #readHeader(): Buffer {
    const head = Buffer.alloc(Math.min(HEAD_BYTES, this.#identity.size));
    this.#readFully(head, 0);
    const reason = findForeignHead(head);
    if (reason !== null) throw unavailable(this.#name, reason);
    const size = measureHeader(head);
    if (size > this.#identity.size) throw unavailable(this.#name, 'it is cut off');
    let before = Buffer.alloc(size);
    let after = Buffer.alloc(size);
    this.#readFully(after, 0);
    for (let reads = 1; reads < MAX_READS; reads++) {
      [before, after] = [after, before];
      this.#readFully(after, 0);
      if (after.equals(before)) return after;
    }
    throw unavailable(this.#name, 'it changes all the time');
  }

  #decode(): FileLayout {
    const decoded = decodeLayout(this.#header);
    if (decoded.kind === 'refused') throw unavailable(this.#name, decoded.reason);
    if (decoded.layout.sizeBytes > this.#identity.size)
      throw unavailable(this.#name, 'it is cut off');
    return decoded.layout;
  }

  #readFully(bytes: Buffer, offset: number): void {
    for (let done = 0; done < bytes.length; ) {
      const count = guard(this.#name, () =>
        readSync(this.#descriptor, bytes, done, bytes.length - done, offset + done),
      );
      if (count === 0) throw unavailable(this.#name, 'it is cut off');
      done += count;
    }
  }

  #writeFully(bytes: Buffer, offset: number): void {
    for (let done = 0; done < bytes.length; ) {
      done += guard(this.#name, () =>
        writeSync(this.#descriptor, bytes, done, bytes.length - done, offset + done),
      );
    }
  }
}

function viewState(header: Buffer, layout: FileLayout): FileState {
  const bytes = header.subarray(layout.stateOffset, layout.rowsOffset);
  return new FileState(bytes, layout.sources.length);
}

/** Runs one call of the file system; its failure is one of the file. */
function guard<Result>(name: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    throw asUnavailable(name, error);
  }
}

/** The failure of a call of the file system as one of the file. */
export function asUnavailable(name: string, error: unknown): Unavailable {
  if (error instanceof Unavailable) return error;
  return unavailable(name, error instanceof Error ? error.message : String(error), error);
}
