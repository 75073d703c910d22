/**
 * What a program prints, over two pipes: read at once when it has ended, which is cheapest for the
 * many that are quick and print little; as it comes, by the event loop, for the others.
 */

import { Socket } from 'node:net';
import type { Capture } from './capture.ts';
import type { Libc, Pipe } from './libc.ts';

/** At a time, so that whoever goes on writing does not hold up everybody else. */
const MAX_READS = 16;

/** One stream of a program's output. */
interface Stream extends Pipe {
  readonly capture: Capture;
  /** What reads it as it comes; null while nobody does. */
  socket: Socket | null;
  isOpen: boolean;
}

/** The output of one program. */
export class Output {
  readonly #libc: Libc;
  readonly #streams: readonly [stdout: Stream, stderr: Stream];
  #onEnd: () => void = () => undefined;

  /** Throws when no file is free. */
  constructor(libc: Libc, stdout: Capture, stderr: Capture) {
    this.#libc = libc;
    const first = openStream(libc, stdout);
    try {
      this.#streams = [first, openStream(libc, stderr)];
    } catch (error) {
      libc.close(first.readEnd);
      libc.close(first.writeEnd);
      throw error;
    }
  }

  /** The end that the program writes its stdout to. */
  get stdout(): number {
    return this.#streams[0].writeEnd;
  }

  /** The end that it writes its stderr to. */
  get stderr(): number {
    return this.#streams[1].writeEnd;
  }

  /** Lets go of the ends that the program has, or will never have. */
  closeWriteEnds(): void {
    for (const { writeEnd } of this.#streams) this.#libc.close(writeEnd);
  }

  /** Calls `onEnd` when nobody holds the output open; reads until then. Calling it again does nothing. */
  watch(onEnd: () => void): void {
    this.#onEnd = onEnd;
    for (const stream of this.#streams) {
      if (!stream.isOpen || stream.socket !== null) continue;
      const socket = new Socket({ fd: stream.readEnd, readable: true, writable: false });
      stream.socket = socket;
      socket.on('data', (chunk) => stream.capture.add(chunk));
      socket.on('error', () => undefined);
      socket.once('close', () => this.#markClosed(stream));
    }
  }

  /** Reads what is there, unless it is read as it comes. True when nobody holds the output open. */
  readRest(): boolean {
    for (const stream of this.#streams) {
      if (stream.isOpen && stream.socket === null && this.#readToEnd(stream)) this.#close(stream);
    }
    return this.#isClosed();
  }

  /** Reads no more. */
  close(): void {
    this.#onEnd = () => undefined;
    for (const stream of this.#streams) {
      if (stream.socket !== null) stream.socket.destroy();
      else if (stream.isOpen) this.#close(stream);
    }
  }

  #readToEnd({ readEnd, capture }: Stream): boolean {
    for (let count = 0; count < MAX_READS; count++) {
      const chunk = this.#libc.read(readEnd);
      if (chunk === null) return false;
      if (chunk.length === 0) return true;
      capture.add(chunk);
    }
    return false;
  }

  #close(stream: Stream): void {
    stream.isOpen = false;
    this.#libc.close(stream.readEnd);
  }

  #markClosed(stream: Stream): void {
    stream.isOpen = false;
    if (this.#isClosed()) this.#onEnd();
  }

  #isClosed(): boolean {
    const [stdout, stderr] = this.#streams;
    return !stdout.isOpen && !stderr.isOpen;
  }
}

function openStream(libc: Libc, capture: Capture): Stream {
  const { readEnd, writeEnd } = libc.openPipe();
  return { readEnd, writeEnd, capture, socket: null, isOpen: true };
}
