/**
 * What is on its way to RabbitMQ and not confirmed yet: bounded in number and time, sent again in
 * its order after a lost connection. So a message may arrive twice, but none is lost.
 */

import {
  type ChannelModel,
  type ConfirmChannel,
  IllegalOperationError,
  type Message,
} from 'amqplib';
import { assert } from '../lib/assert.ts';
import type { CancelTimer } from '../lib/clock.ts';
import { bytesOf } from '../lib/lazy-bytes.ts';
import { ConfigError, Unavailable } from '../model/errors.ts';
import {
  MAX_BODY_BYTES,
  type OutgoingMessage,
  type PublishOptions,
  type QueueSpec,
} from './broker.ts';
import { closedError, type RabbitmqConnection, type Surroundings } from './rabbitmq-connection.ts';
import { declareQueue, toOptions } from './rabbitmq-queues.ts';

/** How long publishes to a queue that cannot be declared fail at once, before it is tried again. */
const DECLARE_RETRY_MS = 5_000;

/**
 * How long publishes to a queue that was deleted fail at once, before it is declared again. Declared
 * within some 50 ms, RabbitMQ 3.10 does not tell its consumers, and keeps their messages from them.
 */
const DELETED_PAUSE_MS = 1_000;

/** Bounds of the outbox. */
export interface OutboxLimits {
  readonly publishTimeoutMs: number;
  readonly maxOutstanding: number;
}

interface Entry {
  readonly queue: QueueSpec;
  readonly message: OutgoingMessage;
  /** On the monotonic clock; infinite for the patient. */
  readonly deadline: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** The channel that it was sent on last. */
  channel: ConfirmChannel | null;
  /** RabbitMQ had no such queue; the confirm that follows means nothing. */
  isReturned: boolean;
}

/** Where a queue stands on the present channel. */
type Declaration =
  | { readonly kind: 'pending' | 'done' }
  | { readonly kind: 'failed'; readonly error: Unavailable; readonly until: number };

/** Publishes with confirms. */
export class Outbox {
  readonly #surroundings: Surroundings;
  readonly #limits: OutboxLimits;
  readonly #closing = new AbortController();
  /** In the order of the calls. */
  readonly #entries = new Set<Entry>();
  readonly #declarations = new Map<string, Declaration>();
  #model: ChannelModel | null = null;
  #channel: ConfirmChannel | null = null;
  /** True while the socket does not keep up, or RabbitMQ does not read: the rest waits here. */
  #isFull = false;
  #cancelTimeout: CancelTimer | null = null;

  /** Begins to send as soon as the connection is there. */
  constructor(surroundings: Surroundings, connection: RabbitmqConnection, limits: OutboxLimits) {
    this.#surroundings = surroundings;
    this.#limits = limits;
    void connection.keepRunning(
      (model) => this.#serve(model),
      this.#closing.signal,
      (error) => surroundings.log.warn({ error }, 'RabbitMQ channel for publishing not opened'),
    );
  }

  /** How much waits. */
  get count(): number {
    return this.#entries.size;
  }

  /** Resolves when the queue has the message for good; rejects with `Unavailable`. */
  publish(queue: QueueSpec, message: OutgoingMessage, options?: PublishOptions): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(closedError());
    if (this.#entries.size >= this.#limits.maxOutstanding) {
      const text = `${this.#entries.size} messages wait for RabbitMQ already, no more are taken.`;
      return Promise.reject(new Unavailable('broker', this.#because(text)));
    }
    const limitMs = options?.isPatient ? Number.POSITIVE_INFINITY : this.#limits.publishTimeoutMs;
    const deadline = this.#surroundings.clock.monotonic() + limitMs;
    return new Promise((resolve, reject) => {
      const entry = { queue, message, deadline, resolve, reject, channel: null, isReturned: false };
      this.#entries.add(entry);
      this.#watchDeadline();
      this.#send(entry);
    });
  }

  /** Rejects what waits, and everything from now on. */
  close(): void {
    this.#closing.abort();
    this.#cancelTimeout?.();
    for (const entry of [...this.#entries]) this.#reject(entry, closedError());
  }

  /** Sends everything that waits, and what comes; resolves when the channel is closed. */
  async #serve(model: ChannelModel): Promise<void> {
    const channel = await model.createConfirmChannel();
    const closed = new Promise<void>((resolve) => {
      // First in the row: amqplib's own listener fails every publish that is not confirmed.
      channel.prependListener('close', () => {
        this.#channel = null;
        resolve();
      });
    });
    channel.on('error', (error) => {
      this.#surroundings.log.warn({ error }, 'RabbitMQ closed the channel for publishing');
    });
    channel.on('return', (message) => this.#markReturned(message));
    channel.on('drain', () => {
      this.#isFull = false;
      this.#sendAll();
    });
    this.#declarations.clear();
    this.#model = model;
    this.#channel = channel;
    this.#isFull = false;
    this.#sendAll();
    await closed;
  }

  #sendAll(): void {
    for (const entry of this.#entries) {
      if (this.#isFull) return;
      this.#send(entry);
    }
  }

  #send(entry: Entry): void {
    const channel = this.#channel;
    if (channel === null || this.#isFull || entry.channel === channel) return;
    const declaration = this.#declarationOf(entry.queue);
    if (declaration.kind === 'failed') this.#reject(entry, declaration.error);
    if (declaration.kind !== 'done') return;
    const { queue, message } = entry;
    entry.channel = channel;
    entry.isReturned = false;
    try {
      const body = bytesOf(message.body);
      assert(body.length <= MAX_BODY_BYTES, 'a message fits the broker');
      const options = toOptions(message, this.#surroundings.clock.now());
      const hasRoom = channel.publish('', queue.name, body, options, (error: unknown) => {
        // A channel that closed has failed the lot: they wait for the next one.
        if (this.#channel === channel) this.#confirm(entry, error);
      });
      this.#isFull = !hasRoom;
    } catch (error) {
      entry.channel = null;
      // On a channel that is closing it waits for the next; what cannot be encoded never can be.
      if (!(error instanceof IllegalOperationError)) this.#reject(entry, toError(error));
    }
  }

  #confirm(entry: Entry, error: unknown): void {
    const { name } = entry.queue;
    if (entry.isReturned) {
      const gone = new Unavailable('broker', `The queue "${name}" was deleted in RabbitMQ.`);
      const until = this.#surroundings.clock.monotonic() + DELETED_PAUSE_MS;
      this.#declarations.set(name, { kind: 'failed', error: gone, until });
      this.#reject(entry, gone);
    } else if (error) {
      const text = `The queue "${name}" is full, or its node cannot store.`;
      this.#reject(entry, new Unavailable('broker', text));
    } else if (this.#entries.delete(entry)) {
      entry.resolve();
    }
  }

  /** The return comes before the confirm, and names the message but not the publish. */
  #markReturned({ fields, properties }: Message): void {
    for (const entry of this.#entries) {
      const isIt = entry.message.id === properties.messageId && !entry.isReturned;
      if (isIt && entry.channel === this.#channel && entry.queue.name === fields.routingKey) {
        entry.isReturned = true;
        return;
      }
    }
  }

  #declarationOf(queue: QueueSpec): Declaration {
    const known = this.#declarations.get(queue.name);
    const isFresh = known?.kind !== 'failed' || known.until > this.#surroundings.clock.monotonic();
    if (known !== undefined && isFresh) return known;
    const pending: Declaration = { kind: 'pending' };
    this.#declarations.set(queue.name, pending);
    const { problems, clock } = this.#surroundings;
    const model = this.#model;
    void (model === null ? Promise.reject(closedError()) : declareQueue(model, queue)).then(
      () => {
        problems.end(`queue ${queue.name}`);
        this.#endDeclaration(queue, pending, { kind: 'done' });
      },
      (cause: unknown) => {
        const text = cause instanceof Error ? cause.message : String(cause);
        if (cause instanceof ConfigError) problems.report(`queue ${queue.name}`, text, 'error');
        const error = new Unavailable('broker', text, cause);
        const until = clock.monotonic() + DECLARE_RETRY_MS;
        this.#endDeclaration(queue, pending, { kind: 'failed', error, until });
      },
    );
    return pending;
  }

  /** A declaration that outlived its channel says nothing about the next one. */
  #endDeclaration(queue: QueueSpec, pending: Declaration, outcome: Declaration): void {
    if (this.#declarations.get(queue.name) !== pending || this.#channel === null) return;
    this.#declarations.set(queue.name, outcome);
    this.#sendAll();
  }

  #reject(entry: Entry, error: Error): void {
    if (this.#entries.delete(entry)) entry.reject(error);
  }

  /** One timer, for the oldest: all that have a deadline wait equally long. */
  #watchDeadline(): void {
    if (this.#cancelTimeout !== null) return;
    const { clock } = this.#surroundings;
    const oldest = this.#oldestWithDeadline();
    if (oldest === undefined) return;
    this.#cancelTimeout = clock.setTimer(Math.max(1, oldest.deadline - clock.monotonic()), () => {
      this.#cancelTimeout = null;
      this.#rejectLate();
      this.#watchDeadline();
    });
  }

  #rejectLate(): void {
    const now = this.#surroundings.clock.monotonic();
    const text = `RabbitMQ did not confirm within ${this.#limits.publishTimeoutMs / 1000} s.`;
    for (;;) {
      const entry = this.#oldestWithDeadline();
      if (entry === undefined || entry.deadline > now) return;
      this.#reject(entry, new Unavailable('broker', this.#because(text)));
    }
  }

  #oldestWithDeadline(): Entry | undefined {
    for (const entry of this.#entries)
      if (entry.deadline !== Number.POSITIVE_INFINITY) return entry;
    return undefined;
  }

  #because(text: string): string {
    const { first } = this.#surroundings.problems;
    return first === null ? text : `${text} ${first}`;
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
