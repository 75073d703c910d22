import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deque } from './deque.ts';

test('behaves like an array at both ends, whatever is done to it', () => {
  const operation = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('push' as const, 'unshift' as const) },
    { weight: 3, arbitrary: fc.constant('shift' as const) },
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
      const deque = new Deque<number>();
      const model: number[] = [];
      for (const [value, name] of operations.entries()) {
        if (name === 'shift') expect(deque.shift()).toBe(model.shift());
        else {
          deque[name](value);
          model[name](value);
        }
        expect(deque.count).toBe(model.length);
        expect(deque.first).toBe(model[0]);
      }
      expect(deque.peek(5)).toEqual(model.slice(0, 5));
      expect(deque.drain()).toEqual(model);
      expect(deque.count).toBe(0);
      expect(deque.shift()).toBeUndefined();
    }),
  );
});

test('taking from a long one is as cheap as from a short one', () => {
  const deque = new Deque<number>();
  for (let value = 0; value < 300_000; value++) deque.push(value);
  const startedAt = performance.now();
  let wrongCount = 0;
  for (let value = 0; value < 300_000; value++) if (deque.shift() !== value) wrongCount++;
  expect(wrongCount).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
