import { describe, expect, test } from 'vitest';
import { createSimulatedClock } from '../../test/simulated-clock.ts';
import { repeat, sleep, systemClock } from './clock.ts';

describe('the system clock', () => {
  test('runs a timer once, not before its delay', async () => {
    const start = systemClock.monotonic();
    await new Promise<void>((resolve) => systemClock.setTimer(20, resolve));
    expect(systemClock.monotonic() - start).toBeGreaterThanOrEqual(19);
  });

  test('does not run a timer that was cancelled', async () => {
    let hasRun = false;
    const cancel = systemClock.setTimer(1, () => {
      hasRun = true;
    });
    cancel();
    cancel();
    await sleep(systemClock, 20);
    expect(hasRun).toBe(false);
  });
});

describe('sleep', () => {
  test('resolves when its time has passed', async () => {
    const clock = createSimulatedClock();
    let isAwake = false;
    const sleeping = sleep(clock, 1_000).then(() => {
      isAwake = true;
    });
    await clock.advance(999);
    expect(isAwake).toBe(false);
    await clock.advance(1);
    await sleeping;
    expect(isAwake).toBe(true);
  });

  test('resolves at once when the signal aborts, and leaves no timer', async () => {
    const clock = createSimulatedClock();
    const stopping = new AbortController();
    const sleeping = sleep(clock, 1_000, stopping.signal);
    stopping.abort();
    await sleeping;
    expect(clock.timerCount).toBe(0);
  });

  test('does not begin when the signal has aborted before', async () => {
    const clock = createSimulatedClock();
    await sleep(clock, 1_000, AbortSignal.abort());
    expect(clock.timerCount).toBe(0);
  });
});

describe('repeat', () => {
  const failOnError = (error: unknown) => expect.unreachable(String(error));

  test('waits the interval from the end of one run to the start of the next', async () => {
    const clock = createSimulatedClock();
    const starts: number[] = [];
    const task = async () => {
      starts.push(clock.monotonic());
      await sleep(clock, 50);
    };
    const repetition = repeat(clock, 100, task, failOnError);
    await clock.advance(420);
    expect(starts).toEqual([100, 250, 400]);
    await clock.advance(80);
    await repetition.stop();
  });

  test('goes on after a task that failed', async () => {
    const clock = createSimulatedClock();
    const errors: unknown[] = [];
    const task = async () => {
      throw new Error(`at ${clock.monotonic()}`);
    };
    const repetition = repeat(clock, 10, task, (error) => errors.push(error));
    await clock.advance(20);
    expect(errors.map(String)).toEqual(['Error: at 10', 'Error: at 20']);
    await repetition.stop();
  });

  test('stop waits for the running task, and nothing runs after it', async () => {
    const clock = createSimulatedClock();
    const events: string[] = [];
    const task = async () => {
      events.push('start');
      await sleep(clock, 50);
      events.push('end');
    };
    const repetition = repeat(clock, 10, task, failOnError);
    await clock.advance(20);
    const stopped = repetition.stop().then(() => events.push('stopped'));
    await clock.advance(1_000);
    await stopped;
    expect(events).toEqual(['start', 'end', 'stopped']);
    expect(clock.timerCount).toBe(0);
  });

  test('stop before the first run lets nothing run', async () => {
    const clock = createSimulatedClock();
    const repetition = repeat(clock, 10, async () => expect.unreachable(), failOnError);
    await repetition.stop();
    await clock.advance(100);
    expect(clock.timerCount).toBe(0);
  });
});
