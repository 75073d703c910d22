/**
 * The in-process broker: queues in memory for red, violet and grey in one process. Keeps the port's
 * promises as far as one process can: what is waiting when the process ends is gone.
 */

import { assert } from '../lib/assert.ts';
import type { CancelTimer, Clock } from '../lib/clock.ts';
import { Deque } from '../lib/deque.ts';
import type { Log } from '../lib/log.ts';
import { Unavailable } from '../model/errors.ts';
import {
  type BatchOptions,
  type Broker,
  type Consumer,
  DEAD_QUEUE_HEADER,
  DEAD_REASON_HEADER,
  type Delivery,
  MAX_BODY_BYTES,
  type OutgoingMessage,
  type QueueSpec,
  type Settlement,
} from './broker.ts';
import {
  BatchHandover,
  EachHandover,
  type Handover,
  type HandoverOptions,
  type Held,
} from './handover.ts';

/** The sweep of expired messages runs at most this often, so that many expiries share one. */
const MIN_SWEEP_MS = 10;
/** And at least this often while one is due, because the wall clock may be set forward meanwhile. */
const MAX_SWEEP_MS = 60_000;

/** What the in-process broker needs. */
export interface MemoryBrokerOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Where dead letters go. */
  readonly deadQueue: QueueSpec;
}

/** Opens a broker of its own, with no queues yet. */
export function openMemoryBroker(options: MemoryBrokerOptions): Broker {
  return new MemoryBroker(options);
}

class MemoryBroker implements Broker {
  readonly #options: MemoryBrokerOptions;
  readonly #queues = new Map<string, MemoryQueue>();
  readonly #subscribers = new Set<(delivery: Delivery) => void>();
  #sweepAt = Number.POSITIVE_INFINITY;
  #cancelSweep: CancelTimer = () => undefined;
  #closed = false;

  constructor(options: MemoryBrokerOptions) {
    this.#options = options;
  }

  async publish(spec: QueueSpec, message: OutgoingMessage): Promise<void> {
    const { body } = message;
    // Another body never becomes bytes here; its schema bounds it.
    const isTooLarge = Buffer.isBuffer(body) && body.length > MAX_BODY_BYTES;
    assert(!isTooLarge, 'a message fits the broker');
    if (this.#closed) throw closedError();
    this.#queue(spec).publish(message);
  }

  async consumeEach(
    spec: QueueSpec,
    options: { readonly concurrency: number },
    handle: (delivery: Delivery) => Promise<Settlement>,
  ): Promise<Consumer> {
    if (this.#closed) throw closedError();
    return this.#queue(spec).consume(
      (handover) => new EachHandover(handover, options.concurrency, handle),
    );
  }

  async consumeBatches(
    spec: QueueSpec,
    options: BatchOptions,
    handle: (deliveries: readonly Delivery[]) => Promise<readonly Settlement[]>,
  ): Promise<Consumer> {
    if (this.#closed) throw closedError();
    const { maxCount, minGapMs } = options;
    return this.#queue(spec).consume(
      (handover) => new BatchHandover(handover, { maxCount, minGapMs, handle }),
    );
  }

  async broadcast(message: OutgoingMessage): Promise<void> {
    if (this.#closed) return;
    const delivery = toDelivery(message, message.headers);
    for (const handle of this.#subscribers) {
      queueMicrotask(() => {
        if (this.#subscribers.has(handle)) this.#tell(handle, delivery);
      });
    }
  }

  async subscribe(handle: (delivery: Delivery) => void): Promise<Consumer> {
    if (this.#closed) throw closedError();
    const own = (delivery: Delivery) => handle(delivery); // two subscriptions may share a handler
    this.#subscribers.add(own);
    return {
      stop: async () => {
        this.#subscribers.delete(own);
      },
    };
  }

  async depth(spec: QueueSpec): Promise<number> {
    return this.#queue(spec).depth;
  }

  /** What it takes it has. */
  unconfirmed(): number {
    return 0;
  }

  async peekDead(maxCount: number): Promise<readonly Delivery[]> {
    return this.#queue(this.#options.deadQueue).peek(maxCount);
  }

  problem(): string | null {
    return this.#closed ? 'the broker is closed' : null;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelSweep();
    this.#subscribers.clear();
    for (const queue of this.#queues.values()) queue.close();
    this.#queues.clear();
  }

  #queue(spec: QueueSpec): MemoryQueue {
    const known = this.#queues.get(spec.name);
    if (known !== undefined) return known;
    const queue = new MemoryQueue(spec, {
      ...this.#options,
      expire: (entry) => {
        if (spec.expiredTo !== undefined) this.#queue(spec.expiredTo).transfer(entry.delivery);
      },
      bury: (entry, reason) => {
        const { delivery } = entry;
        const marks = { [DEAD_REASON_HEADER]: reason, [DEAD_QUEUE_HEADER]: spec.name };
        const headers = { ...delivery.headers, ...marks };
        this.#queue(this.#options.deadQueue).transfer({ ...delivery, headers });
      },
      sweepBy: (at) => this.#sweepBy(at),
    });
    this.#queues.set(spec.name, queue);
    return queue;
  }

  /** One timer for all queues: set for the earliest head that expires. */
  #sweepBy(at: number): void {
    if (at >= this.#sweepAt || this.#closed) return;
    this.#sweepAt = at;
    this.#cancelSweep();
    const { clock } = this.#options;
    const delayMs = Math.min(Math.max(at - clock.now(), MIN_SWEEP_MS), MAX_SWEEP_MS);
    this.#cancelSweep = clock.setTimer(delayMs, () => {
      this.#sweepAt = Number.POSITIVE_INFINITY;
      for (const queue of [...this.#queues.values()]) queue.sweep();
    });
  }

  #tell(handle: (delivery: Delivery) => void, delivery: Delivery): void {
    try {
      handle(delivery);
    } catch (error) {
      this.#options.log.warn({ error, messageId: delivery.id }, 'subscriber failed');
    }
  }
}

interface QueueOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Moves a message whose time has passed. */
  readonly expire: (entry: Held) => void;
  /** Moves a dead letter. */
  readonly bury: (entry: Held, reason: string) => void;
  /** Asks for a sweep when the head expires. */
  readonly sweepBy: (at: number) => void;
}

/** Messages that wait, and the consumers that take them in turn. */
class MemoryQueue {
  readonly #spec: QueueSpec;
  readonly #options: QueueOptions;
  readonly #waiting = new Deque<Held>();
  readonly #consumers: Handover<Held>[] = [];
  #turn = 0;
  #isPumping = false;
  #isPumpScheduled = false;
  #closed = false;

  constructor(spec: QueueSpec, options: QueueOptions) {
    this.#spec = spec;
    this.#options = options;
  }

  get depth(): number {
    return this.#waiting.count;
  }

  /** Adds a message; throws `Unavailable` when it is refused. */
  publish(message: OutgoingMessage): void {
    if (this.#waiting.count >= this.#spec.maxCount) {
      if (this.#spec.whenFull === 'reject') {
        throw new Unavailable('broker', `The queue "${this.#spec.name}" is full.`);
      }
      this.#dropOldest();
    }
    this.#add(toDelivery(message, message.headers, message.expiresAt));
  }

  /** Takes over what expired or died elsewhere; it does not expire again, and is never refused. */
  transfer(delivery: Delivery): void {
    while (this.#waiting.count >= this.#spec.maxCount) this.#dropOldest();
    this.#add(toDelivery(delivery, delivery.headers));
  }

  peek(maxCount: number): Delivery[] {
    return this.#waiting.peek(maxCount).map((entry) => entry.delivery);
  }

  consume(create: (options: HandoverOptions<Held>) => Handover<Held>): Consumer {
    const { clock, log } = this.#options;
    const handover = create({
      queueName: this.#spec.name,
      clock,
      log,
      settle: (entries, settlements) => this.#settle(entries, settlements),
      onRoom: () => this.#pump(),
    });
    this.#consumers.push(handover);
    this.#schedulePump();
    let stopped: Promise<void> | undefined;
    return {
      stop: () => {
        stopped ??= this.#remove(handover);
        return stopped;
      },
    };
  }

  /** Moves what has expired at the head, and asks for the next sweep. */
  sweep(): void {
    const now = this.#options.clock.now();
    for (;;) {
      const expiresAt = this.#waiting.first?.delivery.expiresAt;
      if (expiresAt === undefined || expiresAt > now) break;
      this.#dropOldest();
    }
    this.#requestSweep();
  }

  close(): void {
    this.#closed = true;
    for (const handover of this.#consumers) handover.halt();
  }

  #add(delivery: Delivery): void {
    this.#waiting.push({ delivery, deliveryCount: 0, failure: null });
    if (this.#waiting.count === 1) this.#requestSweep();
    this.#schedulePump();
  }

  #requestSweep(): void {
    const expiresAt = this.#waiting.first?.delivery.expiresAt;
    if (expiresAt !== undefined) this.#options.sweepBy(expiresAt);
  }

  #dropOldest(): void {
    const oldest = this.#waiting.shift();
    if (oldest !== undefined) this.#options.expire(oldest);
  }

  /** The active consumer stays so until it is done: the order holds across the change. */
  async #remove(handover: Handover<Held>): Promise<void> {
    handover.halt();
    this.#giveBack(handover.takeLeft());
    await handover.idle();
    this.#giveBack(handover.takeLeft());
    const index = this.#consumers.indexOf(handover);
    if (index >= 0) this.#consumers.splice(index, 1);
    this.#schedulePump();
  }

  #settle(entries: readonly Held[], settlements: readonly Settlement[]): void {
    if (this.#closed) return;
    const returned: Held[] = [];
    for (const [index, entry] of entries.entries()) {
      const settlement = settlements[index];
      if (settlement?.kind === 'requeue') returned.push(entry);
      else if (settlement?.kind === 'expired') this.#options.expire(entry);
      else if (settlement?.kind === 'dead') this.#options.bury(entry, settlement.reason);
    }
    if (returned.length > 0) this.#giveBack(returned);
  }

  /** To the front, in their order. */
  #giveBack(entries: readonly Held[]): void {
    for (const entry of entries.toReversed()) {
      if (entry.deliveryCount > 0) entry.delivery = { ...entry.delivery, redelivered: true };
      entry.failure = null;
      this.#waiting.unshift(entry);
    }
    this.#schedulePump();
  }

  /** Handlers never start inside the call that publishes, as with a broker over the network. */
  #schedulePump(): void {
    if (this.#isPumpScheduled || this.#consumers.length === 0) return;
    this.#isPumpScheduled = true;
    queueMicrotask(() => {
      this.#isPumpScheduled = false;
      this.#pump();
    });
  }

  /** One message to each consumer with room, in turn, until none has room or nothing waits. */
  #pump(): void {
    if (this.#isPumping || this.#closed) return;
    this.#isPumping = true;
    const consumerCount = this.#spec.singleActiveConsumer ? 1 : this.#consumers.length;
    for (let refusals = 0; refusals < consumerCount && this.#waiting.count > 0; ) {
      const consumer = this.#consumers[this.#turn++ % consumerCount];
      const entry = consumer !== undefined && consumer.room > 0 ? this.#waiting.shift() : undefined;
      if (entry === undefined) refusals++;
      else {
        refusals = 0;
        consumer?.offer(entry);
      }
    }
    this.#isPumping = false;
    this.#requestSweep();
  }
}

function toDelivery(
  message: OutgoingMessage,
  headers: Readonly<Record<string, string>>,
  expiresAt?: number,
): Delivery {
  const { id, body } = message;
  if (expiresAt === undefined) return { id, body, headers, redelivered: false };
  return { id, body, headers, expiresAt, redelivered: false };
}

function closedError(): Unavailable {
  return new Unavailable('broker', 'The broker is closed.');
}
