/** How queues, exchanges and messages of the port look in RabbitMQ, 3.10 to 4.x. */

import type { Channel, ChannelModel, ConsumeMessage, GetMessage, Options } from 'amqplib';
import { ConfigError } from '../model/errors.ts';
import type { Delivery, OutgoingMessage, QueueSpec } from './broker.ts';

/** Carries `expiresAt`, because `expiration` is a duration that nobody knows the start of. */
const EXPIRES_HEADER = 'x-ppalette-expires-at';
/** RabbitMQ's own notes about dead-lettering, as far as they are texts. */
const FOREIGN_HEADERS = /^x-(first|last)-death-/;
/**
 * The adapter gives a message up long before. Not the broker's default, because 4.x would drop a
 * message after 20 returns, and looking at the dead letters returns them each time.
 */
const DELIVERY_LIMIT = 1_000_000;
/** Hints that one slow subscriber may be behind. */
const MAX_HINTS = 10_000;
const PRECONDITION_FAILED = 406;

/**
 * Declares a queue and the one its expired messages go to. Resolves to how many messages wait.
 * Throws `ConfigError` when it exists with other rules.
 */
export async function declareQueue(model: ChannelModel, spec: QueueSpec): Promise<number> {
  if (spec.expiredTo !== undefined) await declareQueue(model, spec.expiredTo);
  return withChannel(model, async (channel) => {
    try {
      const reply = await channel.assertQueue(spec.name, {
        durable: true,
        arguments: queueArguments(spec),
      });
      return reply.messageCount;
    } catch (error) {
      throw explainMismatch('queue', spec.name, error);
    }
  });
}

/** Declares the exchange that hints go through. Throws `ConfigError` when it is of another kind. */
export async function declareExchange(model: ChannelModel, name: string): Promise<void> {
  await withChannel(model, async (channel) => {
    try {
      await channel.assertExchange(name, 'fanout', { durable: true });
    } catch (error) {
      throw explainMismatch('exchange', name, error);
    }
  });
}

/** Makes a subscriber's own queue, which goes with its connection. Resolves to its name. */
export async function declareSubscription(channel: Channel, exchange: string): Promise<string> {
  const { queue } = await channel.assertQueue('', {
    durable: false,
    exclusive: true,
    autoDelete: true,
    arguments: {
      'x-queue-type': 'classic',
      'x-max-length': MAX_HINTS,
      'x-overflow': 'drop-head',
    },
  });
  await channel.bindQueue(queue, exchange, '');
  return queue;
}

/** Runs `work` on a channel of its own: what the broker refuses closes the channel it came on. */
export async function withChannel<Result>(
  model: ChannelModel,
  work: (channel: Channel) => Promise<Result>,
): Promise<Result> {
  const channel = await model.createChannel();
  channel.on('error', () => undefined); // the call that caused it rejects
  try {
    return await work(channel);
  } finally {
    await closeChannel(channel);
  }
}

/** Closes a channel, or finds it closed; resolves also when its connection is lost meanwhile. */
export async function closeChannel(channel: Channel): Promise<void> {
  const closed = new Promise<void>((resolve) => channel.once('close', resolve));
  await Promise.race([channel.close().catch(() => undefined), closed]);
}

/** The properties of a message on the wire. `now` is the clock's. */
export function toOptions(message: OutgoingMessage, now: number): Options.Publish {
  const { id: messageId, headers, expiresAt } = message;
  if (expiresAt === undefined) return { messageId, persistent: true, mandatory: true, headers };
  return {
    messageId,
    persistent: true,
    mandatory: true,
    headers: { [EXPIRES_HEADER]: String(expiresAt), ...headers },
    expiration: Math.max(0, Math.ceil(expiresAt - now)),
  };
}

/** What a consumer is given, and how often the message was delivered before. */
export function toDelivery(message: ConsumeMessage | GetMessage): {
  delivery: Delivery;
  deliveryCount: number;
} {
  const { properties, fields, content } = message;
  const table = properties.headers ?? {};
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(table)) {
    if (typeof value !== 'string' || name === EXPIRES_HEADER || FOREIGN_HEADERS.test(name))
      continue;
    headers[name] = value;
  }
  const deliveryCount = Number(table['x-delivery-count'] ?? 0);
  const expiresAt = readExpiry(message);
  const delivery: Delivery = {
    id: String(properties.messageId ?? ''),
    body: content,
    headers,
    redelivered: fields.redelivered || deliveryCount > 0,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  return { delivery, deliveryCount };
}

/** A message that expired has no `expiration` any more where it was moved to. */
function readExpiry({ properties }: ConsumeMessage | GetMessage): number | undefined {
  const expiresAt = Number(properties.headers?.[EXPIRES_HEADER] ?? Number.NaN);
  if (properties.expiration === undefined || Number.isNaN(expiresAt)) return undefined;
  return expiresAt;
}

function queueArguments(spec: QueueSpec): Record<string, unknown> {
  return {
    'x-queue-type': 'quorum',
    'x-delivery-limit': DELIVERY_LIMIT,
    'x-max-length': spec.maxCount,
    'x-overflow': spec.whenFull === 'reject' ? 'reject-publish' : 'drop-head',
    ...(spec.singleActiveConsumer ? { 'x-single-active-consumer': true } : {}),
    ...(spec.expiredTo === undefined
      ? {}
      : { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': spec.expiredTo.name }),
  };
}

function explainMismatch(kind: 'queue' | 'exchange', name: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== PRECONDITION_FAILED) {
    return error;
  }
  const details = /inequivalent arg .*?(?="|$)/.exec(error.message)?.[0] ?? error.message;
  return new ConfigError(
    `The ${kind} "${name}" is in RabbitMQ with other rules (${details}). Delete it there when it is empty, or set another broker.prefix.`,
    { cause: error },
  );
}
