/** What tests of brokers share: a place with queues of its own, and ways to fill and empty them. */

import {
  ACK,
  type Broker,
  type Delivery,
  type OutgoingMessage,
  type QueueSpec,
  type Settlement,
} from '../src/broker/broker.ts';
import { waitFor } from './servers/temp.ts';

/** A place with queues of its own, for one test. */
export interface BrokerSite {
  readonly deadQueue: QueueSpec;
  /** Unique to this site; put before every queue name. */
  readonly prefix: string;
  /** Opens one more broker on the same queues; called once when `isShared` is false. */
  open(): Promise<Broker>;
  /** Ends a broker as a crash would, without giving anything back in order. */
  crash(broker: Broker): Promise<void>;
}

/** What an adapter is able to. */
export interface BrokerTraits {
  /** False when each opened broker has its own queues: there are no tests with two clients. */
  readonly isShared: boolean;
  /** How many messages more than `maxCount` may get in. */
  readonly overshoot: number;
}

/** Makes a site and opens its first broker; all of them are closed after the test. */
export type OpenSite = () => Promise<{
  site: BrokerSite;
  broker: Broker;
  openBroker: () => Promise<Broker>;
}>;

/** A queue of the site; unlike others only in what is given. */
export function specOf(site: BrokerSite, rules: Partial<QueueSpec> = {}): QueueSpec {
  const defaults = { singleActiveConsumer: false, maxCount: 100_000, whenFull: 'reject' } as const;
  return { ...defaults, ...rules, name: `${site.prefix}${rules.name ?? 'work'}` };
}

/** A small message. */
export function messageOf(id: string): OutgoingMessage {
  return { id, body: Buffer.from(`body of ${id}`), headers: {} };
}

/** Publishes messages with the ids `first`, `first + 1` ... and waits for all of them. */
export async function publishMany(
  broker: Broker,
  queue: QueueSpec,
  count: number,
  first = 0,
): Promise<void> {
  const ids = numbers(first + count).slice(first);
  await Promise.all(ids.map((id) => broker.publish(queue, messageOf(id))));
}

/** Consumes one by one until `count` were handed over; the consumer goes on after that. */
export async function collect(
  broker: Broker,
  queue: QueueSpec,
  count: number,
  concurrency = 1,
  settle: (delivery: Delivery) => Settlement | Promise<Settlement> = () => ACK,
) {
  const deliveries: Delivery[] = [];
  const consumer = await broker.consumeEach(queue, { concurrency }, async (delivery) => {
    deliveries.push(delivery);
    return settle(delivery);
  });
  await waitFor(`${count} messages`, () => deliveries.length >= count);
  return { deliveries, consumer };
}

/** The ids of deliveries, in their order. */
export function idsOf(deliveries: readonly Delivery[]): string[] {
  return deliveries.map((delivery) => delivery.id);
}

/** `0` to `count - 1` as texts. */
export function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

/** Something that handlers can wait for until it is opened. */
export function createGate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** The list, or false while it is empty: for `waitFor`. */
export function nonEmpty<Item>(list: readonly Item[]): readonly Item[] | false {
  return list.length > 0 && list;
}
