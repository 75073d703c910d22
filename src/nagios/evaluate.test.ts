import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHECK_STATES } from '../model/check.ts';
import { type CheckState, evaluate, type StateInput } from './evaluate.ts';

const inputs: fc.Arbitrary<StateInput> = fc
  .record({ state: fc.constantFrom(...CHECK_STATES), scheduledAt: fc.nat(20) })
  .map(({ state, scheduledAt }) => ({ state, scheduledAt, finishedAt: scheduledAt * 10 }));

function applyAll(sequence: readonly StateInput[]): CheckState | null {
  let state: CheckState | null = null;
  for (const input of sequence) state = evaluate(state, input) ?? state;
  return state;
}

describe('state of a check', () => {
  test('a repeated or overtaken result changes nothing', () => {
    const state = { state: 'ok', scheduledAt: 10, lastStateChangeAt: 5 } as const;
    expect(evaluate(state, { state: 'critical', scheduledAt: 10, finishedAt: 12 })).toBeNull();
    expect(evaluate(state, { state: 'critical', scheduledAt: 9, finishedAt: 12 })).toBeNull();
  });

  test('the time of the last change stays while the state stays', () => {
    const first = evaluate(null, { state: 'ok', scheduledAt: 1, finishedAt: 2 });
    const same = evaluate(first, { state: 'ok', scheduledAt: 3, finishedAt: 4 });
    const changed = evaluate(same, { state: 'warning', scheduledAt: 5, finishedAt: 6 });
    expect([first, same, changed].map((state) => state?.lastStateChangeAt)).toEqual([2, 2, 6]);
  });

  test('delivering anything twice gives the same state', () => {
    fc.assert(
      fc.property(fc.array(inputs), (sequence) => {
        const twice = sequence.flatMap((input) => [input, input]);
        expect(applyAll(twice)).toEqual(applyAll(sequence));
      }),
    );
  });

  test('the state is that of the newest result, in whatever order results come', () => {
    fc.assert(
      fc.property(fc.array(inputs, { minLength: 1 }), (sequence) => {
        const newest = Math.max(...sequence.map((input) => input.scheduledAt));
        expect(applyAll(sequence)?.scheduledAt).toBe(newest);
      }),
    );
  });
});
