import { expect, test } from 'vitest';
import { createSimulatedClock } from '../../test/simulated-clock.ts';
import { sleep } from './clock.ts';
import { Lifecycle } from './lifecycle.ts';

function setUp() {
  const clock = createSimulatedClock();
  const lifecycle = new Lifecycle(clock);
  const events: string[] = [];
  const stop = (deadlineMs: number) =>
    lifecycle.stop(deadlineMs, (step, problem) => events.push(`${step}: ${problem}`));
  return { clock, lifecycle, events, stop };
}

test('what was started last is stopped first, each after the end of the one before', async () => {
  const { clock, lifecycle, events, stop } = setUp();
  for (const name of ['database', 'broker', 'worker']) {
    lifecycle.onStop(name, async () => {
      await sleep(clock, 10);
      events.push(`${name} stopped at ${clock.monotonic()}`);
    });
  }
  const stopped = stop(1_000);
  await clock.advance(1_000);
  await stopped;
  expect(events).toEqual([
    'worker stopped at 10',
    'broker stopped at 20',
    'database stopped at 30',
  ]);
  expect(clock.timerCount).toBe(0);
});

test('a teardown that fails, at once or later, is reported and does not stop the walk', async () => {
  const { lifecycle, events, stop } = setUp();
  lifecycle.onStop('first', () => void events.push('first stopped'));
  lifecycle.onStop('second', () => {
    throw new Error('at once');
  });
  lifecycle.onStop('third', () => Promise.reject(new Error('later')));
  await stop(1_000);
  expect(events).toEqual(['third: Error: later', 'second: Error: at once', 'first stopped']);
});

test('a teardown that hangs is given up at the deadline; the next still gets a moment', async () => {
  const { clock, lifecycle, events, stop } = setUp();
  lifecycle.onStop('quick', async () => {
    await sleep(clock, 50);
    events.push(`quick stopped at ${clock.monotonic()}`);
  });
  lifecycle.onStop('stuck', () => new Promise<void>(() => undefined));
  const stopped = stop(1_000);
  await clock.advance(1_100);
  await stopped;
  expect(events).toEqual(['stuck: Error: not stopped within 1000 ms', 'quick stopped at 1050']);
});

test('stopping twice runs every teardown once, and both wait for the end', async () => {
  const { clock, lifecycle, events, stop } = setUp();
  lifecycle.onStop('worker', async () => {
    await sleep(clock, 10);
    events.push('stopped');
  });
  const both = Promise.all([stop(1_000), stop(1)]);
  await clock.advance(10);
  await both;
  expect(events).toEqual(['stopped']);
});

test('nothing started is stopped at once', async () => {
  const { events, stop } = setUp();
  await stop(1_000);
  expect(events).toEqual([]);
});
