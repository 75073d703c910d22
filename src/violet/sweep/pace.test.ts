import { expect, test } from 'vitest';
import { createSimulatedClock } from '../../../test/simulated-clock.ts';
import { createPace } from './pace.ts';

test('what is reserved begins one behind the other, and idle time is not saved up', async () => {
  const clock = createSimulatedClock();
  const pace = createPace(clock, 50);
  const { signal } = new AbortController();
  const begun: number[] = [];
  const reserve = (count: number) =>
    pace.reserve(count, signal).then(() => begun.push(clock.monotonic()));
  await clock.advance(10_000);
  const reserved = [reserve(50), reserve(1), reserve(100), reserve(1)];
  await clock.advance(5_000);
  await Promise.all(reserved);
  expect(begun).toEqual([10_000, 11_000, 11_020, 13_020]);
  expect(pace.intervalMs).toBe(20);
});

test('whoever waits is let go when it is stopped', async () => {
  const clock = createSimulatedClock();
  const pace = createPace(clock, 1);
  const stopping = new AbortController();
  await pace.reserve(1_000, stopping.signal);
  const waiting = pace.reserve(1, stopping.signal);
  stopping.abort();
  await waiting;
  expect(clock.timerCount).toBe(0);
});
