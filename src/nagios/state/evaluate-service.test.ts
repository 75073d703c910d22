import { describe, expect, test } from 'vitest';
import {
  eventKinds,
  hostIn,
  last,
  notificationPolicy,
  result,
  results,
  second,
  semantics,
  service,
  stateAfter,
  told,
  UP_HOST,
  walk,
} from '../../../test/monitored-objects.ts';
import type { CheckStateName } from '../../model/check.ts';
import type { Evaluation, StateEvent } from './evaluation.ts';
import { lastSeenAt, NEW_SERVICE, type ServiceState } from './object-state.ts';

/** `critical soft 1` and so on. */
function standing({ state, stateType, attempt }: ServiceState): string {
  return `${state} ${stateType} ${attempt}`;
}

/** The log of an evaluation, `critical soft 1`. */
function log({ events }: Evaluation<unknown>): string[] {
  return events
    .filter((event): event is Extract<StateEvent, { kind: 'alert' }> => event.kind === 'alert')
    .map(({ state, stateType, attempt }) => `${state} ${stateType} ${attempt}`);
}

/** What a walk of letters comes to, one line a result. */
function lines(letters: string, maxCheckAttempts: number): string[] {
  return walk(service({ maxCheckAttempts }), results(letters)).map((evaluation) => {
    const alerts = log(evaluation).length > 0 ? ' log' : '';
    const handlers = evaluation.eventHandlers.length > 0 ? ' handler' : '';
    const retry = evaluation.retryAt === null ? '' : ' retry';
    const notified = told([evaluation]).map((text) => ` ${text}`);
    return standing(evaluation.state) + alerts + handlers + retry + notified.join('');
  });
}

describe('2 the walk between soft and hard', () => {
  test.each([
    ['2.0.1 OK that stays', 'O O', 1, ['ok hard 1', 'ok hard 1']],
    [
      '2.0.3 a problem with one attempt is hard at once',
      'C',
      1,
      ['critical hard 1 log handler problem:sent'],
    ],
    [
      '2.0.7 a hard problem that stays',
      'C C',
      1,
      [expect.any(String), 'critical hard 1 problem:interval'],
    ],
    [
      '2.0.8 another hard problem at once',
      'C W',
      1,
      [expect.any(String), 'warning hard 1 log handler problem:sent'],
    ],
    [
      '2.0.9 a hard recovery',
      'C O',
      1,
      [expect.any(String), 'ok hard 1 log handler recovery:sent'],
    ],
    ['2.0.2 a problem is soft first', 'C', 2, ['critical soft 1 log handler retry']],
    [
      '2.0.5 the last attempt makes it hard',
      'C C',
      2,
      [expect.any(String), 'critical hard 2 log handler problem:sent'],
    ],
    [
      '2.0.5 the last attempt, another problem',
      'C W',
      2,
      [expect.any(String), 'warning hard 2 log handler problem:sent'],
    ],
    ['2.0.6 a soft recovery', 'C O', 2, [expect.any(String), 'ok hard 1 log handler']],
    [
      '2.0.4 a change between problems counts on',
      'O C W C C W O O',
      3,
      [
        'ok hard 1',
        'critical soft 1 log handler retry',
        'warning soft 2 log handler retry',
        'critical hard 3 log handler problem:sent',
        'critical hard 3 problem:interval',
        'warning hard 3 log handler problem:sent',
        'ok hard 1 log handler recovery:sent',
        'ok hard 1',
      ],
    ],
    [
      '2.0.6 after a soft recovery attempts begin again',
      'C C O C',
      3,
      [...Array(3).fill(expect.any(String)), 'critical soft 1 log handler retry'],
    ],
  ])('%s: %s with %d attempts', (_rule, letters, maxCheckAttempts, expected) => {
    expect(lines(letters, maxCheckAttempts)).toEqual(expected);
  });

  test('a retry is due one retry interval after the result', () => {
    const [evaluation] = walk(service({ retryIntervalMs: 7_000 }), results('C'));
    expect(evaluation?.retryAt).toBe(second(17));
  });

  test('a soft recovery is logged as soft, with the attempt of the problem that it ends', () => {
    expect(walk(service(), results('C C O')).map(log)).toEqual([
      ['critical soft 1'],
      ['critical soft 2'],
      ['ok soft 2'],
    ]);
  });

  test('a hard recovery is logged with the attempt of the problem that it ends', () => {
    expect(log(last(walk(service(), results('C C C O'))))).toEqual(['ok hard 3']);
  });

  test('rule 2.0.10: a change is told at once, whatever the interval since the last notification', () => {
    const notification = notificationPolicy<CheckStateName>({ intervalMs: 0 });
    const once = service({ maxCheckAttempts: 1, notification });
    expect(told(walk(once, results('C C W W')))).toEqual([
      ...['problem:sent', 'problem:exhausted'],
      ...['problem:sent', 'problem:exhausted'],
    ]);
  });

  test('an event has a number, a problem that of its first event until it is over', () => {
    const numbers = walk(service(), results('O C C W O W')).map(({ state }) => [
      state.eventNumber,
      state.problemNumber,
      state.lastProblemNumber,
    ]);
    expect(numbers).toEqual([
      [0, 0, 0],
      [1, 1, 0],
      [1, 1, 0],
      [2, 1, 0],
      [3, 0, 1],
      [4, 4, 1],
    ]);
  });

  test('the last change is of any state, the last hard change of hard ones and recoveries', () => {
    const times = walk(service(), results('O C C C W O C O')).map(({ state }) => [
      state.lastStateChangeAt,
      state.lastHardStateChangeAt,
    ]);
    const expected = [
      [10, 10],
      [20, 10],
      [20, 10],
      [20, 40],
      [50, 50],
      [60, 60],
      [70, 60],
      [80, 80],
    ];
    expect(times).toEqual(expected.map((pair) => pair.map(second)));
  });

  test('the last time in each state is that of its last result', () => {
    const state = stateAfter('O O W C C');
    expect(lastSeenAt(state, 'ok')).toBe(second(20));
    expect(lastSeenAt(state, 'warning')).toBe(second(30));
    expect(lastSeenAt(state, 'critical')).toBe(second(50));
    expect(lastSeenAt(state, 'unknown')).toBeNull();
  });

  test('fewer attempts than were made end a soft problem with the next result', () => {
    const soft = stateAfter('C C C C', service({ maxCheckAttempts: 9 }));
    const [evaluation] = walk(service({ maxCheckAttempts: 2 }), [result('critical', 99)], soft);
    expect(evaluation && standing(evaluation.state)).toBe('critical hard 2');
  });

  test('hardProblemAttempt "first" shows attempt 1, as Icinga', () => {
    const situation = service({ semantics: semantics({ hardProblemAttempt: 'first' }) });
    const shown = walk(situation, results('C C C C W')).map(({ state }) => state.attempt);
    expect(shown).toEqual([1, 2, 1, 1, 1]);
  });
});

describe('2 a host that is not up', () => {
  const down = service({}, { host: hostIn('down', 'soft') });

  test('makes a problem hard at the last attempt, logs it, and tells nobody', () => {
    const [evaluation] = walk(down, [result('critical', 10)]);
    expect(evaluation && standing(evaluation.state)).toBe('critical hard 3');
    expect(evaluation?.state.hasHostProblem).toBe(true);
    expect(evaluation && log(evaluation)).toEqual(['critical hard 3']);
    expect(evaluation?.retryAt).toBeNull();
    expect(evaluation && told([evaluation])).toEqual(['problem:hostNotUp']);
  });

  test('makes a soft problem hard, without telling it again while it lasts', () => {
    const soft = stateAfter('C');
    const evaluations = walk(down, results('C C', 20), soft);
    expect(evaluations.map(log)).toEqual([['critical hard 3'], []]);
    expect(told(evaluations)).toEqual(['problem:hostNotUp', 'problem:hostNotUp']);
  });

  test('leaves an OK result alone', () => {
    expect(standing(last(walk(down, results('C O'))).state)).toBe('ok hard 1');
  });

  test('and is up again: a problem that lasts is told', () => {
    const forced = last(walk(down, [result('critical', 10)])).state;
    const [evaluation] = walk(service(), [result('critical', 20)], forced);
    expect(evaluation?.state.hasHostProblem).toBe(false);
    expect(evaluation && told([evaluation])).toEqual(['problem:sent']);
  });

  test('and is up again: a problem still soft begins at attempt 1', () => {
    const soft: ServiceState = { ...stateAfter('C C'), hasHostProblem: true };
    const [evaluation] = walk(service(), [result('critical', 90)], soft);
    expect(evaluation && standing(evaluation.state)).toBe('critical soft 1');
  });
});

describe('2 the host is checked on demand', () => {
  const stale = service({}, { host: { ...UP_HOST, checkedAt: second(0) } });

  test('when a service becomes a problem or another one', () => {
    const wanted = walk(stale, results('O C C W', 20)).map(({ wantedChecks }) => wantedChecks);
    expect(wanted.map((checks) => checks.includes('host'))).toEqual([false, true, false, true]);
  });

  test('when a service is OK on a host that is not up', () => {
    const situation = service({}, { host: { ...hostIn('down'), checkedAt: second(0) } });
    const [evaluation] = walk(situation, [result('ok', 20)]);
    expect(evaluation?.wantedChecks).toEqual(['host']);
  });

  test('unless its result is younger than the horizon', () => {
    const wanted = [14, 15].map((at) => last(walk(stale, [result('critical', at)])).wantedChecks);
    expect(wanted).toEqual([[], ['host']]);
  });

  test('3 at the last attempt but one, masters are checked', () => {
    const wanted = walk(service(), results('C C C')).map(({ wantedChecks }) => wantedChecks);
    expect(wanted).toEqual([[], ['masters'], []]);
    const off = service({
      semantics: semantics({ enablePredictiveServiceDependencyChecks: false }),
    });
    expect(walk(off, results('C C')).flatMap(({ wantedChecks }) => wantedChecks)).toEqual([]);
  });
});

describe('3 a check that is left out and is given a state', () => {
  const skipped = (state: CheckStateName, seconds: number) =>
    ({ kind: 'skipped', at: second(seconds), scheduledAt: second(seconds), state }) as const;

  test('rule 3.0.7: is hard at once and logged, without a word, a handler or a retry', () => {
    const [evaluation, again] = walk(service(), [skipped('unknown', 10), skipped('unknown', 20)]);
    expect(evaluation && standing(evaluation.state)).toBe('unknown hard 3');
    expect(evaluation && log(evaluation)).toEqual(['unknown hard 3']);
    expect(evaluation).toMatchObject({ notifications: [], eventHandlers: [], retryAt: null });
    expect(again && log(again)).toEqual([]);
    expect(again?.state.scheduledAt).toBe(second(20));
  });

  test('rule 3.0.7: with OK ends a problem without a word, and the next one is told anew', () => {
    const situation = service({ maxCheckAttempts: 1 });
    const inputs = [...results('C'), skipped('ok', 20), result('ok', 30), result('critical', 40)];
    const evaluations = walk(situation, inputs);
    expect(told(evaluations)).toEqual(['problem:sent', 'problem:sent']);
    expect(evaluations.flatMap(log)).toEqual([
      ...['critical hard 1', 'ok hard 1', 'critical hard 1'],
    ]);
    expect(last(evaluations).notifications[0]?.number).toBe(1);
  });

  test('rule 3.0.7: and is run again: its result is judged as after any hard state', () => {
    const inputs = [skipped('unknown', 10), result('critical', 20), result('ok', 30)];
    expect(walk(service(), inputs).map(({ state }) => standing(state))).toEqual([
      ...['unknown hard 3', 'critical hard 3', 'ok hard 1'],
    ]);
  });

  test('a state that is no newer than the newest result changes nothing', () => {
    const [, late] = walk(service(), [result('ok', 10), skipped('unknown', 10)]);
    expect(late?.hasEffect).toBe(false);
  });

  test('flapping takes no notice of it', () => {
    const inputs = [10, 20, 30].flatMap((at) => [skipped('unknown', at), skipped('ok', at + 5)]);
    expect(last(walk(service(), inputs)).state.flapping.percent).toBe(0);
  });
});

describe('2 volatile and stalking', () => {
  test('every hard problem of a volatile service is logged, handled and told', () => {
    const situation = service({ isVolatile: true, maxCheckAttempts: 2 });
    const evaluations = walk(situation, results('C C C C'));
    expect(evaluations.flatMap(log)).toHaveLength(4);
    expect(evaluations.map(({ eventHandlers }) => eventHandlers.length)).toEqual([1, 1, 1, 1]);
    expect(told(evaluations)).toEqual(['problem:sent', 'problem:sent', 'problem:sent']);
  });

  test('a changed output is logged in a stalked state only', () => {
    const situation = service({ stalking: ['ok'], maxCheckAttempts: 1 });
    const outputs = ['a', 'a', 'b'].map((output, index) => result('ok', index, { output }));
    const problems = ['c', 'd'].map((output, index) => result('critical', 10 + index, { output }));
    expect(walk(situation, [...outputs, ...problems]).map((one) => log(one).length)).toEqual([
      ...[0, 0, 1],
      ...[1, 0],
    ]);
  });

  test('stalked notifications are logged when one is sent', () => {
    const situation = service({ stalksNotifications: true, maxCheckAttempts: 1 });
    const inputs = [10, 20, 80].map((at) => result('critical', at));
    expect(walk(situation, inputs).map(({ events }) => events)).toMatchObject([
      [{ cause: 'change' }],
      [],
      [{ cause: 'notification' }],
    ]);
  });
});

describe('F21, F22 what is older or repeated', () => {
  test.each([10, 9])('a result due at second %d changes nothing after one of second 10', (due) => {
    const state = stateAfter('C');
    const [evaluation] = walk(service(), [result('ok', 99, { scheduledAt: second(due) })], state);
    expect(evaluation).toMatchObject({ hasEffect: false, events: [], notifications: [] });
    expect(evaluation?.state).toBe(state);
  });
});

describe('lapses', () => {
  test('results that stay out are told once, and that they are back', () => {
    const silence = { kind: 'notMeasured', at: second(50), scheduledAt: second(10) } as const;
    const evaluations = walk(service(), [...results('O'), silence, silence, result('ok', 60)]);
    expect(eventKinds(evaluations)).toEqual(['notMeasured', 'measured']);
    expect(evaluations.map(({ state }) => state.isMeasured)).toEqual([true, false, false, true]);
  });

  test('10.1 results that stay out since nobody asks are no news, until somebody should', () => {
    const silence = { kind: 'notMeasured', at: second(50), scheduledAt: second(10) } as const;
    const resting = { ...silence, isExpected: true };
    const back = walk(service(), [...results('O'), resting, resting, result('ok', 60)]);
    expect(eventKinds(back)).toEqual([]);
    expect(back.map(({ hasEffect }) => hasEffect)).toEqual([true, true, false, true]);
    const faulty = walk(service(), [...results('O'), resting, silence, silence, resting]);
    expect(eventKinds(faulty)).toEqual(['notMeasured']);
    expect(last(faulty).state).toMatchObject({ isMeasured: false, isSilenceExpected: false });
  });

  test('9 a stale result forces a check once', () => {
    const stale = { kind: 'stale', at: second(50), scheduledAt: second(10) } as const;
    const evaluations = walk(service(), [...results('O'), stale, stale]);
    expect(evaluations.map(({ wantedChecks }) => wantedChecks)).toEqual([[], ['itself'], []]);
    expect(eventKinds(evaluations)).toEqual(['stale']);
  });

  test.each(['stale', 'notMeasured'] as const)(
    'a lapse %s that a result overtook is nothing',
    (kind) => {
      const lapse = { kind, at: second(50), scheduledAt: second(10) };
      expect(last(walk(service(), [...results('O O'), lapse])).hasEffect).toBe(false);
    },
  );

  test('9 a forced check is dropped when a result came meanwhile', () => {
    const stale = { kind: 'stale', at: second(50), scheduledAt: second(10) } as const;
    const passive = result('ok', 60, { source: 'passive' });
    const forced = result('critical', 70, { isFreshnessCheck: true });
    expect(walk(service(), [...results('O'), stale, forced]).at(-1)?.hasEffect).toBe(true);
    expect(walk(service(), [...results('O'), stale, passive, forced]).at(-1)?.hasEffect).toBe(
      false,
    );
  });

  test('a lapse before the first result counts', () => {
    const lapse = { kind: 'notMeasured', at: second(50), scheduledAt: null } as const;
    expect(walk(service(), [lapse], NEW_SERVICE).at(-1)?.hasEffect).toBe(true);
  });
});
