import { expect, test } from 'vitest';
import { createSimulatedClock } from '../../../test/simulated-clock.ts';
import { Lasting } from './lasting.ts';

test('what is still there after a while is told once, and what is gone is not', async () => {
  const clock = createSimulatedClock();
  const told: string[] = [];
  const lasting = new Lasting<string>(clock, 20, (name) => told.push(name));
  lasting.add('short');
  lasting.add('long');
  await clock.advance(15);
  lasting.delete('short');
  lasting.add('later');
  await clock.advance(5);
  expect(told).toEqual([]);
  await clock.advance(10);
  lasting.delete('later');
  await clock.advance(100);
  expect(told).toEqual(['long']);
  expect(clock.timerCount).toBe(0);
});

test('nothing is told of what has just come', async () => {
  const clock = createSimulatedClock();
  const told: number[] = [];
  const lasting = new Lasting<number>(clock, 20, () => told.push(clock.monotonic()));
  lasting.add(0);
  await clock.advance(19);
  lasting.add(1);
  await clock.advance(100);
  expect(told).toEqual([40, 40]);
});
