import { expect, test } from 'vitest';
import { createSimulatedClock } from '../../test/simulated-clock.ts';
import { startDeadline } from './deadline.ts';

test('it aborts when its time is over', async () => {
  const clock = createSimulatedClock();
  const deadline = startDeadline(clock, 100);
  await clock.advance(99);
  expect(deadline.signal.aborted).toBe(false);
  await clock.advance(1);
  expect([deadline.signal.aborted, deadline.hasExpired()]).toEqual([true, true]);
});

test('it aborts with its parent, which is not an expiry', async () => {
  const clock = createSimulatedClock();
  const parent = new AbortController();
  const deadline = startDeadline(clock, 100, parent.signal);
  parent.abort(new Error('stop'));
  expect(deadline.signal.reason).toEqual(new Error('stop'));
  await clock.advance(200);
  expect(deadline.hasExpired()).toBe(false);
  expect(startDeadline(clock, 100, parent.signal).signal.aborted).toBe(true);
});

test('ended, it leaves no timer and does not follow its parent', () => {
  const clock = createSimulatedClock();
  const parent = new AbortController();
  const deadline = startDeadline(clock, 100, parent.signal);
  deadline.end();
  parent.abort();
  expect([clock.timerCount, deadline.signal.aborted]).toEqual([0, false]);
});
