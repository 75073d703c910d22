/**
 * A consumer on RabbitMQ: a channel of its own, opened again after each loss, and settlements back
 * to the channel that a message came on. What a lost channel had fetched is delivered again, so a
 * settlement that comes too late is no error.
 *
 * `basic.reject` and `basic.nack` are not the same: from RabbitMQ 4.3 on, only a rejected message
 * counts as delivered once more. A handler's `requeue` rejects, what was merely fetched is nacked.
 */

import { setMaxListeners } from 'node:events';
import {
  type Channel,
  type ChannelModel,
  type ConsumeMessage,
  IllegalOperationError,
} from 'amqplib';
import { sleep } from '../lib/clock.ts';
import { ConfigError } from '../model/errors.ts';
import {
  type Consumer,
  DEAD_QUEUE_HEADER,
  DEAD_REASON_HEADER,
  type QueueSpec,
  type Settlement,
} from './broker.ts';
import type { Handover, HandoverOptions, Held } from './handover.ts';
import type { RabbitmqConnection, Surroundings } from './rabbitmq-connection.ts';
import type { Outbox } from './rabbitmq-outbox.ts';
import { closeChannel, declareQueue, toDelivery } from './rabbitmq-queues.ts';

/** The protocol's largest prefetch. */
const MAX_PREFETCH = 65_535;
/** Pause before a message goes back whose dead letter could not be sent. */
const DEAD_RETRY_MS = 1_000;

/** A message with the channel that its settlement must go to. */
export interface RabbitmqHeld extends Held {
  readonly session: Session;
  readonly message: ConsumeMessage;
}

/** A channel, for as long as it is open. */
interface Session {
  readonly channel: Channel;
  isOpen: boolean;
}

/** What a consumer works with. */
export interface ConsumerOptions {
  readonly surroundings: Surroundings;
  readonly connection: RabbitmqConnection;
  readonly outbox: Outbox;
  readonly deadQueue: QueueSpec;
  readonly queue: QueueSpec;
  /** Messages that may be fetched and not settled. */
  readonly prefetch: number;
  readonly createHandover: (options: HandoverOptions<RabbitmqHeld>) => Handover<RabbitmqHeld>;
}

/** Consumes one queue until it is stopped. */
export class RabbitmqConsumer implements Consumer {
  /** Resolves when it consumes for the first time; rejects when it never will. */
  readonly started: Promise<void>;
  readonly #options: ConsumerOptions;
  readonly #handover: Handover<RabbitmqHeld>;
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;
  #markStarted: () => void = () => undefined;
  #failStart: (error: unknown) => void = () => undefined;
  #hasStarted = false;
  #session: Session | null = null;
  #consumerTag = '';
  #stopped: Promise<void> | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    // Each message that waits to be buried listens.
    setMaxListeners(0, this.#stopping.signal);
    const { surroundings, queue, connection } = options;
    this.#handover = options.createHandover({
      queueName: queue.name,
      clock: surroundings.clock,
      log: surroundings.log,
      settle: (held, settlements) => this.#settle(held, settlements),
    });
    this.started = new Promise((resolve, reject) => {
      this.#markStarted = resolve;
      this.#failStart = reject;
    });
    this.#loop = connection.keepRunning(
      (model) => this.#serve(model),
      this.#stopping.signal,
      (error) => this.#report(error),
    );
    void this.#loop.then(() => this.#failStart(new Error('the consumer was stopped')));
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Hands nothing over any more, for a broker that closes; does not wait. */
  abandon(): void {
    this.#stopping.abort();
    this.#handover.halt();
  }

  async #stop(): Promise<void> {
    this.abandon();
    const session = this.#session;
    // A single active consumer stays the active one until its channel closes, which gives back in
    // order what it fetched: the next one must not get later messages before those.
    if (session !== null && !this.#options.queue.singleActiveConsumer) {
      await session.channel.cancel(this.#consumerTag).catch(() => undefined);
      this.#giveBack();
    }
    await this.#handover.idle();
    if (session?.isOpen) await this.#closeSettled(session.channel);
    await this.#loop;
  }

  /**
   * RabbitMQ holds settlements back while a quorum queue is behind with earlier ones, and forgets
   * those when the channel closes; the messages would come again. Two answers from the queue later
   * it has taken them.
   */
  async #closeSettled(channel: Channel): Promise<void> {
    const { name } = this.#options.queue;
    for (let round = 0; round < 2; round++) {
      await channel.checkQueue(name).catch(() => undefined); // then the channel is closed already
    }
    await closeChannel(channel);
  }

  /** Consumes on one channel; resolves when it is closed. */
  async #serve(model: ChannelModel): Promise<void> {
    const { queue, prefetch, surroundings } = this.#options;
    await declareQueue(model, queue);
    const channel = await model.createChannel();
    const session: Session = { channel, isOpen: true };
    const closed = new Promise<void>((resolve) => {
      channel.once('close', () => {
        session.isOpen = false;
        resolve();
      });
    });
    channel.on('error', (error) => {
      surroundings.log.warn({ error, queue: queue.name }, 'RabbitMQ closed a consumer');
    });
    await channel.prefetch(Math.min(prefetch, MAX_PREFETCH));
    this.#session = session;
    const { consumerTag } = await channel.consume(queue.name, (message) => {
      if (message === null) this.#loseQueue(channel);
      else this.#handover.offer({ failure: null, session, message, ...toDelivery(message) });
    });
    this.#consumerTag = consumerTag;
    surroundings.problems.end(`queue ${queue.name}`);
    this.#hasStarted = true;
    this.#markStarted();
    if (this.#stopping.signal.aborted) await closeChannel(channel);
    await closed;
    this.#session = null;
    this.#handover.reset();
  }

  /** RabbitMQ ends a consumer whose queue is deleted; the next session declares it again. */
  #loseQueue(channel: Channel): void {
    const { surroundings, queue } = this.#options;
    surroundings.log.warn({ queue: queue.name }, 'queue was deleted in RabbitMQ, declared again');
    void closeChannel(channel);
  }

  #report(error: unknown): void {
    const { surroundings, queue } = this.#options;
    const isMismatch = error instanceof ConfigError;
    if (isMismatch && !this.#hasStarted) {
      this.#failStart(error);
      this.#stopping.abort();
    } else {
      const text = error instanceof Error ? error.message : String(error);
      surroundings.problems.report(`queue ${queue.name}`, text, isMismatch ? 'error' : 'warn');
    }
  }

  #giveBack(): void {
    for (const { session, message } of this.#handover.takeLeft()) {
      tell(session, (channel) => channel.nack(message, false, true));
    }
  }

  async #settle(held: readonly RabbitmqHeld[], settlements: readonly Settlement[]): Promise<void> {
    const last = held.at(-1);
    if (last === undefined) return;
    if (held.length > 1 && settlements.every(({ kind }) => kind === 'ack')) {
      // Everything before this batch is settled: batches follow one another.
      tell(last.session, (channel) => channel.ack(last.message, true));
      return;
    }
    for (const [index, one] of held.entries()) {
      const settlement = settlements[index];
      if (settlement !== undefined) await this.#settleOne(one, settlement);
    }
  }

  async #settleOne(held: RabbitmqHeld, settlement: Settlement): Promise<void> {
    const { session, message } = held;
    switch (settlement.kind) {
      case 'ack':
        return tell(session, (channel) => channel.ack(message));
      case 'requeue':
        return tell(session, (channel) => channel.reject(message, true));
      case 'expired':
        return tell(session, (channel) => channel.reject(message, false));
      case 'dead':
        return this.#bury(held, settlement.reason);
    }
  }

  /** First to the dead letters, then away from here: a crash in between makes it two, not none. */
  async #bury(held: RabbitmqHeld, reason: string): Promise<void> {
    const { outbox, deadQueue, queue, surroundings } = this.#options;
    const { id, body, headers } = held.delivery;
    const marks = { [DEAD_REASON_HEADER]: reason, [DEAD_QUEUE_HEADER]: queue.name };
    try {
      await outbox.publish(deadQueue, { id, body, headers: { ...headers, ...marks } });
    } catch (error) {
      surroundings.log.warn({ error, messageId: id }, 'dead letter not sent, message put back');
      await sleep(surroundings.clock, DEAD_RETRY_MS, this.#stopping.signal);
      tell(held.session, (channel) => channel.nack(held.message, false, true));
      return;
    }
    tell(held.session, (channel) => channel.ack(held.message));
  }
}

/** Says it to the channel, if that is still there. */
function tell(session: Session, say: (channel: Channel) => void): void {
  if (!session.isOpen) return;
  try {
    say(session.channel);
  } catch (error) {
    if (!(error instanceof IllegalOperationError)) throw error;
  }
}
