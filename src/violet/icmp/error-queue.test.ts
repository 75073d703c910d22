import { expect, test } from 'vitest';
import { errorMessage } from '../../../test/error-message.ts';
import { createErrorQueue } from './error-queue.ts';

const MESSAGE = errorMessage(4, { serial: 1, token: 1n });
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A queue of so many messages. */
function queueOf(count: number) {
  const state = { left: count, readCount: 0 };
  const read = () => (state.left-- > 0 ? MESSAGE : null);
  const queue = createErrorQueue(read, () => state.readCount++);
  return { queue, state };
}

test('what is there is read at once', () => {
  const { queue, state } = queueOf(3);
  expect(queue.drain()).toBe('all');
  expect(state.readCount).toBe(3);
  expect(queue.drain()).toBe('nothing');
});

test('an empty one has nothing', () => {
  expect(queueOf(0).queue.drain()).toBe('nothing');
});

test('no more than 64 are read in a turn, and the rest without being asked again', async () => {
  const { queue, state } = queueOf(150);
  const counts: number[] = [];
  expect(queue.drain()).toBe('more');
  // There is more, and it must not be taken for nothing.
  expect(queue.drain()).toBe('more');
  counts.push(state.readCount);
  for (let turn = 0; turn < 3; turn++) {
    await nextTurn();
    counts.push(state.readCount);
  }
  expect(counts).toEqual([64, 128, 150, 150]);
  expect(queue.drain()).toBe('nothing');
});

test('many small parts in one turn are no more than one large', async () => {
  const state = { isThere: false, readCount: 0 };
  const read = () => {
    state.isThere = !state.isThere;
    return state.isThere ? MESSAGE : null;
  };
  const queue = createErrorQueue(read, () => state.readCount++);
  for (let time = 0; time < 100; time++) queue.drain();
  expect(state.readCount).toBe(64);
  await nextTurn();
  queue.drain();
  expect(state.readCount).toBeGreaterThan(64);
});
