/**
 * Statistics files on the disk, read and written in place.
 *
 * A file is open for one piece of work, as with rrdtool, and the work is synchronous. That costs 2
 * microseconds more than to keep it open and to ask whether the name still stands for it; so nothing is
 * kept of a file, others may write it, replace or remove it at any time, and thousands of files cost
 * what a few do. A thousand that stay open would also cost each start of a program 0.1 ms. Only what
 * headers say of how a file is built is remembered, since they are alike.
 *
 * There is no lock: of two samples that two processes write in the same microseconds one may be lost,
 * never a file.
 *
 * A process that is killed while it writes leaves a file that rrdtool reads. First come the rows: until
 * the state is written they stand in the place of the oldest rows, and the same update puts the same
 * there again. Then comes the state, in one write.
 */

import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { Lru } from '../../lib/lru.ts';
import { Unavailable } from '../../model/errors.ts';
import { findFile, unavailable } from '../folder.ts';
import type { Heartbeat } from '../heartbeats.ts';
import type { FileInMemory } from './consolidate.ts';
import {
  type ArchiveLayout,
  decodeLayout,
  encodeHeartbeat,
  type FileLayout,
  findForeignHead,
  measureHeader,
  measureParts,
  VALUE_BYTES,
} from './layout.ts';
import { PendingRows } from './pending-rows.ts';
import { FileState } from './state.ts';

const FLAGS = constants.O_RDWR | constants.O_NOFOLLOW;
/** How often a header is read again that somebody is just writing. */
const MAX_READS = 10;
/** A header of a few sources is read in one go. */
const FIRST_READ_BYTES = 4_096;
/** Kinds of files that are remembered; some kilobytes each. */
const MAX_LAYOUTS = 100;

/** What the bytes of a header before its state say. */
interface KnownLayout {
  readonly parts: Buffer;
  readonly layout: FileLayout;
}

/** The same, and the state of the file whose header was read last. */
interface ReadHeader extends KnownLayout {
  readonly state: FileState;
}

/** Files of one folder. */
export class Files {
  readonly #folder: string;
  readonly #layouts = new Lru<string, KnownLayout>(MAX_LAYOUTS);
  /** Where headers are read to, and where they are read to again, to compare. */
  #header = Buffer.alloc(FIRST_READ_BYTES);
  #again = Buffer.alloc(FIRST_READ_BYTES);
  /** What is in `#header`; the next file often is built alike. */
  #last: ReadHeader | null = null;
  readonly #rows = new PendingRows();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * What `work` makes of the file that has this name now, as it is now; null when there is none. The
   * file is good until `work` returns. Throws `Unavailable` when it is none that can be used.
   */
  use<Result>(name: string, work: (file: OpenFile) => Result): Result | null {
    const access = this.#open(name);
    if (access === null) return null;
    try {
      return work(this.#read(access));
    } finally {
      access.close();
    }
  }

  #open(name: string): Access | null {
    try {
      return new Access(name, openSync(`${this.#folder}/${name}.rrd`, FLAGS));
    } catch (error) {
      // Says more of links and the like.
      if (findFile(this.#folder, name) === undefined) return null;
      throw asUnavailable(name, error);
    }
  }

  #read(access: Access): OpenFile {
    const length = Math.max(FIRST_READ_BYTES, this.#last?.layout.rowsOffset ?? 0);
    const readBytes = access.read(this.#header, length, 0);
    const { layout, state } = this.#recognise(access, readBytes) ?? this.#decode(access, readBytes);
    // A file that is cut off has no last value, and would look whole with rows written after its end.
    access.readFully(this.#again, VALUE_BYTES, layout.sizeBytes - VALUE_BYTES);
    this.#rows.clear();
    return new OpenFile(access, { layout, state, rows: this.#rows });
  }

  /** What was read, if the file is built as the one before; else null. */
  #recognise(access: Access, readBytes: number): ReadHeader | null {
    const last = this.#last;
    if (last === null || readBytes < last.layout.rowsOffset) return null;
    const { parts, layout } = last;
    if (this.#header.compare(parts, 0, parts.length, 0, parts.length) !== 0) return null;
    this.#settle(access, layout.stateOffset, layout.rowsOffset);
    return last;
  }

  #decode(access: Access, readBytes: number): ReadHeader {
    this.#last = null;
    const reason = findForeignHead(this.#header.subarray(0, readBytes));
    if (reason !== null) throw unavailable(access.name, reason);
    const headerBytes = measureHeader(this.#header);
    if (headerBytes > readBytes) this.#readLong(access, headerBytes);
    this.#settle(access, 0, headerBytes);
    const known = this.#findLayout(access.name, headerBytes);
    const { stateOffset, rowsOffset, sources } = known.layout;
    const state = new FileState(this.#header.subarray(stateOffset, rowsOffset), sources.length);
    this.#last = { ...known, state };
    return this.#last;
  }

  #readLong(access: Access, headerBytes: number): void {
    // Counts that make no sense are not to cost memory.
    if (headerBytes > access.measure()) throw unavailable(access.name, 'it is cut off');
    if (headerBytes > this.#header.length) {
      this.#header = Buffer.alloc(headerBytes);
      this.#again = Buffer.alloc(headerBytes);
    }
    access.readFully(this.#header, headerBytes, 0);
  }

  /** Reads a part of the header until it is the same twice: somebody may be in the middle of a write. */
  #settle(access: Access, start: number, end: number): void {
    for (let reads = 1; reads < MAX_READS; reads++) {
      access.readFully(this.#again, end - start, start);
      if (this.#header.compare(this.#again, 0, end - start, start, end) === 0) return;
      this.#again.copy(this.#header, start, 0, end - start);
    }
    throw unavailable(access.name, 'it changes all the time');
  }

  #findLayout(name: string, headerBytes: number): KnownLayout {
    const header = this.#header.subarray(0, headerBytes);
    const parts = header.subarray(0, measureParts(header));
    const key = parts.toString('latin1');
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const decoded = decodeLayout(header);
    if (decoded.kind === 'refused') throw unavailable(name, decoded.reason);
    const added = { parts: Buffer.from(parts), layout: decoded.layout };
    this.#layouts.set(key, added);
    return added;
  }
}

/** A file whose header was read. Its methods throw `Unavailable`, naming the file. */
export class OpenFile implements FileInMemory {
  readonly layout: FileLayout;
  /** Changes here come into the file with `write`, after the rows. */
  readonly state: FileState;
  readonly rows: PendingRows;
  readonly #access: Access;

  constructor(
    access: Access,
    { layout, state, rows }: FileInMemory & { readonly rows: PendingRows },
  ) {
    this.#access = access;
    this.layout = layout;
    this.state = state;
    this.rows = rows;
  }

  /** Writes the rows that wait, and then the state. */
  write(): void {
    this.rows.flush((bytes, length, offset) => this.#access.writeFully(bytes, length, offset));
    const { bytes } = this.state;
    this.#access.writeFully(bytes, bytes.length, this.layout.stateOffset);
  }

  /**
   * Lets sources bear longer silence, in the file; whoever opens it next sees it. What their update is
   * doing with it at the moment does not matter: no update writes these bytes.
   */
  raise(heartbeats: readonly Heartbeat[]): void {
    for (const { name, heartbeatS } of heartbeats) {
      const source = this.layout.sources.findIndex((one) => one.name === name);
      if (source < 0) continue;
      const { offset, bytes } = encodeHeartbeat(source, heartbeatS);
      this.#access.writeFully(bytes, bytes.length, offset);
    }
  }

  /** Reads `count` rows of an archive from `firstRow` on, round its ring; value by value. */
  readRows(archive: ArchiveLayout, firstRow: number, count: number): number[] {
    const rowBytes = this.layout.sources.length * VALUE_BYTES;
    const bytes = Buffer.alloc(count * rowBytes);
    const headBytes = Math.min(count, archive.rowCount - firstRow) * rowBytes;
    this.#access.readFully(bytes, headBytes, archive.offset + firstRow * rowBytes);
    this.#access.readFully(bytes.subarray(headBytes), bytes.length - headBytes, archive.offset);
    return Array.from({ length: bytes.length / VALUE_BYTES }, (_, index) =>
      bytes.readDoubleLE(index * VALUE_BYTES),
    );
  }
}

/**
 * The bytes of an open file, the first `length` of some others to or from an `offset`. What the file
 * system refuses is a failure of the file.
 */
class Access {
  readonly name: string;
  readonly #descriptor: number;

  constructor(name: string, descriptor: number) {
    this.name = name;
    this.#descriptor = descriptor;
  }

  /** How many bytes there are. */
  measure(): number {
    return this.#attempt(() => fstatSync(this.#descriptor).size);
  }

  /** Reads what there is; how many bytes. */
  read(bytes: Buffer, length: number, offset: number): number {
    try {
      return readSync(this.#descriptor, bytes, 0, length, offset);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  readFully(bytes: Buffer, length: number, offset: number): void {
    for (let done = 0; done < length; ) {
      const rest = done === 0 ? bytes : bytes.subarray(done);
      const count = this.read(rest, length - done, offset + done);
      if (count === 0) throw unavailable(this.name, 'it is cut off');
      done += count;
    }
  }

  writeFully(bytes: Buffer, length: number, offset: number): void {
    try {
      for (let done = 0; done < length; ) {
        done += writeSync(this.#descriptor, bytes, done, length - done, offset + done);
      }
    } catch (error) {
      throw this.#explain(error);
    }
  }

  close(): void {
    this.#attempt(() => closeSync(this.#descriptor));
  }

  #attempt<Result>(call: () => Result): Result {
    try {
      return call();
    } catch (error) {
      throw asUnavailable(this.name, error);
    }
  }

  #explain(error: unknown): Unavailable {
    if (fstatSync(this.#descriptor).isFile()) return asUnavailable(this.name, error);
    return unavailable(this.name, 'it is not a plain file', error);
  }
}

/** The failure of a call of the file system as one of the file. */
export function asUnavailable(name: string, error: unknown): Unavailable {
  if (error instanceof Unavailable) return error;
  return unavailable(name, error instanceof Error ? error.message : String(error), error);
}
