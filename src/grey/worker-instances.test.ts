import { expect, test } from 'vitest';
import { createSimulatedClock } from '../../test/simulated-clock.ts';
import { WorkerInstances } from './worker-instances.ts';

const INTERVAL_MS = 20_000;
const beat = (hostname: string, startedAt: number) => ({
  ...{ worker: 'violet-1', hostname, startedAt, intervalMs: INTERVAL_MS },
});

test('F53: of two workers of one name the one that was started last has it', async () => {
  const clock = createSimulatedClock();
  const instances = new WorkerInstances(clock);
  expect(instances.findOther(beat('a', 1_000))).toBeNull();
  expect(instances.findOther(beat('b', 2_000))).toBeNull();
  for (let round = 0; round < 5; round++) {
    await clock.advance(INTERVAL_MS);
    expect(instances.findOther(beat('a', 1_000))).toMatchObject({ hostname: 'b' });
    expect(instances.findOther(beat('b', 2_000))).toBeNull();
  }
  expect(instances.findOther({ ...beat('a', 1_000), worker: 'violet-2' })).toBeNull();
});

test('one that was started again has its name at once, and a silent one loses it', async () => {
  const clock = createSimulatedClock();
  const instances = new WorkerInstances(clock);
  expect(instances.findOther(beat('a', 5_000))).toBeNull();
  expect(instances.findOther(beat('a', 6_000))).toBeNull();
  // Started later, on a machine whose clock was put back.
  expect(instances.findOther(beat('a', 3_000))).toMatchObject({ startedAt: 6_000 });
  await clock.advance(3 * INTERVAL_MS);
  expect(instances.findOther(beat('a', 3_000))).toBeNull();
  expect(instances.findOther(beat('a', 3_000))).toBeNull();
});
