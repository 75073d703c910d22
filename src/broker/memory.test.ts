import { describe, expect, test } from 'vitest';
import { messageOf, publishMany } from '../../test/broker-site.ts';
import { createSimulatedClock } from '../../test/simulated-clock.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { describeBroker } from './broker.contract.ts';
import { ACK, type QueueSpec } from './broker.ts';
import { openMemoryBroker } from './memory.ts';

const DEAD: QueueSpec = {
  name: 'dead',
  singleActiveConsumer: false,
  maxCount: 3,
  whenFull: 'dropOldest',
};
const QUEUE: QueueSpec = { ...DEAD, name: 'work', maxCount: 1_000_000, whenFull: 'reject' };

describeBroker('in-process', { isShared: false, overshoot: 0 }, async () => ({
  deadQueue: DEAD,
  prefix: '',
  open: async () => openMemoryBroker({ clock: systemClock, log: silentLog(), deadQueue: DEAD }),
  crash: (broker) => broker.close(),
}));

describe('the in-process broker', () => {
  const openSimulated = () => {
    const clock = createSimulatedClock();
    const broker = openMemoryBroker({ clock, log: silentLog(), deadQueue: DEAD });
    return { clock, broker };
  };

  test('sets one timer however many messages expire, and none when nothing can', async () => {
    const { clock, broker } = openSimulated();
    await broker.publish(QUEUE, messageOf('stays'));
    expect(clock.timerCount).toBe(0);
    const other = { ...QUEUE, name: 'other' };
    for (let delayMs = 1_000; delayMs > 0; delayMs -= 10) {
      await broker.publish(other, { ...messageOf('a'), expiresAt: clock.now() + delayMs });
      await broker.publish(QUEUE, { ...messageOf('b'), expiresAt: clock.now() + delayMs });
    }
    expect(clock.timerCount).toBe(1);
    await clock.advance(1_000);
    expect(await broker.depth(other)).toBe(0);
    expect(await broker.depth(QUEUE)).toBe(101); // behind the one that stays
    expect(clock.timerCount).toBe(0);
    await broker.close();
  });

  test('moves a message at its instant, not before', async () => {
    const { clock, broker } = openSimulated();
    await broker.publish(QUEUE, { ...messageOf('a'), expiresAt: clock.now() + 90_000 });
    await clock.advance(89_999);
    expect(await broker.depth(QUEUE)).toBe(1);
    await clock.advance(1);
    expect(await broker.depth(QUEUE)).toBe(0);
    await broker.close();
  });

  test('keeps batches apart by time that passes, though the clock is set back meanwhile', async () => {
    const clock = createSimulatedClock();
    let setBackMs = 0;
    const wall = { ...clock, now: () => clock.now() - setBackMs };
    const broker = openMemoryBroker({ clock: wall, log: silentLog(), deadQueue: DEAD });
    let count = 0;
    await broker.consumeBatches(QUEUE, { maxCount: 10, minGapMs: 40 }, async (deliveries) => {
      count += deliveries.length;
      setBackMs = 3_600_000;
      return deliveries.map(() => ACK);
    });
    await broker.publish(QUEUE, messageOf('a'));
    await clock.advance(1);
    await broker.publish(QUEUE, messageOf('b'));
    await clock.advance(30);
    expect(count).toBe(1);
    await clock.advance(10);
    expect(count).toBe(2);
    await broker.close();
  });

  test('does not let what a full batch had no room for wait for the next', async () => {
    const { clock, broker } = openSimulated();
    const sizes: number[] = [];
    for (let index = 0; index < 25; index++) await broker.publish(QUEUE, messageOf(`m-${index}`));
    await broker.consumeBatches(QUEUE, { maxCount: 10, minGapMs: 40 }, async (deliveries) => {
      sizes.push(deliveries.length);
      return deliveries.map(() => ACK);
    });
    for (let turn = 0; turn < 20; turn++) await clock.advance(0);
    expect(sizes).toEqual([10, 10, 5]);
    await broker.close();
  });

  test('keeps the newest dead letters when there are too many', async () => {
    const { clock, broker } = openSimulated();
    await broker.consumeEach(QUEUE, { concurrency: 1 }, async () => {
      return { kind: 'dead', reason: 'bad' };
    });
    await publishMany(broker, QUEUE, 5);
    await clock.advance(0);
    expect((await broker.peekDead(10)).map(({ id }) => id)).toEqual(['2', '3', '4']);
    await broker.close();
  });

  test('handlers start after the publish, and never keep the event loop for themselves', async () => {
    const broker = openMemoryBroker({ clock: systemClock, log: silentLog(), deadQueue: DEAD });
    let handled = 0;
    await broker.consumeEach(QUEUE, { concurrency: 1 }, async () => {
      handled++;
      return ACK;
    });
    await new Promise((resolve) => setImmediate(resolve));
    const published = publishMany(broker, QUEUE, 50_000);
    expect(handled).toBe(0);
    await published;
    await new Promise((resolve) => setImmediate(resolve));
    expect(handled).toBeGreaterThan(0);
    expect(handled).toBeLessThan(50_000);
    await broker.close();
  });

  test('expires a long queue at once when its consumer comes late', async () => {
    const { clock, broker } = openSimulated();
    await broker.publish(QUEUE, messageOf('first'));
    for (let index = 0; index < 20_000; index++) {
      await broker.publish(QUEUE, { ...messageOf('old'), expiresAt: clock.now() + 10 });
    }
    await clock.advance(20);
    const handed: string[] = [];
    await broker.consumeEach(QUEUE, { concurrency: 2 }, async ({ id }) => {
      handed.push(id);
      return ACK;
    });
    for (let turn = 0; turn < 100; turn++) await clock.advance(0);
    expect(await broker.depth(QUEUE)).toBe(0);
    expect(handed).toEqual(['first']);
    await broker.close();
  });
});
