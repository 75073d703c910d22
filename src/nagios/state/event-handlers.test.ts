import { describe, expect, test } from 'vitest';
import { START } from '../../../test/monitored-objects.ts';
import { findZone } from '../time/zone.ts';
import type { Transition } from './attempts.ts';
import { selectEventHandlers } from './event-handlers.ts';

const POLICY = { hasGlobal: true, hasOwn: true, period: null };

function handlers(transition: Transition, policy = {}, details = {}): readonly string[] {
  const handled = { transition, isVolatile: false, at: START, isEnabled: true, ...details };
  return selectEventHandlers({ ...POLICY, ...policy }, handled);
}

describe('10.2 event handlers', () => {
  test.each<[Transition, boolean, boolean]>([
    ['softProblem', false, true],
    ['hardProblem', false, true],
    ['softRecovery', false, true],
    ['hardRecovery', false, true],
    ['stillProblem', false, false],
    ['stillProblem', true, true],
    ['stillGood', true, false],
  ])('%s, volatile %s: run %s', (transition, isVolatile, runs) => {
    expect(handlers(transition, {}, { isVolatile }).length > 0).toBe(runs);
  });

  test('the global one is first', () => {
    expect(handlers('hardProblem')).toEqual(['global', 'object']);
    expect(handlers('hardProblem', { hasGlobal: false })).toEqual(['object']);
    expect(handlers('hardProblem', { hasOwn: false })).toEqual(['global']);
    expect(handlers('hardProblem', { hasOwn: false, hasGlobal: false })).toEqual([]);
  });

  test('none runs when switched off or out of the period', () => {
    const zone = findZone('UTC') ?? expect.fail('no UTC');
    const period = { zone, weekdays: [], exceptions: [], exclude: [] };
    expect(handlers('hardProblem', {}, { isEnabled: false })).toEqual([]);
    expect(handlers('hardProblem', { period })).toEqual([]);
  });
});
