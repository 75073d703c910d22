/** Hints through RabbitMQ: a fan-out exchange, and a bounded queue that lives with its subscriber. */

import type { Channel, ChannelModel } from 'amqplib';
import { bytesOf } from '../lib/lazy-bytes.ts';
import { ConfigError } from '../model/errors.ts';
import type { Consumer, Delivery, OutgoingMessage } from './broker.ts';
import type { RabbitmqConnection, Surroundings } from './rabbitmq-connection.ts';
import {
  closeChannel,
  declareExchange,
  declareSubscription,
  toDelivery,
} from './rabbitmq-queues.ts';

/** Sends hints while it can; what it cannot send at once is dropped. */
export class Announcer {
  /** Resolves when it can send for the first time; rejects when it never will. */
  readonly started: Promise<void>;
  readonly #exchange: string;
  readonly #stopping = new AbortController();
  #channel: Channel | null = null;
  /** True while the socket does not keep up. */
  #isFull = false;

  constructor(surroundings: Surroundings, connection: RabbitmqConnection, exchange: string) {
    this.#exchange = exchange;
    this.started = runFirst(surroundings, connection, {
      subject: `exchange ${exchange}`,
      stopping: this.#stopping,
      open: async (model) => {
        await declareExchange(model, exchange);
        const channel = await model.createChannel();
        channel.on('error', () => undefined); // its end is noticed by the loop
        channel.on('drain', () => {
          this.#isFull = false;
        });
        channel.once('close', () => {
          this.#channel = null;
        });
        this.#isFull = false;
        this.#channel = channel;
        return channel;
      },
    });
  }

  /** Sends a hint, or drops it. */
  send(message: OutgoingMessage): void {
    if (this.#channel === null || this.#isFull) return;
    const { id, headers } = message;
    const body = bytesOf(message.body);
    try {
      this.#isFull = !this.#channel.publish(this.#exchange, '', body, { messageId: id, headers });
    } catch {
      // The channel closes just now, or the headers are too long: it is a hint.
    }
  }

  /** Sends nothing any more. */
  close(): void {
    this.#stopping.abort();
    this.#channel = null;
  }
}

/** Hears hints while connected, from `started` on. */
export class Subscription implements Consumer {
  /** Resolves when it hears for the first time; rejects when it never will. */
  readonly started: Promise<void>;
  readonly #stopping = new AbortController();
  #channel: Channel | null = null;

  constructor(
    surroundings: Surroundings,
    connection: RabbitmqConnection,
    options: { readonly exchange: string; readonly handle: (delivery: Delivery) => void },
  ) {
    const { exchange, handle } = options;
    const hear = (delivery: Delivery) => {
      if (this.#stopping.signal.aborted) return;
      try {
        handle(delivery);
      } catch (error) {
        surroundings.log.warn({ error, messageId: delivery.id }, 'subscriber failed');
      }
    };
    this.started = runFirst(surroundings, connection, {
      subject: `exchange ${exchange}`,
      stopping: this.#stopping,
      open: async (model) => {
        await declareExchange(model, exchange);
        const channel = await model.createChannel();
        channel.on('error', () => undefined); // its end is noticed by the loop
        const queue = await declareSubscription(channel, exchange);
        this.#channel = channel;
        await channel.consume(
          queue,
          (message) => {
            if (message === null) void closeChannel(channel);
            else hear(toDelivery(message).delivery);
          },
          { noAck: true },
        );
        return channel;
      },
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#channel !== null) await closeChannel(this.#channel);
  }
}

/** Keeps a channel open; resolves when it is for the first time, rejects when it never will be. */
function runFirst(
  surroundings: Surroundings,
  connection: RabbitmqConnection,
  work: {
    readonly subject: string;
    readonly stopping: AbortController;
    readonly open: (model: ChannelModel) => Promise<Channel>;
  },
): Promise<void> {
  const { problems } = surroundings;
  let hasStarted = false;
  return new Promise((resolve, reject) => {
    const task = async (model: ChannelModel) => {
      const channel = await work.open(model);
      const closed = new Promise<void>((done) => channel.once('close', () => done()));
      problems.end(work.subject);
      hasStarted = true;
      resolve();
      if (work.stopping.signal.aborted) await closeChannel(channel);
      await closed;
    };
    const report = (error: unknown) => {
      const isMismatch = error instanceof ConfigError;
      if (isMismatch && !hasStarted) {
        reject(error);
        work.stopping.abort();
      } else {
        const text = error instanceof Error ? error.message : String(error);
        problems.report(work.subject, text, isMismatch ? 'error' : 'warn');
      }
    };
    void connection
      .keepRunning(task, work.stopping.signal, report)
      .then(() => reject(new Error('it was stopped before it began')));
  });
}
