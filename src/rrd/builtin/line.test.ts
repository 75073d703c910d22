import { expect, test } from 'vitest';
import { createSimulatedClock } from '../../../test/simulated-clock.ts';
import { Unavailable } from '../../model/errors.ts';
import { Line } from './line.ts';

/** Resolves in the turn of the event loop after this one. */
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('calls run in the order in which they came, and settle as their work does', async () => {
  const line = new Line(createSimulatedClock());
  const ran: string[] = [];
  const calls = ['a', 'b', 'a', 'c'].map((name, index) =>
    line.run(name, () => {
      ran.push(`${name}${index}`);
      if (name === 'b') throw new Error('of b');
      return index;
    }),
  );
  expect(ran).toEqual([]);
  const settled = await Promise.allSettled(calls);
  expect(ran).toEqual(['a0', 'b1', 'a2', 'c3']);
  expect(
    settled.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason))),
  ).toEqual([0, 'Error: of b', 2, 3]);
});

test('a call that waits holds up the later ones for its file, also those that come after it, and no others', async () => {
  const line = new Line(createSimulatedClock());
  const ran: string[] = [];
  let goOn = () => {};
  const wait = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const add = (name: string, text: string) => line.run(name, () => void ran.push(text));
  const first = line.run('a', () => wait.then(() => void ran.push('a1')));
  const held = [add('a', 'a2'), add('a', 'a3')];
  await add('b', 'b1');
  expect(ran).toEqual(['b1']);
  goOn();
  await first;
  const later = add('a', 'a4');
  await Promise.all([...held, later]);
  expect(ran).toEqual(['b1', 'a1', 'a2', 'a3', 'a4']);
});

test('a failure of a call that waits is its own, and the next one goes on', async () => {
  const line = new Line(createSimulatedClock());
  const failing = line.run('a', () => Promise.reject(new Error('of the first')));
  const next = line.run('a', () => 'next');
  await expect(failing).rejects.toThrow('of the first');
  expect(await next).toBe('next');
});

test('a portion ends after 64 calls, or as soon as calls took 2 ms', async () => {
  let nowMs = 0;
  const line = new Line({ ...createSimulatedClock(), monotonic: () => nowMs });
  let count = 0;
  const quick = Array.from({ length: 100 }, () => line.run('a', () => void count++));
  await nextTurn();
  expect(count).toBe(64);
  await Promise.all(quick);
  count = 0;
  const slow = Array.from({ length: 6 }, () =>
    line.run('a', () => {
      count++;
      nowMs++;
    }),
  );
  const seen: number[] = [];
  while (count < 6) {
    await nextTurn();
    seen.push(count);
  }
  await Promise.all(slow);
  expect(seen).toEqual([2, 4, 6]);
});

test('close waits for all that was taken, and nothing is taken after it', async () => {
  const line = new Line(createSimulatedClock());
  const ran: string[] = [];
  const calls = [
    line.run('a', async () => {
      await nextTurn();
      ran.push('a1');
    }),
    line.run('a', () => void ran.push('a2')),
  ];
  const closed = line.close();
  await expect(line.run('b', () => 1)).rejects.toThrow(Unavailable);
  await closed;
  expect(ran).toEqual(['a1', 'a2']);
  await Promise.all(calls);
  await line.close();
});
