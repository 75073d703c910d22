/** What a server says, taken piece by piece: a stream -> the parts that a probe waits for. */

import type { Duplex } from 'node:stream';

/** Reads a stream. One `read` at a time. */
export interface Reading {
  /**
   * What came up to where `findEnd` says that a part ends; `findEnd` gives -1 while it has not come
   * whole. Rejects with `StreamEnded`, `TooMuch`, or with the stream's error.
   */
  read(findEnd: (received: Buffer) => number): Promise<Buffer>;
  /** Leaves the stream to somebody else, and drops what came but was not read. */
  release(): void;
}

/** The other end has said all it wanted to; `received` is what came and was no whole part. */
export class StreamEnded extends Error {
  override name = 'StreamEnded';
  readonly received: Buffer;

  constructor(received: Buffer) {
    super('the connection was closed');
    this.received = received;
  }
}

/** More came than a part can have; `received` is its beginning. */
export class TooMuch extends Error {
  override name = 'TooMuch';
  readonly received: Buffer;

  constructor(received: Buffer) {
    super(`no end of the answer within ${received.length} bytes`);
    this.received = received;
  }
}

interface Waiting {
  readonly findEnd: (received: Buffer) => number;
  readonly resolve: (part: Buffer) => void;
  readonly reject: (error: unknown) => void;
}

/** Starts reading; no part may have more than `maxBytes`, and no more than that is kept. */
export function startReading(stream: Duplex, maxBytes: number): Reading {
  let received: Buffer = Buffer.alloc(0);
  let waiting: Waiting | null = null;
  let end: { readonly error: unknown } | null = null;

  const settle = () => {
    if (waiting === null) return;
    const { findEnd, resolve, reject } = waiting;
    const length = findEnd(received);
    if (length >= 0) resolve(take(length));
    else if (received.length >= maxBytes) reject(new TooMuch(received));
    else if (end !== null) reject(end.error ?? new StreamEnded(received));
    else return;
    waiting = null;
  };
  const take = (length: number) => {
    const part = received.subarray(0, length);
    received = received.subarray(length);
    stream.resume();
    return part;
  };
  const onData = (chunk: Buffer) => {
    received = Buffer.concat([received, chunk.subarray(0, maxBytes - received.length)]);
    if (received.length >= maxBytes) stream.pause();
    settle();
  };
  const onError = (error: unknown) => {
    end ??= { error };
    settle();
  };
  const onEnd = () => onError(null);
  stream.on('data', onData).on('error', onError).on('end', onEnd).on('close', onEnd);
  return {
    read(findEnd) {
      return new Promise((resolve, reject) => {
        waiting = { findEnd, resolve, reject };
        settle();
      });
    },
    release() {
      stream.off('data', onData).off('error', onError).off('end', onEnd).off('close', onEnd);
    },
  };
}
