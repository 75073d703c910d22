/**
 * The broker port: named queues between red, violet and grey, and hints to everybody.
 *
 * What every adapter promises:
 * - `publish` resolves when the queue has the message for good: on disk at a majority of nodes with
 *   RabbitMQ, in the queue with the in-process broker. Not before. Rejects with `Unavailable` when
 *   the queue is full, or when the broker stays away longer than the adapter's publish time-out,
 *   unless the publisher is patient.
 *   A message whose publish was rejected may still have arrived: delivery is at least once.
 * - A delivery that was not settled (crash, lost connection) is delivered again, to any consumer.
 * - After a lost connection the adapter reconnects with back-off by itself, declares its queues again
 *   and goes on consuming. Publishes that wait meanwhile are bounded in number and time.
 * - A queue delivers in the order of its confirmed publishes, except what is delivered again.
 * - A message is not delivered after its `expiresAt`; it goes to the queue `expiredTo`, at the latest
 *   when it is at the head of its own, also when nobody consumes. There it does not expire again.
 * - A message is handed over `MAX_DELIVERIES` times at most; then the adapter dead-letters it.
 */

import type { LazyBytes } from '../lib/lazy-bytes.ts';

/** After so many deliveries without settlement a message is given up: it may be what kills workers. */
export const MAX_DELIVERIES = 5;

/** The largest body, because RabbitMQ 4 takes no larger one. More is a bug, and asserted. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** What a publisher hands over. */
export interface OutgoingMessage {
  readonly id: string;
  /** Made into bytes where it leaves this process. */
  readonly body: LazyBytes;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch; undefined = never expires. */
  readonly expiresAt?: number;
}

/** How a publish meets a broker that is away. */
export interface PublishOptions {
  /**
   * Waits for as long as it is away, instead of for the adapter's time-out, and keeps its place in
   * the order meanwhile; `close` rejects it. For who bounds by itself how much waits. Default: false.
   */
  readonly isPatient?: boolean;
}

/** What a consumer is given. */
export interface Delivery {
  readonly id: string;
  readonly body: LazyBytes;
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt?: number;
  /** True when it may have been delivered before. */
  readonly redelivered: boolean;
}

/**
 * How a delivery ends. `ack`: done. `requeue`: back to the queue, for any consumer. `expired`: as if
 * its time had passed in the queue. `dead`: to the dead-letter queue with the reason, never again.
 */
export type Settlement =
  | { readonly kind: 'ack' }
  | { readonly kind: 'requeue' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'dead'; readonly reason: string };

/** The settlement of a delivery whose work is done. */
export const ACK: Settlement = { kind: 'ack' };

/** A queue and its rules; see `topology.ts` for those of ppalette. */
export interface QueueSpec {
  readonly name: string;
  /** One consumer at a time gets everything, in order; the next takes over when it goes. */
  readonly singleActiveConsumer: boolean;
  /** Where messages go whose time has passed; undefined = they vanish. Declared together with it. */
  readonly expiredTo?: QueueSpec;
  /** How many may wait in it; RabbitMQ lets a few more in before it notices. */
  readonly maxCount: number;
  /** At `maxCount`: `reject` fails the publish, `dropOldest` treats the oldest as expired. */
  readonly whenFull: 'reject' | 'dropOldest';
}

/** A running consumer. */
export interface Consumer {
  /**
   * No new deliveries; resolves when the running handlers have ended and are settled. What was
   * fetched but not handed to a handler goes back to its queue. With a single active consumer the
   * next one gets nothing before that, so the order holds across the change.
   */
  stop(): Promise<void>;
}

/** How batches are made. */
export interface BatchOptions {
  readonly maxCount: number;
  /** From the beginning of one batch to that of the next at least, unless it was full; nothing = none. */
  readonly minGapMs?: number;
  readonly onReset?: () => void;
}

/** How a dead letter describes itself, in the headers of the message in the dead-letter queue. */
export const DEAD_REASON_HEADER = 'x-ppalette-reason';
/** The queue in which a dead letter arrived first. */
export const DEAD_QUEUE_HEADER = 'x-ppalette-queue';

/** The port. Adapters: `memory.ts`, `rabbitmq.ts`. */
export interface Broker {
  /** Puts a message into a queue, which is declared if needed. The order of calls is kept. */
  publish(queue: QueueSpec, message: OutgoingMessage, options?: PublishOptions): Promise<void>;

  /**
   * Hands over messages one by one, at most `concurrency` at a time.
   * A handler that throws dead-letters its message with the error's text as reason.
   * Waits while the broker is away. Rejects with `ConfigError` when the queue exists with other
   * rules, with `Unavailable` after `close`; so do `consumeBatches` and `subscribe`.
   */
  consumeEach(
    queue: QueueSpec,
    options: { readonly concurrency: number },
    handle: (delivery: Delivery) => Promise<Settlement>,
  ): Promise<Consumer>;

  /**
   * Hands over what is there, in order, 1 to `maxCount` messages at a time, one batch after the
   * other, `minGapMs` apart, so that what a batch costs by itself is paid for more messages. `handle`
   * gives one settlement for each delivery. `onReset` is called when deliveries start anew (after a
   * lost connection), before the first batch: what was known about earlier deliveries may be out of
   * date.
   *
   * A handler that throws gets the same messages again after a pause, before any later ones; or
   * another consumer does, when this one stops. Throwing `Unavailable` does that for as long as it
   * takes. After any other error they come one by one, and one that fails `MAX_DELIVERIES` times is
   * dead-lettered, so that one bad message neither stops the queue nor takes others with it.
   */
  consumeBatches(
    queue: QueueSpec,
    options: BatchOptions,
    handle: (deliveries: readonly Delivery[]) => Promise<readonly Settlement[]>,
  ): Promise<Consumer>;

  /** Tells every current subscriber, at most once: a hint, not a promise. Rejects never. */
  broadcast(message: OutgoingMessage): Promise<void>;

  /** Hears what is broadcast from now on, in order, while connected. */
  subscribe(handle: (delivery: Delivery) => void): Promise<Consumer>;

  /** Messages waiting in the queue, not counting those handed out. */
  depth(queue: QueueSpec): Promise<number>;

  /** Publishes that are not confirmed yet. */
  unconfirmed(): number;

  /** The oldest `maxCount` dead letters, left where they are. */
  peekDead(maxCount: number): Promise<readonly Delivery[]>;

  /** Null while the broker is reachable, else why it is not. */
  problem(): string | null;

  /** Gives back what is unsettled and closes. Publishes that still wait are rejected. */
  close(): Promise<void>;
}
