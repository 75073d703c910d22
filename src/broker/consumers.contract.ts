/** The broker contract, second part: batches, and several consumers of one queue. */

import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
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
import { Unavailable } from '../model/errors.ts';
import { ACK, DEAD_REASON_HEADER, type Settlement } from './broker.ts';

/** One handler call for many messages. */
export function describeBatches(open: OpenSite): void {
  describe('batches', () => {
    test('hold at most maxCount messages, in order, one batch at a time', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      await publishMany(broker, queue, 100);
      const sizes: number[] = [];
      const ids: string[] = [];
      let running = 0;
      await broker.consumeBatches(queue, { maxCount: 7 }, async (deliveries) => {
        expect(++running).toBe(1);
        sizes.push(deliveries.length);
        await delay(1);
        ids.push(...idsOf(deliveries));
        running--;
        return deliveries.map(() => ACK);
      });
      await waitFor('all messages', () => ids.length >= 100);
      expect(ids).toEqual(numbers(100));
      expect(Math.max(...sizes)).toBe(7);
      await waitFor('the settlements', async () => (await broker.depth(queue)) === 0);
    });

    test('begin as far apart as they are told to', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      const begun: number[] = [];
      let count = 0;
      await broker.consumeBatches(queue, { maxCount: 100, minGapMs: 50 }, async (deliveries) => {
        begun.push(performance.now());
        count += deliveries.length;
        return deliveries.map(() => ACK);
      });
      for (let index = 0; index < 10; index++) {
        await publishMany(broker, queue, 1);
        await delay(10);
      }
      await waitFor('all messages', () => count === 10);
      expect(begun.length).toBeGreaterThan(1);
      const gaps = begun.slice(1).map((at, index) => at - (begun[index] ?? 0));
      // Timers may be a little early.
      expect(Math.min(...gaps)).toBeGreaterThan(45);
    });

    test('settle each message by itself', async () => {
      const { site, broker } = await open();
      const expiredTo = specOf(site, { name: 'expired' });
      const queue = specOf(site, { expiredTo });
      await publishMany(broker, queue, 4);
      const kinds: Settlement[] = [ACK, { kind: 'dead', reason: 'bad' }, { kind: 'expired' }];
      const ids: string[] = [];
      await broker.consumeBatches(queue, { maxCount: 10 }, async (deliveries) => {
        ids.push(...idsOf(deliveries));
        return deliveries.map(({ id, redelivered }) =>
          redelivered ? ACK : (kinds[Number(id)] ?? { kind: 'requeue' }),
        );
      });
      await waitFor('the requeued one', () => ids.length === 5);
      expect(ids).toEqual(['0', '1', '2', '3', '3']);
      const { deliveries } = await collect(broker, expiredTo, 1);
      expect(idsOf(deliveries)).toEqual(['2']);
      expect(idsOf(await broker.peekDead(10))).toEqual(['1']);
    });

    test('a batch whose handler is unavailable comes again, after a pause and as a whole', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      await publishMany(broker, queue, 10);
      const batches: { ids: string[]; at: number }[] = [];
      await broker.consumeBatches(queue, { maxCount: 4 }, async (deliveries) => {
        batches.push({ ids: idsOf(deliveries), at: performance.now() });
        if (batches.length <= 2) throw new Unavailable('database', 'the database is away');
        return deliveries.map(() => ACK);
      });
      const idsFrom = (index: number) => batches.slice(index).flatMap(({ ids }) => ids);
      await waitFor('all messages', () => idsFrom(2).length >= 10);
      expect(idsFrom(2)).toEqual(numbers(10));
      expect(batches[1]?.ids).toEqual(batches[0]?.ids);
      expect((batches[2]?.at ?? 0) - (batches[0]?.at ?? 0)).toBeGreaterThan(250);
      expect(await broker.peekDead(10)).toEqual([]);
    });

    test('a message that breaks its batch is found and dead-lettered, the others are not', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      await publishMany(broker, queue, 6);
      const done: string[] = [];
      await broker.consumeBatches(queue, { maxCount: 3 }, async (deliveries) => {
        if (deliveries.some(({ id }) => id === '1')) throw new Error('a bug');
        done.push(...idsOf(deliveries));
        return deliveries.map(() => ACK);
      });
      await waitFor('the others', () => done.length >= 5);
      expect(done).toEqual(['0', '2', '3', '4', '5']);
      const [dead] = await waitFor('the dead letter', async () =>
        nonEmpty(await broker.peekDead(10)),
      );
      expect(dead?.id).toBe('1');
      expect(dead?.headers[DEAD_REASON_HEADER]).toBe('a bug');
    });

    test('a batch that fails while its consumer stops goes back to the queue', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      await publishMany(broker, queue, 5);
      const gate = createGate();
      let hasBegun = false;
      const consumer = await broker.consumeBatches(queue, { maxCount: 5 }, async () => {
        hasBegun = true;
        await gate.opened;
        throw new Unavailable('database', 'the database is away');
      });
      await waitFor('the first batch', () => hasBegun);
      const stopped = consumer.stop();
      gate.open();
      await stopped;
      const { deliveries } = await collect(broker, queue, 5);
      expect(idsOf(deliveries)).toEqual(numbers(5));
    });
  });
}

/** Sharing, stopping, taking over. */
export function describeClients(open: OpenSite, traits: BrokerTraits): void {
  describe('several consumers', () => {
    test('at most `concurrency` handlers run at a time', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      await publishMany(broker, queue, 30);
      let running = 0;
      let most = 0;
      const { deliveries } = await collect(broker, queue, 30, 4, async () => {
        most = Math.max(most, ++running);
        await delay(2);
        running--;
        return ACK;
      });
      expect(deliveries).toHaveLength(30);
      expect(most).toBe(4);
    });

    test('share a queue fairly, and each message goes to one of them', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      const taken = new Map([
        ['one', 0],
        ['other', 0],
      ]);
      for (const name of taken.keys()) {
        await broker.consumeEach(queue, { concurrency: 5 }, async () => {
          taken.set(name, (taken.get(name) ?? 0) + 1);
          await delay(2);
          return ACK;
        });
      }
      await publishMany(broker, queue, 100);
      await waitFor('all messages', () => sum(taken.values()) >= 100);
      expect(sum(taken.values())).toBe(100);
      expect(Math.min(...taken.values())).toBeGreaterThan(25);
    });

    test('stop lets running handlers end and gives back the rest', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      await publishMany(broker, queue, 10);
      const gate = createGate();
      const handed: string[] = [];
      const consumer = await broker.consumeEach(queue, { concurrency: 3 }, async ({ id }) => {
        handed.push(id);
        await gate.opened;
        return ACK;
      });
      await waitFor('three to be handed over', () => handed.length === 3);
      let isStopped = false;
      const stopped = consumer.stop().then(() => {
        isStopped = true;
      });
      await delay(50);
      expect(isStopped).toBe(false);
      gate.open();
      await stopped;
      await consumer.stop();
      expect(handed).toEqual(['0', '1', '2']);
      const { deliveries } = await collect(broker, queue, 7);
      expect(idsOf(deliveries).sort()).toEqual(numbers(10).slice(3));
    });

    test('stop waits until what was handed over is settled, however much it is', async () => {
      const { site, broker } = await open();
      const queue = specOf(site);
      await publishMany(broker, queue, 3_000);
      const { consumer } = await collect(broker, queue, 3_000, 1_000);
      await consumer.stop();
      const { deliveries } = await collect(broker, queue, 0);
      await broker.publish(queue, messageOf('next'));
      await waitFor('the next message', () => deliveries.length > 0);
      expect(idsOf(deliveries)).toEqual(['next']);
    });

    test('one of several single active consumers gets everything, then the next, in order', async () => {
      const { site, broker } = await open();
      const queue = specOf(site, { singleActiveConsumer: true });
      const seen: { by: string; id: string }[] = [];
      const start = (by: string) =>
        broker.consumeBatches(queue, { maxCount: 5 }, async (deliveries) => {
          await delay(2);
          seen.push(...deliveries.map(({ id }) => ({ by, id })));
          return deliveries.map(() => ACK);
        });
      const first = await start('first');
      await start('second');
      await publishMany(broker, queue, 200);
      await waitFor('some messages', () => seen.length >= 20);
      expect(seen.every(({ by }) => by === 'first')).toBe(true);
      await first.stop();
      const takenOverAt = seen.length;
      await waitFor('all messages', () => seen.length >= 200);
      expect(seen.map(({ id }) => id)).toEqual(numbers(200));
      expect(seen.slice(takenOverAt).every(({ by }) => by === 'second')).toBe(true);
      expect(takenOverAt).toBeLessThan(200);
    });

    if (!traits.isShared) return; // the rest is about clients that die alone

    test('what a client that died had not settled goes to another', async () => {
      const { site, broker, openBroker } = await open();
      const queue = specOf(site);
      const dying = await openBroker();
      const held: string[] = [];
      await dying.consumeEach(queue, { concurrency: 5 }, async ({ id }) => {
        held.push(id);
        return new Promise<Settlement>(() => undefined); // never ends
      });
      await publishMany(broker, queue, 5);
      await waitFor('all to be taken', () => held.length === 5);
      const collecting = collect(broker, queue, 5);
      await site.crash(dying);
      const { deliveries } = await collecting;
      expect(idsOf(deliveries).sort()).toEqual(numbers(5));
      expect(deliveries.every((delivery) => delivery.redelivered)).toBe(true);
    });

    test('the next single active consumer takes over in order when one dies', async () => {
      const { site, broker, openBroker } = await open();
      const queue = specOf(site, { singleActiveConsumer: true });
      const dying = await openBroker();
      const settled: string[] = [];
      await dying.consumeBatches(queue, { maxCount: 5 }, async (deliveries) => {
        if (settled.length >= 15) return new Promise(() => undefined); // hangs
        settled.push(...idsOf(deliveries));
        return deliveries.map(() => ACK);
      });
      const taken: string[] = [];
      await broker.consumeBatches(queue, { maxCount: 5 }, async (deliveries) => {
        taken.push(...idsOf(deliveries));
        return deliveries.map(() => ACK);
      });
      await publishMany(broker, queue, 100);
      await waitFor('it to hang', () => settled.length >= 15);
      await delay(100);
      expect(taken).toEqual([]);
      await site.crash(dying);
      await waitFor('all messages', () => taken.at(-1) === '99');
      const unseen = numbers(100).slice(settled.length);
      expect(taken.slice(-unseen.length)).toEqual(unseen);
    });
  });
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0);
}
