/**
 * Statistics files on the disk, read and written in place.
 *
 * A file is open for one piece of work, as with rrdtool, and the work is synchronous. That costs 2
 * microseconds more than to keep it open and to ask whether the name still stands for it; so nothing is
 * kept of a file, others may write it, replace or remove it at any time, and thousands of files cost
 * what a few do. Only what headers say of how a file is built is remembered, since they are alike.
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
import type { PendingRows } from './pending-rows.ts';
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

/** Files of one folder. */
export class Files {
  readonly #folder: string;
  readonly #layouts = new Lru<string, KnownLayout>(MAX_LAYOUTS);
  /** That of the file before, which often is that of the next too. */
  #last: KnownLayout | null = null;
  /** Where headers are read to; two, to compare. */
  #header = Buffer.alloc(FIRST_READ_BYTES);
  #scratch = Buffer.alloc(FIRST_READ_BYTES);

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
    const { name } = access;
    const sizeBytes = access.measure();
    const readBytes = access.read(this.#header.subarray(0, FIRST_READ_BYTES), 0);
    const reason = findForeignHead(this.#header.subarray(0, readBytes));
    if (reason !== null) throw unavailable(name, reason);
    const headerBytes = measureHeader(this.#header);
    if (headerBytes > sizeBytes) throw unavailable(name, 'it is cut off');
    const header = this.#readHeader(access, headerBytes, readBytes);
    const layout = this.#decode(name, header);
    if (layout.sizeBytes > sizeBytes) throw unavailable(name, 'it is cut off');
    return new OpenFile(access, layout, header);
  }

  /** Reads until it finds the same twice: another process may be in the middle of its write. */
  #readHeader(access: Access, headerBytes: number, readBytes: number): Buffer {
    if (headerBytes > this.#header.length) {
      this.#header = Buffer.alloc(headerBytes);
      this.#scratch = Buffer.alloc(headerBytes);
    }
    let before = this.#header.subarray(0, headerBytes);
    let after = this.#scratch.subarray(0, headerBytes);
    if (readBytes < headerBytes) access.readFully(before, 0);
    for (let reads = 1; reads < MAX_READS; reads++) {
      access.readFully(after, 0);
      if (after.equals(before)) return after;
      [before, after] = [after, before];
    }
    throw unavailable(access.name, 'it changes all the time');
  }

  #decode(name: string, header: Buffer): FileLayout {
    const parts = header.subarray(0, measureParts(header));
    if (this.#last !== null && parts.equals(this.#last.parts)) return this.#last.layout;
    const key = parts.toString('latin1');
    this.#last = this.#layouts.get(key) ?? null;
    if (this.#last === null) {
      const decoded = decodeLayout(header);
      if (decoded.kind === 'refused') throw unavailable(name, decoded.reason);
      this.#last = { parts: Buffer.from(parts), layout: decoded.layout };
      this.#layouts.set(key, this.#last);
    }
    return this.#last.layout;
  }
}

/** A file whose header was read. Its methods throw `Unavailable`, naming the file. */
export class OpenFile {
  /** What it is made of. */
  readonly layout: FileLayout;
  /** Changes here come into the file with `write`. */
  readonly state: FileState;
  readonly #access: Access;

  constructor(access: Access, layout: FileLayout, header: Buffer) {
    this.#access = access;
    this.layout = layout;
    const bytes = header.subarray(layout.stateOffset, layout.rowsOffset);
    this.state = new FileState(bytes, layout.sources.length);
  }

  /** Writes rows, and then the state. */
  write(rows: PendingRows): void {
    for (const { offset, bytes } of rows.encode()) this.#access.writeFully(bytes, offset);
    this.#access.writeFully(this.state.bytes, this.layout.stateOffset);
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
      this.#access.writeFully(bytes, offset);
    }
  }

  /** Reads `count` rows of an archive from `firstRow` on, round its ring; value by value. */
  readRows(archive: ArchiveLayout, firstRow: number, count: number): number[] {
    const rowBytes = this.layout.sources.length * VALUE_BYTES;
    const bytes = Buffer.alloc(count * rowBytes);
    const headBytes = Math.min(count, archive.rowCount - firstRow) * rowBytes;
    this.#access.readFully(bytes.subarray(0, headBytes), archive.offset + firstRow * rowBytes);
    this.#access.readFully(bytes.subarray(headBytes), archive.offset);
    return Array.from({ length: bytes.length / VALUE_BYTES }, (_, index) =>
      bytes.readDoubleLE(index * VALUE_BYTES),
    );
  }
}

/** The bytes of an open file. What the file system refuses is a failure of the file. */
class Access {
  readonly name: string;
  readonly #descriptor: number;

  constructor(name: string, descriptor: number) {
    this.name = name;
    this.#descriptor = descriptor;
  }

  /** How many bytes there are. */
  measure(): number {
    const found = this.#attempt(() => fstatSync(this.#descriptor));
    if (!found.isFile()) throw unavailable(this.name, 'it is not a plain file');
    return found.size;
  }

  /** Reads what there is, at most as much as fits. */
  read(bytes: Buffer, offset: number): number {
    return this.#attempt(() => readSync(this.#descriptor, bytes, 0, bytes.length, offset));
  }

  readFully(bytes: Buffer, offset: number): void {
    for (let done = 0; done < bytes.length; ) {
      const count = this.read(done === 0 ? bytes : bytes.subarray(done), offset + done);
      if (count === 0) throw unavailable(this.name, 'it is cut off');
      done += count;
    }
  }

  writeFully(bytes: Buffer, offset: number): void {
    for (let done = 0; done < bytes.length; ) {
      const length = bytes.length - done;
      done += this.#attempt(() => writeSync(this.#descriptor, bytes, done, length, offset + done));
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
}

/** The failure of a call of the file system as one of the file. */
export function asUnavailable(name: string, error: unknown): Unavailable {
  if (error instanceof Unavailable) return error;
  return unavailable(name, error instanceof Error ? error.message : String(error), error);
}
