/** One connection to rrdcached: commands go in without waiting, replies come back in order. */

import { connect, type Socket } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import { Lru } from '../lib/lru.ts';
import type { Life, LifeEvents } from './lives.ts';
import { COMMAND_TIMEOUT_MS, Pipeline, type Reply } from './pipeline.ts';
import { RrdcachedReplyReader } from './rrdcached-replies.ts';

/** Most updates that are sent as one command. */
const MAX_BATCH = 1_000;
/** Most files that are remembered. */
const MAX_KNOWN = 100_000;

/** Where rrdcached listens. */
export type RrdcachedAddress =
  | { readonly path: string }
  | { readonly host: string; readonly port: number };

/** What is remembered of a file. */
export interface MetFile {
  /** Its data sources, in their order. */
  readonly names: readonly string[];
  /** The silence that all of them bear, as far as that can be seen to; in seconds. */
  readonly borneS: number;
}

interface WaitingUpdate {
  readonly line: string;
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

/** A connection, from the attempt to make it on. The caller bounds how many commands wait. */
export class RrdcachedConnection implements Life {
  /** Files that were met, by name. For the callers' use. */
  readonly met = new Lru<string, MetFile>(MAX_KNOWN);
  readonly #clock: Clock;
  readonly #socket: Socket;
  readonly #pipeline: Pipeline;
  readonly #gone: Promise<void>;
  /** Updates to be sent together, at the end of this turn of the event loop. */
  #updates: WaitingUpdate[] = [];

  constructor(address: RrdcachedAddress, clock: Clock, { onReply, onEnd }: LifeEvents) {
    this.#clock = clock;
    const socket = connect(address);
    const reader = new RrdcachedReplyReader();
    this.#socket = socket;
    this.#pipeline = new Pipeline({
      clock,
      write: (text) => socket.write(text, 'latin1'),
      read: (text) => reader.read(text),
      onReply,
      kill: (reason) => this.kill(reason),
      describeEnd,
    });
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#pipeline.receive(text);
      if (reader.nonsense !== null) this.kill(`it answered ${JSON.stringify(reader.nonsense)}`);
    });
    let reason = 'it closed the connection';
    socket.once('error', (error) => {
      reason = error.message;
    });
    this.#gone = new Promise((resolve) => {
      socket.once('close', () => {
        this.#pipeline.end(reason);
        onEnd(this.endReason ?? reason);
        resolve();
      });
    });
  }

  /** Why it takes no more commands; null while it takes them. */
  get endReason(): string | null {
    return this.#pipeline.endReason;
  }

  /** Resolves to the reply. Rejects with `Unavailable` when the connection ends before that. */
  run(command: string): Promise<Reply> {
    return this.#pipeline.run(command);
  }

  /** Like `run`, for UPDATE: what comes in one turn of the event loop is sent as a BATCH. */
  update(line: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#updates.length === 0) process.nextTick(() => this.#sendUpdates());
      this.#updates.push({ line, resolve, reject });
    });
  }

  /** Ends it at once; what waits is rejected with `reason`. */
  kill(reason: string): void {
    this.#pipeline.end(reason);
    this.#socket.destroy();
  }

  /** Lets rrdcached answer what was sent and closes; cuts it when that takes too long. */
  async close(): Promise<void> {
    this.#sendUpdates();
    this.#pipeline.flush();
    this.#socket.end();
    const cancel = this.#clock.setTimer(COMMAND_TIMEOUT_MS, () => this.kill('it did not close'));
    await this.#gone;
    cancel();
  }

  #sendUpdates(): void {
    const updates = this.#updates;
    this.#updates = [];
    for (let first = 0; first < updates.length; first += MAX_BATCH) {
      void this.#sendBatch(updates.slice(first, first + MAX_BATCH));
    }
  }

  async #sendBatch(updates: readonly WaitingUpdate[]): Promise<void> {
    try {
      const lines = updates.map(({ line }) => line).join('\n');
      const reply = await this.#pipeline.run(`BATCH\n${lines}\n.`);
      const reasons = reply.kind === 'done' ? parseErrors(reply.lines) : null;
      for (const [index, update] of updates.entries()) {
        const reason = reasons?.get(index);
        update.resolve(reason === undefined ? reply : { kind: 'refused', reason });
      }
    } catch (error) {
      for (const update of updates) update.reject(error);
    }
  }
}

/** Which commands of a batch, counted from 0, failed why. */
function parseErrors(lines: readonly string[]): Map<number, string> {
  const reasons = new Map<number, string>();
  for (const line of lines) {
    const [, number, reason] = /^(\d+) (.*)$/.exec(line) ?? [];
    if (number !== undefined && reason !== undefined) reasons.set(Number(number) - 1, reason);
  }
  return reasons;
}

/** The end of a connection as a sentence. */
export function describeEnd(reason: string): string {
  return `rrdcached does not answer: ${reason}. It is tried again.`;
}
