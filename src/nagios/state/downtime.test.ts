import { describe, expect, test } from 'vitest';
import {
  eventKinds,
  last,
  notificationPolicy,
  result,
  results,
  second,
  service,
  told,
  walk,
} from '../../../test/monitored-objects.ts';
import type { Downtime } from './downtime.ts';
import type { ServiceInput } from './evaluation.ts';
import { nextChangeAt } from './inputs.ts';
import { isInDowntime } from './object-state.ts';

const situation = service({ maxCheckAttempts: 1 });

function schedule(overrides: Partial<Downtime> = {}, at = 5): ServiceInput {
  const downtime = {
    id: 'd1',
    startAt: second(100),
    endAt: second(200),
    isFixed: true,
    durationMs: 0,
    triggeredBy: null,
    author: 'anna',
    comment: 'new disk',
    ...overrides,
  };
  return { kind: 'scheduleDowntime', at: second(at), downtime };
}

function flexible(overrides: Partial<Downtime> = {}, at = 5): ServiceInput {
  return schedule({ isFixed: false, durationMs: 50_000, ...overrides }, at);
}

function time(at: number): ServiceInput {
  return { kind: 'time', at: second(at) };
}

function command(
  kind: 'startDowntime' | 'endDowntime' | 'cancelDowntime',
  at: number,
  id = 'd1',
): ServiceInput {
  return { kind, at: second(at), id };
}

/** At which seconds of some the object is in downtime. */
function inDowntimeAt(inputs: readonly ServiceInput[], seconds: readonly number[]): number[] {
  const evaluations = walk(situation, [...inputs, ...seconds.map(time)]).slice(inputs.length);
  return seconds.filter((_second, index) => isInDowntime(evaluations[index]?.state ?? NEVER));
}

const NEVER = last(walk(situation, [time(0)])).state;

describe('7 a fixed downtime', () => {
  test('is in effect from start to end', () => {
    expect(inDowntimeAt([schedule()], [50, 99, 100, 150, 199, 200, 250])).toEqual([100, 150, 199]);
    const evaluations = walk(situation, [schedule(), ...[50, 100, 150, 200].map(time)]);
    expect(eventKinds(evaluations)).toEqual(['downtimeStarted', 'downtimeEnded']);
    expect(told(evaluations)).toEqual(['downtimeStart:sent', 'downtimeEnd:sent']);
    expect(evaluations.map(({ state }) => nextChangeAt(state))).toEqual([
      ...[second(100), second(100)],
      ...[second(200), second(200), null],
    ]);
  });

  test('starts at once when its time has come already', () => {
    expect(eventKinds(walk(situation, [schedule({}, 150)]))).toEqual(['downtimeStarted']);
  });

  test('keeps notifications of problems and recoveries back', () => {
    const inputs = [schedule(), ...results('C O', 110)];
    expect(told(walk(situation, inputs))).toEqual([
      'downtimeStart:sent',
      'problem:downtime',
      'recovery:problemNotNotified',
    ]);
  });

  test.each([
    [60_000, ['problem:downtime', 'problem:sent']],
    [0, ['problem:downtime', 'problem:sent']],
  ])('with an interval of %d a problem is told after it', (intervalMs, expected) => {
    const notification = notificationPolicy<'critical'>({ intervalMs, notifyOn: ['critical'] });
    const once = service({ maxCheckAttempts: 1, notification });
    const inputs = [schedule(), result('critical', 150), result('critical', 200)];
    expect(told(walk(once, inputs)).filter((text) => text.startsWith('problem'))).toEqual(expected);
  });

  test('that is over when registered is refused', () => {
    const evaluations = walk(situation, [schedule({}, 200)]);
    expect(last(evaluations).events).toMatchObject([{ kind: 'downtimeRefused', why: 'over' }]);
  });

  test.each([
    [{ startAt: second(200) }, 'endBeforeStart'],
    [{ isFixed: false }, 'noDuration'],
  ] as const)('%j is refused: %s', (overrides, why) => {
    const evaluations = walk(situation, [schedule(overrides)]);
    expect(last(evaluations).events).toMatchObject([{ kind: 'downtimeRefused', why }]);
    expect(last(evaluations).state.downtimes).toEqual([]);
  });

  test('is registered once, and not again after it is over', () => {
    const inputs = [schedule(), schedule(), time(100), schedule(), time(200), schedule({}, 150)];
    expect(eventKinds(walk(situation, inputs))).toEqual(['downtimeStarted', 'downtimeEnded']);
  });

  test('the hundred and first of an object is refused', () => {
    const inputs = Array.from({ length: 101 }, (_one, index) => schedule({ id: `d${index}` }));
    const evaluations = walk(situation, inputs);
    expect(last(evaluations).state.downtimes).toHaveLength(100);
    expect(last(evaluations).events).toMatchObject([{ kind: 'downtimeRefused', why: 'tooMany' }]);
  });
});

describe('7 overlapping downtimes', () => {
  const second1 = { id: 'd2', startAt: second(150), endAt: second(300) };

  test('are told of as one', () => {
    const inputs = [schedule(), schedule(second1), ...[100, 150, 200, 300].map(time)];
    const evaluations = walk(situation, inputs);
    expect(told(evaluations)).toEqual(['downtimeStart:sent', 'downtimeEnd:sent']);
    expect(evaluations.flatMap(({ events }) => events)).toMatchObject([
      { kind: 'downtimeStarted', id: 'd1', isOutermost: true },
      { kind: 'downtimeStarted', id: 'd2', isOutermost: false },
      { kind: 'downtimeEnded', id: 'd1', isOutermost: false },
      { kind: 'downtimeEnded', id: 'd2', isOutermost: true },
    ]);
  });

  test('one that begins when another ends goes on with it', () => {
    const next = { id: 'd2', startAt: second(200), endAt: second(300) };
    const evaluations = walk(situation, [schedule(), schedule(next), time(100), time(200)]);
    expect(told(evaluations)).toEqual(['downtimeStart:sent']);
  });

  test('cancelling one of two is not told', () => {
    const inputs = [schedule(), schedule(second1), time(160), command('cancelDowntime', 170)];
    expect(told(walk(situation, inputs))).toEqual([
      'downtimeStart:sent',
      'downtimeCancelled:downtimeInDowntime',
    ]);
  });
});

describe('7 cancelling', () => {
  test('an active one ends it and is told', () => {
    const inputs = [schedule(), time(100), command('cancelDowntime', 150)];
    const evaluations = walk(situation, inputs);
    expect(told(evaluations)).toEqual(['downtimeStart:sent', 'downtimeCancelled:sent']);
    expect(isInDowntime(last(evaluations).state)).toBe(false);
  });

  test('a waiting one is not told', () => {
    const evaluations = walk(situation, [schedule(), command('cancelDowntime', 50), time(100)]);
    expect(told(evaluations)).toEqual([]);
    expect(eventKinds(evaluations)).toEqual(['downtimeCancelled']);
  });

  test('wins over a registration that comes after it', () => {
    const evaluations = walk(situation, [command('cancelDowntime', 4), schedule(), time(100)]);
    expect(eventKinds(evaluations)).toEqual([]);
  });
});

describe('7 a flexible downtime', () => {
  test('15.11 that is triggered late in the window lasts past its end', () => {
    const inputs = [flexible(), result('critical', 199)];
    expect(inDowntimeAt(inputs, [199, 200, 248, 249])).toEqual([199, 200, 248]);
  });

  test('15.11 that is never triggered expires', () => {
    const evaluations = walk(situation, [
      flexible(),
      time(150),
      time(200),
      result('critical', 210),
    ]);
    expect(eventKinds(evaluations)).toEqual(['downtimeExpired', 'alert']);
  });

  test('starts before the problem that starts it is told', () => {
    expect(told(walk(situation, [flexible(), result('critical', 150)]))).toEqual([
      'downtimeStart:sent',
      'problem:downtime',
    ]);
  });

  test('starts by a soft problem, but not by one that only goes on', () => {
    const soft = service({ maxCheckAttempts: 3 });
    const begun = walk(soft, [flexible(), result('critical', 150)]);
    expect(eventKinds(begun)).toContain('downtimeStarted');
    const known = [flexible(), result('critical', 90), result('critical', 101)];
    expect(eventKinds(walk(soft, known))).not.toContain('downtimeStarted');
    expect(eventKinds(walk(soft, [...known, result('critical', 110)]))).toContain(
      'downtimeStarted',
    );
  });

  test('does not start before its window', () => {
    expect(inDowntimeAt([flexible(), result('critical', 99)], [99, 150])).toEqual([]);
  });

  test('starts at once when registered in its window during a problem', () => {
    const evaluations = walk(situation, [result('critical', 90), flexible({}, 120)]);
    expect(last(evaluations).events).toMatchObject([
      { kind: 'downtimeStarted', endsAt: second(170) },
    ]);
  });

  test('5.1.13 about to start, it keeps a known problem back', () => {
    const inputs = [result('critical', 10), flexible({}, 20), result('critical', 110)];
    expect(told(walk(situation, inputs))).toEqual(['problem:sent', 'problem:downtimeArmed']);
  });
});

describe('7 a triggered downtime', () => {
  const triggered = schedule({ triggeredBy: 'other', startAt: second(0) });

  test('starts and ends with its trigger', () => {
    const inputs = [triggered, time(110), command('startDowntime', 120)];
    expect(inDowntimeAt(inputs, [120, 150])).toEqual([120, 150]);
    const ended = walk(situation, [...inputs, command('endDowntime', 150)]);
    expect(eventKinds(ended)).toEqual(['downtimeStarted', 'downtimeEnded']);
  });

  test('does not start of itself, nor by a problem', () => {
    const byProblem = schedule({ triggeredBy: 'other', isFixed: false, durationMs: 10_000 });
    expect(inDowntimeAt([triggered, result('critical', 110)], [120])).toEqual([]);
    expect(inDowntimeAt([byProblem, result('critical', 110)], [120])).toEqual([]);
  });

  test('a flexible one lasts its duration from then', () => {
    const lasting = flexible({ triggeredBy: 'other' });
    const inputs = [lasting, command('startDowntime', 190)];
    expect(inDowntimeAt(inputs, [190, 239, 240])).toEqual([190, 239]);
  });

  test('whose trigger never started expires with it', () => {
    const evaluations = walk(situation, [triggered, command('endDowntime', 150)]);
    expect(eventKinds(evaluations)).toEqual(['downtimeExpired']);
  });

  test('starts once', () => {
    const inputs = [triggered, command('startDowntime', 120), command('startDowntime', 121)];
    expect(last(walk(situation, inputs)).hasEffect).toBe(false);
  });

  test('one of its own does not follow any trigger', () => {
    expect(last(walk(situation, [schedule(), command('startDowntime', 50)])).hasEffect).toBe(false);
  });
});

describe('7 a downtime whose plan is changed', () => {
  const changed = (overrides: Partial<Downtime>, at: number) =>
    schedule({ revision: 1, ...overrides }, at);

  test('is extended while it lasts, and people hear of one beginning and one end', () => {
    const later = changed({ endAt: second(300) }, 150);
    const inputs = [schedule(), time(100), later, later];
    expect(inDowntimeAt(inputs, [200, 299, 300])).toEqual([200, 299]);
    const told = walk(situation, [...inputs, time(200), time(300)]);
    expect(eventKinds(told)).toEqual(['downtimeStarted', 'downtimeEnded']);
  });

  test('is shortened; at once if its end is over already', () => {
    const short = changed({ endAt: second(160) }, 150);
    expect(inDowntimeAt([schedule(), time(100), short], [159, 160])).toEqual([159]);
    const late = walk(situation, [schedule(), time(100), changed({ endAt: second(160) }, 170)]);
    expect(eventKinds(late)).toEqual(['downtimeStarted', 'downtimeEnded']);
  });

  test('begins when the newest plan says, whatever comes again or late', () => {
    const newest = changed({ startAt: second(150), revision: 2 }, 50);
    const inputs = [schedule(), newest, changed({ startAt: second(60) }, 51), schedule()];
    expect(inDowntimeAt(inputs, [100, 149, 150])).toEqual([150]);
    expect(last(walk(situation, [...inputs, newest])).hasEffect).toBe(false);
  });

  test('keeps its start once it has begun', () => {
    const moved = changed({ startAt: second(150) }, 110);
    expect(inDowntimeAt([schedule(), time(100), moved], [120])).toEqual([120]);
  });

  test('does not come back when it was over, and that is no news', () => {
    const longer = changed({ endAt: second(400) }, 210);
    const inputs = [schedule(), time(100), time(200), longer];
    expect(inDowntimeAt(inputs, [220])).toEqual([]);
    expect(eventKinds(walk(situation, [changed({}, 250)]))).toEqual([]);
  });

  test('a flexible one that has begun lasts its duration', () => {
    const window = { isFixed: false, durationMs: 50_000, endAt: second(160) };
    const inputs = [flexible(), result('critical', 150), changed(window, 155)];
    expect(inDowntimeAt(inputs, [199, 200])).toEqual([199]);
  });
});
