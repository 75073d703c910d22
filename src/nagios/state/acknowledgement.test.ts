import { describe, expect, test } from 'vitest';
import {
  eventKinds,
  last,
  result,
  results,
  second,
  service,
  told,
  walk,
} from '../../../test/monitored-objects.ts';
import type { Acknowledgement } from './acknowledgement.ts';
import type { ServiceInput, StateEvent } from './evaluation.ts';
import { nextChangeAt } from './inputs.ts';

const situation = service({ maxCheckAttempts: 1 });

function acknowledge(
  overrides: Partial<Acknowledgement> = {},
  { at = 15, notify = false } = {},
): ServiceInput {
  const acknowledgement = {
    id: 'a1',
    isSticky: false,
    isPersistent: false,
    author: 'anna',
    comment: 'known',
    expiresAt: null,
    ...overrides,
  };
  return { kind: 'acknowledge', at: second(at), acknowledgement, notify };
}

/** Why acknowledgements ended, in order. */
function ends(inputs: readonly ServiceInput[]): string[] {
  return walk(situation, inputs)
    .flatMap(({ events }) => events)
    .filter((event): event is Extract<StateEvent, { why: string }> => 'why' in event)
    .map(({ id, why }) => `${id} ${why}`);
}

describe('6 acknowledgements', () => {
  test.each([
    ['normal', false, 'W', ['a1 stateChanged']],
    ['normal', false, 'O', ['a1 recovered']],
    ['sticky', true, 'W', []],
    ['sticky', true, 'W C O', ['a1 recovered']],
    ['normal', false, 'C', []],
  ])('15.10 a %s one (sticky %s), then %s', (_title, isSticky, letters, expected) => {
    const inputs = [...results('C'), acknowledge({ isSticky }), ...results(letters, 20)];
    expect(ends(inputs)).toEqual(expected);
  });

  test('a normal one stays when a soft problem becomes hard', () => {
    const soft = service({ maxCheckAttempts: 2 });
    const evaluations = walk(soft, [...results('C'), acknowledge(), ...results('C', 20)]);
    expect(last(evaluations).state).toMatchObject({ stateType: 'hard' });
    expect(last(evaluations).state.acknowledgement).not.toBeNull();
    expect(told(evaluations)).toEqual(['problem:acknowledged']);
  });

  test('of an object without a problem is ignored', () => {
    const evaluations = walk(situation, [...results('O'), acknowledge({}, { notify: true })]);
    expect(last(evaluations).state.acknowledgement).toBeNull();
    expect(eventKinds(evaluations)).toEqual([]);
    expect(told(evaluations)).toEqual([]);
  });

  test('15.10 an expiring one ends at its time, and notifications resume', () => {
    const expiring = acknowledge({ expiresAt: second(100) });
    const inputs = [...results('C'), expiring, result('critical', 80), result('critical', 100)];
    const evaluations = walk(situation, inputs);
    expect(ends(inputs)).toEqual(['a1 expired']);
    expect(told(evaluations)).toEqual(['problem:sent', 'problem:acknowledged', 'problem:sent']);
    expect(evaluations[1] && nextChangeAt(evaluations[1].state)).toBe(second(100));
  });

  test('one whose time is over is ignored', () => {
    const late = acknowledge({ expiresAt: second(15) });
    expect(eventKinds(walk(situation, [...results('C'), late]))).toEqual(['alert']);
  });

  test.each([true, false])('its comment goes with it unless persistent (%s)', (isPersistent) => {
    const inputs = [...results('C'), acknowledge({ isPersistent }), ...results('O', 20)];
    const [end] = last(walk(situation, inputs)).events;
    expect(end).toMatchObject({ kind: 'acknowledgementEnded', endsComment: !isPersistent });
  });

  test('another one takes its place', () => {
    const inputs = [...results('C'), acknowledge(), acknowledge({ id: 'a2' }, { at: 16 })];
    expect(ends(inputs)).toEqual(['a1 replaced']);
    expect(last(walk(situation, inputs)).state.acknowledgement?.id).toBe('a2');
  });

  test('a removed one is gone, and does not come back by repetition', () => {
    const remove = { kind: 'removeAcknowledgement', at: second(16), id: 'a1' } as const;
    const inputs = [...results('C'), acknowledge(), remove, remove, acknowledge()];
    expect(ends(inputs)).toEqual(['a1 removed']);
    expect(last(walk(situation, inputs)).hasEffect).toBe(false);
  });

  test('a removal that comes before its acknowledgement wins', () => {
    const remove = { kind: 'removeAcknowledgement', at: second(14), id: 'a1' } as const;
    const inputs = [...results('C'), remove, acknowledge()];
    expect(last(walk(situation, inputs)).state.acknowledgement).toBeNull();
  });

  test('people are told of it when wanted', () => {
    const inputs = [...results('C'), acknowledge({}, { notify: true })];
    const [notification] = last(walk(situation, inputs)).notifications;
    expect(notification).toMatchObject({
      type: 'acknowledgement',
      reason: 'sent',
      author: 'anna',
      comment: 'known',
    });
  });
});
