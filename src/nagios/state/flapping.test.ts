import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  eventKinds,
  host,
  hostResult,
  last,
  notificationPolicy,
  result,
  results,
  second,
  semantics,
  service,
  told,
  walk,
  walkHost,
} from '../../../test/monitored-objects.ts';
import type { CheckStateName } from '../../model/check.ts';
import type { ServiceInput } from './evaluation.ts';
import { type Flapping, type FlapRules, noFlapping, recordState, turnOf } from './flapping.ts';
import type { ServiceSituation } from './policy.ts';

const RULES: FlapRules = {
  isEnabled: true,
  low: 20,
  high: 30,
  weightOldest: 0.75,
  weightNewest: 1.25,
};

function record(states: Iterable<string>, rules = RULES): Flapping<string> {
  let flapping = noFlapping<string>('O');
  for (const state of states) flapping = recordState(flapping, state, rules);
  return flapping;
}

describe('4 how much states change', () => {
  test.each([
    ['alternating 21', `${'OC'.repeat(10)}O`, 100],
    ['only the oldest of 21', `O${'C'.repeat(20)}`, 3.75],
    ['only the newest of 21', `${'O'.repeat(20)}C`, 6.25],
    ['one that is forgotten', `O${'C'.repeat(21)}`, 0],
    ['none', 'O'.repeat(30), 0],
  ])('15.7 %s', (_title, states, percent) => {
    expect(record(states).percent).toBeCloseTo(percent, 10);
  });

  test('weights are settings: those of Icinga', () => {
    const icinga = { ...RULES, weightOldest: 0.8, weightNewest: 1.18 };
    expect(record(`${'O'.repeat(20)}C`, icinga).percent).toBeCloseTo(5.9, 10);
  });

  test('is what a plain reading of the last 21 states says', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('O', 'W', 'C'), { maxLength: 60 }), (states) => {
        const ring = [...Array(21).fill('O'), ...states].slice(-21);
        const weights = ring.slice(1).map((_state, index) => 0.75 + (0.5 * index) / 19);
        const sum = weights.filter((_weight, index) => ring[index] !== ring[index + 1]);
        const percent = (sum.reduce((total, weight) => total + weight, 0) / 20) * 100;
        expect(record(states).percent).toBeCloseTo(percent, 8);
      }),
    );
  });

  test('a state that says nothing new changes nothing', () => {
    const flapping = noFlapping('O');
    expect(recordState(flapping, 'O', RULES)).toBe(flapping);
  });
});

describe('4 when flapping starts and stops', () => {
  const at = (percent: number, isFlapping: boolean) =>
    turnOf({ ...noFlapping('O'), percent, isFlapping }, RULES);

  test.each([
    [29.9, false, null],
    [30, false, 'started'],
    [30, true, null],
    [20.1, true, null],
    [20, true, 'stopped'],
    [20, false, null],
  ])('%d percent, flapping %s: %s', (percent, isFlapping, expected) => {
    expect(at(percent, isFlapping)).toBe(expected);
  });
});

const WATCHED = semantics({ enableFlapDetection: true });
/** Enough changes to flap; 10 seconds each, from second 10 on. */
const RESTLESS = 'C O C O C O C';

function flapper(overrides: Partial<ServiceSituation['policy']> = {}): ServiceSituation {
  return service({ maxCheckAttempts: 1, semantics: WATCHED, ...overrides });
}

function calm(letter: string, from: number): ServiceInput[] {
  return results(Array(21).fill(letter).join(' '), from);
}

describe('4 flapping of an object', () => {
  test('is told, and keeps other notifications back', () => {
    const evaluations = walk(flapper(), results(RESTLESS));
    expect(eventKinds(evaluations)).toContain('flappingStarted');
    expect(told(evaluations).slice(-3)).toEqual([
      'flappingStart:sent',
      'recovery:flapping',
      'problem:flapping',
    ]);
  });

  test('is over when the state stays; who was told of a problem is told of its end then', () => {
    const evaluations = walk(flapper(), [...results(RESTLESS), ...calm('O', 100)]);
    expect(last(evaluations).state.flapping).toMatchObject({ isFlapping: false });
    expect(told(evaluations).slice(-2)).toEqual(['flappingStop:sent', 'recovery:sent']);
    expect(last(evaluations).state.notified.states).toEqual([]);
  });

  test('is over in a problem: no recovery is told', () => {
    const evaluations = walk(flapper(), [...results(RESTLESS), ...calm('C', 100)]);
    const after = told(evaluations);
    expect(after.slice(after.indexOf('flappingStop:sent'))).not.toContain('recovery:sent');
    expect(after.slice(after.indexOf('flappingStop:sent'))).toContain('problem:sent');
  });

  test('is over without a word of recovery when nobody was told of a problem', () => {
    const silent = flapper({
      notification: notificationPolicy<CheckStateName>({ notifyOn: ['flapping'] }),
    });
    const after = told(walk(silent, [...results(RESTLESS), ...calm('O', 100)]));
    expect(after).not.toContain('recovery:sent');
    expect(last(after)).toBe('flappingStop:sent');
  });

  test('own thresholds win over those of the site', () => {
    const policy = { isEnabled: true, low: 50, high: 90, states: null };
    expect(eventKinds(walk(flapper({ flapping: policy }), results(RESTLESS)))).not.toContain(
      'flappingStarted',
    );
  });

  test.each([
    ['object', { flapping: { isEnabled: false, low: null, high: null, states: null } }],
    ['site', { semantics: semantics() }],
  ])('switched off for the %s it is cleared, the percentage goes on', (_title, overrides) => {
    const flapping = last(walk(flapper(), results(RESTLESS))).state;
    const off = flapper(overrides);
    const [evaluation] = walk(off, [result('ok', 100)], flapping);
    expect(evaluation?.state.flapping.isFlapping).toBe(false);
    expect(evaluation?.state.flapping.percent).toBeGreaterThan(30);
    expect(evaluation && eventKinds([evaluation])).toContain('flappingDisabled');
    expect(evaluation && told([evaluation])[0]).toBe('flappingDisabled:sent');
  });

  test('soft states of a service are not recorded, soft recoveries are', () => {
    const soft = walk(flapper({ maxCheckAttempts: 9 }), results('C W C O'));
    expect(soft.map(({ state }) => state.flapping.percent)).toEqual([0, 0, 0, 0]);
  });

  test('soft states of a host are recorded', () => {
    const [down] = walkHost(host(), [hostResult('critical', 10)]);
    expect(down?.state.flapping.percent).toBeCloseTo(6.25, 10);
  });

  test('states that are left out are not recorded', () => {
    const policy = { isEnabled: true, low: null, high: null, states: ['ok', 'warning'] as const };
    const evaluations = walk(flapper({ flapping: policy }), results(RESTLESS));
    expect(last(evaluations).state.flapping.percent).toBe(0);
  });

  test('a cleared history begins anew and ends the flapping', () => {
    const clear = { kind: 'clearFlapping', at: second(99), id: 'c' } as const;
    const evaluations = walk(flapper(), [...results(RESTLESS), clear, clear]);
    const [cleared, again] = evaluations.slice(-2);
    expect(cleared?.state.flapping).toMatchObject({ isFlapping: false, percent: 0 });
    expect(cleared && eventKinds([cleared])).toEqual(['flappingStopped']);
    expect(again?.hasEffect).toBe(false);
  });

  test("results of a host's services record its state too, but not too often", () => {
    const [down] = walkHost(host(), [hostResult('critical', 10)]);
    const feed = (at: number) => ({ kind: 'serviceChecked', at: second(at) }) as const;
    const evaluations = walkHost(host(), [feed(69), feed(70), feed(71)], down?.state);
    expect(evaluations.map(({ hasEffect }) => hasEffect)).toEqual([false, true, false]);
    expect(last(evaluations).state.flapping.percent).toBeLessThan(6.25);
  });
});
