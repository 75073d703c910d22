/**
 * The broker over RabbitMQ, 3.10 to 4.x: durable quorum queues, confirmed publishes, and two
 * connections that come back by themselves. Its parts:
 *
 * | rabbitmq-connection.ts | the connections, their outages, and who waits for them       |
 * | rabbitmq-address.ts    | URLs and failures, in words without passwords                |
 * | rabbitmq-queues.ts     | queues, exchanges and messages as RabbitMQ has them          |
 * | rabbitmq-outbox.ts     | publishes until they are confirmed                           |
 * | rabbitmq-consumer.ts   | deliveries to handlers (by handover.ts), settlements back    |
 * | rabbitmq-events.ts     | hints                                                        |
 */

import type { ChannelModel } from 'amqplib';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { ConfigError, Unavailable } from '../model/errors.ts';
import type {
  BatchOptions,
  Broker,
  Consumer,
  Delivery,
  OutgoingMessage,
  PublishOptions,
  QueueSpec,
  Settlement,
} from './broker.ts';
import { BatchHandover, EachHandover } from './handover.ts';
import { parseAddress } from './rabbitmq-address.ts';
import {
  closedError,
  Problems,
  RabbitmqConnection,
  type Surroundings,
} from './rabbitmq-connection.ts';
import { type ConsumerOptions, RabbitmqConsumer } from './rabbitmq-consumer.ts';
import { Announcer, Subscription } from './rabbitmq-events.ts';
import { Outbox } from './rabbitmq-outbox.ts';
import { declareQueue, toDelivery, withChannel } from './rabbitmq-queues.ts';

/** What the adapter needs; the last three have defaults. */
export interface RabbitmqBrokerOptions {
  /** `amqp://USER:PASSWORD@HOST:PORT/VHOST`, or `amqps://`; the next is tried when one fails. */
  readonly urls: readonly string[];
  /** Where dead letters go. */
  readonly deadQueue: QueueSpec;
  /** Name of the exchange for hints. */
  readonly eventsExchange: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Returns 0..1. */
  readonly random: () => number;
  /** Gives up waiting for a RabbitMQ that is not there. */
  readonly signal?: AbortSignal;
  /** How long a publish may wait for its confirm. Default: 30,000. */
  readonly publishTimeoutMs?: number;
  /** Publishes that may wait at the same time; a further one fails at once. Default: 10,000. */
  readonly maxOutstanding?: number;
  /** A silent connection is given up after 2 to 3 of these. Default: 6, so within 18 s. */
  readonly heartbeatS?: number;
}

/**
 * Connects, and waits for as long as RabbitMQ is not there or refuses; the log says why.
 * Throws `ConfigError` for a URL that is none or an exchange of another kind, `Unavailable` when
 * `signal` aborts.
 */
export async function openRabbitmqBroker(options: RabbitmqBrokerOptions): Promise<Broker> {
  const addresses = options.urls.map((url) => parseAddress(url, options.heartbeatS ?? 6));
  if (addresses.length === 0) throw new ConfigError('broker.url names no RabbitMQ.');
  const surroundings: Surroundings = { ...options, problems: new Problems(options.log) };
  const broker = new RabbitmqBroker(
    options,
    surroundings,
    new RabbitmqConnection(surroundings, addresses, 'publishing'),
    new RabbitmqConnection(surroundings, addresses, 'consuming'),
  );
  const giveUp = () => void broker.close();
  options.signal?.addEventListener('abort', giveUp);
  try {
    if (options.signal?.aborted) giveUp();
    await broker.started();
    return broker;
  } catch (error) {
    await broker.close();
    throw options.signal?.aborted ? closedError() : error;
  } finally {
    options.signal?.removeEventListener('abort', giveUp);
  }
}

class RabbitmqBroker implements Broker {
  readonly #options: RabbitmqBrokerOptions;
  readonly #surroundings: Surroundings;
  readonly #publishing: RabbitmqConnection;
  readonly #consuming: RabbitmqConnection;
  readonly #outbox: Outbox;
  readonly #announcer: Announcer;
  readonly #consumers = new Set<RabbitmqConsumer>();
  #isClosed = false;

  constructor(
    options: RabbitmqBrokerOptions,
    surroundings: Surroundings,
    publishing: RabbitmqConnection,
    consuming: RabbitmqConnection,
  ) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#publishing = publishing;
    this.#consuming = consuming;
    this.#outbox = new Outbox(surroundings, publishing, {
      publishTimeoutMs: options.publishTimeoutMs ?? 30_000,
      maxOutstanding: options.maxOutstanding ?? 10_000,
    });
    this.#announcer = new Announcer(surroundings, publishing, options.eventsExchange);
  }

  /** Resolves when both connections are there. */
  async started(): Promise<void> {
    await Promise.all([this.#consuming.ready(), this.#announcer.started]);
  }

  publish(queue: QueueSpec, message: OutgoingMessage, options?: PublishOptions): Promise<void> {
    return this.#outbox.publish(queue, message, options);
  }

  consumeEach(
    queue: QueueSpec,
    options: { readonly concurrency: number },
    handle: (delivery: Delivery) => Promise<Settlement>,
  ): Promise<Consumer> {
    const { concurrency } = options;
    return this.#consume(queue, {
      prefetch: concurrency,
      createHandover: (handover) => new EachHandover(handover, concurrency, handle),
    });
  }

  consumeBatches(
    queue: QueueSpec,
    options: BatchOptions,
    handle: (deliveries: readonly Delivery[]) => Promise<readonly Settlement[]>,
  ): Promise<Consumer> {
    const { maxCount } = options;
    return this.#consume(queue, {
      prefetch: maxCount * 2, // the next batch arrives while one is handled
      createHandover: (handover) => new BatchHandover(handover, { ...options, handle }),
    });
  }

  async broadcast(message: OutgoingMessage): Promise<void> {
    this.#announcer.send(message);
  }

  async subscribe(handle: (delivery: Delivery) => void): Promise<Consumer> {
    if (this.#isClosed) throw closedError();
    const subscription = new Subscription(this.#surroundings, this.#consuming, {
      exchange: this.#options.eventsExchange,
      handle,
    });
    await this.#untilStarted(subscription.started);
    return subscription;
  }

  depth(queue: QueueSpec): Promise<number> {
    return this.#ask((model) => declareQueue(model, queue));
  }

  unconfirmed(): number {
    return this.#outbox.count;
  }

  peekDead(maxCount: number): Promise<readonly Delivery[]> {
    const { deadQueue } = this.#options;
    return this.#ask(async (model) => {
      await declareQueue(model, deadQueue);
      return withChannel(model, async (channel) => {
        const found: Delivery[] = [];
        while (found.length < maxCount) {
          const message = await channel.get(deadQueue.name);
          if (message === false) break;
          found.push(toDelivery(message).delivery);
        }
        if (found.length > 0) channel.nackAll(true);
        return found;
      });
    });
  }

  problem(): string | null {
    return this.#isClosed ? 'the broker is closed' : this.#surroundings.problems.first;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const consumer of this.#consumers) consumer.abandon();
    this.#announcer.close();
    this.#outbox.close();
    await Promise.all([this.#publishing.close(), this.#consuming.close()]);
  }

  async #consume(
    queue: QueueSpec,
    way: Pick<ConsumerOptions, 'prefetch' | 'createHandover'>,
  ): Promise<Consumer> {
    if (this.#isClosed) throw closedError();
    const consumer = new RabbitmqConsumer({
      surroundings: this.#surroundings,
      connection: this.#consuming,
      outbox: this.#outbox,
      deadQueue: this.#options.deadQueue,
      queue,
      ...way,
    });
    this.#consumers.add(consumer);
    try {
      await this.#untilStarted(consumer.started);
    } catch (error) {
      this.#consumers.delete(consumer);
      throw error;
    }
    return {
      stop: async () => {
        await consumer.stop();
        this.#consumers.delete(consumer);
      },
    };
  }

  async #untilStarted(started: Promise<void>): Promise<void> {
    try {
      await started;
    } catch (error) {
      throw this.#isClosed ? closedError() : error;
    }
  }

  /** Asks RabbitMQ something on the connection that alarms do not block; at once, or not at all. */
  async #ask<Answer>(question: (model: ChannelModel) => Promise<Answer>): Promise<Answer> {
    const model = this.#consuming.current;
    if (model === null) throw new Unavailable('broker', this.problem() ?? 'RabbitMQ is away.');
    try {
      return await question(model);
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      throw new Unavailable('broker', this.problem() ?? 'RabbitMQ does not answer.', error);
    }
  }
}
