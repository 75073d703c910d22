/**
 * The promises of the broker port as tests, the same for every adapter. An adapter's test file calls
 * `describeBroker` with a way to open brokers; each test gets queues of its own.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type BrokerSite,
  type BrokerTraits,
  collect,
  createGate,
  idsOf,
  messageOf,
  nonEmpty,
  numbers,
  type OpenSite,
  publishMany,
  specOf,
} from '../../test/broker-site.ts';
import { waitFor } from '../../test/servers/temp.ts';
import { bytesOf } from '../lib/lazy-bytes.ts';
import { Unavailable } from '../model/errors.ts';
import {
  ACK,
  type Broker,
  DEAD_QUEUE_HEADER,
  DEAD_REASON_HEADER,
  type Delivery,
  MAX_DELIVERIES,
  type Settlement,
} from './broker.ts';
import { describeBatches, describeClients } from './consumers.contract.ts';

/** Runs the contract. `createSite` is called in each test. */
export function describeBroker(
  name: string,
  traits: BrokerTraits,
  createSite: () => Promise<BrokerSite>,
): void {
  describe(`${name}: the broker contract`, () => {
    const opened: Broker[] = [];
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((broker) => broker.close()));
    });
    const open = async () => {
      const site = await createSite();
      const openBroker = async () => {
        const broker = await site.open();
        opened.push(broker);
        return broker;
      };
      return { site, broker: await openBroker(), openBroker };
    };
    describeQueues(open, traits);
    describeEndings(open);
    describeBatches(open);
    describeClients(open, traits);
    describeHints(open);
    describeClosing(open);
  });
}

function describeQueues(open: OpenSite, traits: BrokerTraits): void {
  describe('queues', () => {
    test('a message arrives as it was sent', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      const expiresAt = Date.now() + 60_000;
      const body = Buffer.from([0, 255, 10, 13, 0xc3]);
      const headers = { 'x-one': 'ä\u{1f3a8}', two: '' };
      await broker.publish(queue, { id: 'a-1', body, headers, expiresAt });
      await broker.publish(queue, { id: 'a-2', body: Buffer.alloc(0), headers: {} });
      const { deliveries } = await collect(broker, queue, 2);
      expect(deliveries).toEqual([
        { id: 'a-1', body, headers, expiresAt, redelivered: false },
        { id: 'a-2', body: Buffer.alloc(0), headers: {}, redelivered: false },
      ]);
    });

    test('a large message arrives whole', async () => {
      const { site, broker } = await open();
      const body = Buffer.alloc(3_000_000, 'abc');
      await broker.publish(specOf(site), { id: 'large', body, headers: {} });
      const { deliveries } = await collect(broker, specOf(site), 1);
      expect(deliveries[0] && bytesOf(deliveries[0].body).equals(body)).toBe(true);
    });

    test('one consumer gets messages in the order of their publishes', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      await publishMany(broker, queue, 500);
      const collecting = collect(broker, queue, 1_000, 1);
      await publishMany(broker, queue, 500, 500);
      const { deliveries } = await collecting;
      expect(idsOf(deliveries)).toEqual(numbers(1_000));
    });

    test('depth counts what waits, not what is handed out', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      expect(await broker.depth(queue)).toBe(0);
      await publishMany(broker, queue, 5);
      expect(broker.unconfirmed()).toBe(0);
      expect(await broker.depth(queue)).toBe(5);
      const gate = createGate();
      const consumer = await broker.consumeEach(queue, { concurrency: 2 }, async () => {
        await gate.opened;
        return ACK;
      });
      await waitFor('two to be handed out', async () => (await broker.depth(queue)) === 3);
      gate.open();
      await waitFor('all to be handed out', async () => (await broker.depth(queue)) === 0);
      await consumer.stop();
    });

    test('a full queue that rejects fails the publish, and takes more when there is room', async () => {
      const { site, broker } = await open();
      const queue = specOf(site, { maxCount: 10 });
      const publishTooMany = async () => {
        for (const id of numbers(11 + traits.overshoot)) await broker.publish(queue, messageOf(id));
      };
      await expect(publishTooMany()).rejects.toThrow(Unavailable);
      const depth = await broker.depth(queue);
      expect(depth).toBeGreaterThanOrEqual(10);
      expect(depth).toBeLessThanOrEqual(10 + traits.overshoot);
      await collect(broker, queue, depth);
      await waitFor('room', () => broker.publish(queue, messageOf('late')).then(() => true));
    });

    test('a full queue that drops keeps the newest', async () => {
      const { site, broker } = await open();
      const queue = specOf(site, { maxCount: 10, whenFull: 'dropOldest' });
      await publishMany(broker, queue, 25);
      const { deliveries } = await collect(broker, queue, 10);
      expect(idsOf(deliveries)).toEqual(numbers(25).slice(15));
    });

    test('what a full queue drops goes where the expired go', async () => {
      const { site, broker } = await open();
      const expiredTo = specOf(site, { name: 'expired' });
      const queue = specOf(site, { maxCount: 10, whenFull: 'dropOldest', expiredTo });
      await publishMany(broker, queue, 13);
      const { deliveries } = await collect(broker, expiredTo, 3);
      expect(idsOf(deliveries)).toEqual(numbers(3));
    });
  });
}

function describeEndings(open: OpenSite): void {
  describe('how a delivery ends', () => {
    test('an acknowledged message never comes again', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      await publishMany(broker, queue, 3);
      const first = await collect(broker, queue, 3);
      await first.consumer.stop();
      await broker.publish(queue, messageOf('next'));
      const { deliveries } = await collect(broker, queue, 1);
      expect(idsOf(deliveries)).toEqual(['next']);
    });

    test('a requeued message comes again, before later ones', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      await publishMany(broker, queue, 3);
      const settlements: Settlement[] = [{ kind: 'requeue' }];
      const { deliveries } = await collect(broker, queue, 4, 1, () => settlements.shift() ?? ACK);
      expect(idsOf(deliveries)).toEqual(['0', '0', '1', '2']);
      expect(deliveries.map((delivery) => delivery.redelivered)).toEqual([
        false,
        true,
        false,
        false,
      ]);
    });

    test('a message whose time has passed goes to the queue for it, without a consumer', async () => {
      const { site, broker } = await open();
      const expiredTo = specOf(site, { name: 'expired' });
      const queue = specOf(site, { expiredTo });
      const headers = { kind: 'request' };
      const expiresAt = Date.now() + 300;
      for (const id of ['a', 'b', 'c']) {
        await broker.publish(queue, { ...messageOf(id), headers, expiresAt });
      }
      await waitFor('the expiry', async () => (await broker.depth(queue)) === 0);
      expect(Date.now()).toBeGreaterThanOrEqual(expiresAt);
      const { deliveries } = await collect(broker, expiredTo, 3);
      expect(idsOf(deliveries)).toEqual(['a', 'b', 'c']);
      expect(deliveries[0]?.headers).toEqual(headers);
      expect(deliveries[0]?.expiresAt).toBeUndefined();
    });

    test('a message whose time has passed without such a queue vanishes', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      await broker.publish(queue, { ...messageOf('old'), expiresAt: Date.now() + 50 });
      await waitFor('the expiry', async () => (await broker.depth(queue)) === 0);
      await broker.publish(queue, { ...messageOf('older'), expiresAt: Date.now() - 1_000 });
      await broker.publish(queue, messageOf('new'));
      const { deliveries } = await collect(broker, queue, 1);
      expect(idsOf(deliveries)).toEqual(['new']);
    });

    test('a message that waits behind a slow one is not handed over after its time', async () => {
      const { site, broker } = await open();
      const expiredTo = specOf(site, { name: 'expired' });
      const queue = specOf(site, { expiredTo });
      const gate = createGate();
      const handed: string[] = [];
      await broker.consumeBatches(queue, { maxCount: 1 }, async (deliveries) => {
        handed.push(...idsOf(deliveries));
        await gate.opened;
        return deliveries.map(() => ACK);
      });
      await broker.publish(queue, messageOf('slow'));
      await waitFor('the slow one', () => handed.length === 1);
      await broker.publish(queue, { ...messageOf('late'), expiresAt: Date.now() + 100 });
      await broker.publish(queue, messageOf('last'));
      await delay(150);
      gate.open();
      await waitFor('the last one', () => handed.includes('last'));
      expect(handed).toEqual(['slow', 'last']);
      const { deliveries } = await collect(broker, expiredTo, 1);
      expect(idsOf(deliveries)).toEqual(['late']);
    });

    test('a handler can say that the time has passed', async () => {
      const { site, broker } = await open();
      const expiredTo = specOf(site, { name: 'expired' });
      const queue = specOf(site, { expiredTo });
      await broker.publish(queue, messageOf('a'));
      await collect(broker, queue, 1, 1, () => ({ kind: 'expired' }));
      const { deliveries } = await collect(broker, expiredTo, 1);
      expect(idsOf(deliveries)).toEqual(['a']);
    });

    test('a dead letter says why and from where, and stays where it is when looked at', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      const headers = { 'x-one': '1' };
      const expiresAt = Date.now() + 1_000;
      await broker.publish(queue, { id: 'bad', body: Buffer.from('?'), headers, expiresAt });
      await broker.publish(queue, messageOf('worse'));
      await collect(broker, queue, 2, 1, () => ({ kind: 'dead', reason: 'it is not JSON' }));
      await waitFor('the dead letters', async () => (await broker.peekDead(10)).length === 2);
      for (let look = 0; look < 3; look++) {
        const [first, second] = await broker.peekDead(10);
        expect(first).toMatchObject({ id: 'bad', body: Buffer.from('?') });
        expect(first?.headers).toEqual({
          'x-one': '1',
          [DEAD_REASON_HEADER]: 'it is not JSON',
          [DEAD_QUEUE_HEADER]: queue.name,
        });
        expect(second?.id).toBe('worse');
      }
      expect(await broker.peekDead(1)).toHaveLength(1);
      expect(await broker.depth(queue)).toBe(0);
    });

    test('a handler that throws dead-letters its message only', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      await publishMany(broker, queue, 3);
      const { deliveries } = await collect(broker, queue, 3, 1, ({ id }) => {
        if (id === '1') throw new TypeError('cannot read this');
        return ACK;
      });
      expect(idsOf(deliveries)).toEqual(['0', '1', '2']);
      const [dead] = await waitFor('the dead letter', async () =>
        nonEmpty(await broker.peekDead(10)),
      );
      expect(dead?.id).toBe('1');
      expect(dead?.headers[DEAD_REASON_HEADER]).toBe('cannot read this');
    });

    test(`a message that was handed over ${MAX_DELIVERIES} times is given up`, async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      await broker.publish(queue, messageOf('killer'));
      await broker.publish(queue, messageOf('innocent'));
      const handed: string[] = [];
      await broker.consumeEach(queue, { concurrency: 1 }, async ({ id }) => {
        handed.push(id);
        return id === 'killer' ? { kind: 'requeue' } : ACK;
      });
      await waitFor('the innocent', () => handed.includes('innocent'));
      expect(handed.filter((id) => id === 'killer')).toHaveLength(MAX_DELIVERIES);
      const [dead] = await waitFor('the dead letter', async () =>
        nonEmpty(await broker.peekDead(10)),
      );
      expect(dead?.id).toBe('killer');
      expect(dead?.headers[DEAD_REASON_HEADER]).toContain('never settled');
      expect(dead?.headers[DEAD_QUEUE_HEADER]).toBe(queue.name);
    });
  });
}

function describeHints(open: OpenSite): void {
  describe('hints', () => {
    test('every subscriber hears each of them, in order, from then on', async () => {
      const { broker } = await open();
      await broker.broadcast(messageOf('too early'));
      const heard: string[][] = [[], []];
      for (const list of heard) await broker.subscribe(({ id }) => list.push(id));
      for (const id of numbers(50)) await broker.broadcast(messageOf(id));
      await waitFor('all hints', () => heard.every((list) => list.length >= 50));
      expect(heard).toEqual([numbers(50), numbers(50)]);
    });

    test('carry body and headers', async () => {
      const { broker } = await open();
      const heard: Delivery[] = [];
      await broker.subscribe((delivery) => heard.push(delivery));
      const message = { id: 'e-1', body: Buffer.from('{}'), headers: { 'x-one': '1' } };
      await broker.broadcast(message);
      await waitFor('the hint', () => heard.length > 0);
      expect(heard[0]).toEqual({ ...message, redelivered: false });
    });

    test('a subscriber that stopped hears nothing, one that throws does not disturb', async () => {
      const { broker } = await open();
      const heard: string[] = [];
      const early: string[] = [];
      const stopping = await broker.subscribe(({ id }) => early.push(id));
      await broker.subscribe(() => {
        throw new Error('a bug');
      });
      await broker.subscribe(({ id }) => heard.push(id));
      await stopping.stop();
      await broker.broadcast(messageOf('a'));
      await broker.broadcast(messageOf('b'));
      await waitFor('both hints', () => heard.length === 2);
      expect(early).toEqual([]);
    });
  });
}

function describeClosing(open: OpenSite): void {
  describe('closing', () => {
    test('there is no problem while it is open, and one after', async () => {
      const { broker } = await open();
      expect(broker.problem()).toBeNull();
      await broker.close();
      expect(broker.problem()).not.toBeNull();
      await broker.close();
    });

    test('a closed broker refuses everything but hints', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      await broker.close();
      const handle = async () => ACK;
      await expect(broker.publish(queue, messageOf('a'))).rejects.toThrow(Unavailable);
      await expect(broker.consumeEach(queue, { concurrency: 1 }, handle)).rejects.toThrow(
        Unavailable,
      );
      await expect(broker.consumeBatches(queue, { maxCount: 1 }, async () => [])).rejects.toThrow(
        Unavailable,
      );
      await expect(broker.subscribe(() => undefined)).rejects.toThrow(Unavailable);
      await expect(broker.broadcast(messageOf('a'))).resolves.toBeUndefined();
    });

    test('closing does not wait for handlers, and hands nothing over any more', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      await publishMany(broker, queue, 5);
      const gate = createGate();
      let handed = 0;
      const consumer = await broker.consumeEach(queue, { concurrency: 1 }, async () => {
        handed++;
        await gate.opened;
        return ACK;
      });
      await waitFor('the first message', () => handed === 1);
      await broker.close();
      gate.open();
      await consumer.stop();
      expect(handed).toBe(1);
    });
  });
}
