import { expect, test } from 'vitest';
import { AssertionError, assert, assertNever } from './assert.ts';

test('a broken invariant is thrown with its sentence', () => {
  expect(() => assert(false, 'the heap is ordered')).toThrow(
    new AssertionError('the heap is ordered'),
  );
  expect(() => assert(true, 'the heap is ordered')).not.toThrow();
});

test('a value that the types exclude is named', () => {
  expect(() => assertNever('purple' as never)).toThrow('unexpected value "purple"');
});
