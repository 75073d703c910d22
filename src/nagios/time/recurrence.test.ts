import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { civilDate, dayNumber, nthWeekday, weekdayOf } from './civil-day.ts';
import { parseRecurrence, type Recurrence } from './parse-recurrence.ts';
import { nextOccurrences } from './recurrence.ts';
import { findZone, instantOf, instantsOf, startOfDay, wallTimeAt } from './zone.ts';

const NEW_YORK = findZone('America/New_York') ?? expect.fail('no zone');
const HELSINKI = findZone('Europe/Helsinki') ?? expect.fail('no zone');

function rule(text: string): Recurrence {
  const parsed = parseRecurrence(text);
  if (parsed.kind === 'fault') expect.fail(parsed.message);
  return parsed.recurrence;
}

/** `MM-DD HH:MM` by the clocks of the zone, of the first occurrences. */
function first(text: string, start: string, limit = 5, zone = NEW_YORK): string[] {
  const [date = '', time = '09:00'] = start.split(' ');
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  const wall = { day: dayNumber(year, month, day), second: (hour * 60 + minute) * 60 };
  const startAt = instantOf(zone, wall);
  return nextOccurrences({ recurrence: rule(text), startAt, zone }, startAt, limit).map((at) => {
    const shown = wallTimeAt(zone, at);
    return new Date(shown.day * 86_400_000 + shown.second * 1_000).toISOString().slice(0, 16);
  });
}

const dates = (text: string, start: string, limit?: number) =>
  first(text, start, limit).map((one) => one.slice(0, 10));

describe('7 recurrence, by rules that have their days from the calendar', () => {
  test.each<[string, string, string[]]>([
    ['FREQ=DAILY;COUNT=3', '1997-09-02', ['1997-09-02', '1997-09-03', '1997-09-04']],
    ['FREQ=DAILY;INTERVAL=10;COUNT=3', '1997-09-02', ['1997-09-02', '1997-09-12', '1997-09-22']],
    ['FREQ=DAILY;UNTIL=19970904T000000Z', '1997-09-02', ['1997-09-02', '1997-09-03']],
    ['FREQ=DAILY;UNTIL=19970903', '1997-09-02', ['1997-09-02', '1997-09-03']],
    ['FREQ=DAILY;BYMONTH=1', '1998-01-30', ['1998-01-30', '1998-01-31', '1999-01-01']],
    [
      'FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,WE,FR',
      '1997-09-01',
      ['1997-09-01', '1997-09-03', '1997-09-05', '1997-09-15', '1997-09-17'],
    ],
    [
      'FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO',
      '1997-08-05',
      ['1997-08-05', '1997-08-10', '1997-08-19', '1997-08-24'],
    ],
    [
      'FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU',
      '1997-08-05',
      ['1997-08-05', '1997-08-17', '1997-08-19', '1997-08-31'],
    ],
    ['FREQ=MONTHLY;BYDAY=1FR', '1997-09-05', ['1997-09-05', '1997-10-03', '1997-11-07']],
    ['FREQ=MONTHLY;BYDAY=-2MO', '1997-09-22', ['1997-09-22', '1997-10-20', '1997-11-17']],
    ['FREQ=MONTHLY;BYMONTHDAY=-3', '1997-09-28', ['1997-09-28', '1997-10-29', '1997-11-28']],
    ['FREQ=MONTHLY;BYMONTHDAY=31', '2026-01-31', ['2026-01-31', '2026-03-31', '2026-05-31']],
    ['FREQ=MONTHLY', '2026-01-30', ['2026-01-30', '2026-03-30', '2026-04-30']],
    [
      'FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13',
      '1998-02-13',
      ['1998-02-13', '1998-03-13', '1998-11-13', '1999-08-13'],
    ],
    [
      'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1',
      '1997-09-30',
      ['1997-09-30', '1997-10-31', '1997-11-28', '1997-12-31'],
    ],
    ['FREQ=YEARLY', '2024-02-29', ['2024-02-29', '2028-02-29', '2032-02-29']],
    ['FREQ=YEARLY;BYMONTH=6,7;COUNT=4', '1997-06-10', ['1997-06-10', '1997-07-10', '1998-06-10']],
    [
      'FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200',
      '1997-01-01',
      ['1997-01-01', '1997-04-10', '1997-07-19', '2000-01-01'],
    ],
    ['FREQ=YEARLY;BYDAY=20MO', '1997-05-19', ['1997-05-19', '1998-05-18', '1999-05-17']],
    ['FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO', '1997-05-12', ['1997-05-12', '1998-05-11', '1999-05-17']],
    [
      'FREQ=YEARLY;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;INTERVAL=4',
      '1996-11-05',
      ['1996-11-05', '2000-11-07', '2004-11-02'],
    ],
    ['FREQ=YEARLY;BYYEARDAY=-1', '2023-12-31', ['2023-12-31', '2024-12-31', '2025-12-31']],
  ])('%s from %s', (text, start, expected) => {
    expect(dates(text, start, expected.length)).toEqual(expected);
  });

  test('ends with its count', () => {
    expect(dates('RRULE:FREQ=DAILY;COUNT=3', '1997-09-02', 10)).toHaveLength(3);
  });

  test('the start counts though the rule has it not', () => {
    expect(dates('FREQ=WEEKLY;BYDAY=MO;COUNT=2', '2026-01-01')).toEqual([
      '2026-01-01',
      '2026-01-05',
    ]);
  });

  test('a rule that never comes true ends', () => {
    expect(dates('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', '2026-01-01')).toEqual(['2026-01-01']);
  });

  test('times of the day are combined', () => {
    expect(first('FREQ=DAILY;BYHOUR=10,9,10;BYMINUTE=0,30', '2026-01-01 09:00')).toEqual([
      '2026-01-01T09:00',
      '2026-01-01T09:30',
      '2026-01-01T10:00',
      '2026-01-01T10:30',
      '2026-01-02T09:00',
    ]);
  });

  test('can begin anywhere', () => {
    const series = { recurrence: rule('FREQ=DAILY;COUNT=5'), startAt: 0, zone: HELSINKI };
    const days = nextOccurrences(series, 3 * 86_400_000 - 1, 10).map((at) => at / 86_400_000);
    expect(days).toEqual([3, 4]);
  });
});

describe('F61 across the shifts of Helsinki', () => {
  test('the time on the clock stays', () => {
    const start = '2026-03-28 02:00';
    expect(first('FREQ=DAILY', start, 3, HELSINKI)).toEqual([
      '2026-03-28T02:00',
      '2026-03-29T02:00',
      '2026-03-30T02:00',
    ]);
  });

  test('a time in the gap is an hour later, a time that is repeated is its first', () => {
    expect(first('FREQ=DAILY', '2026-03-28 03:30', 3, HELSINKI)).toEqual([
      '2026-03-28T03:30',
      '2026-03-29T04:30',
      '2026-03-30T03:30',
    ]);
    const day = dayNumber(2026, 10, 25);
    const twice = instantsOf(HELSINKI, { day, second: 3.5 * 3_600 });
    expect(twice.map((at) => new Date(at).toISOString().slice(11, 16))).toEqual(['00:30', '01:30']);
    expect(instantOf(HELSINKI, { day, second: 3.5 * 3_600 })).toBe(twice[0]);
  });
});

describe('rules that are wrong', () => {
  test.each([
    ...['', 'FREQ', 'FREQ=', 'FREQ=HOURLY', 'FREQ=NEVER', 'COUNT=3', 'FREQ=DAILY;FREQ=DAILY'],
    ...['FREQ=DAILY;INTERVAL=0', 'FREQ=DAILY;INTERVAL=x', 'FREQ=DAILY;COUNT=1.5', 'FREQ=DAILY;'],
    ...['FREQ=DAILY;COUNT=3;UNTIL=20260101', 'FREQ=DAILY;UNTIL=20261301', 'FREQ=DAILY;BYDAY=XX'],
    ...['FREQ=DAILY;UNTIL=20260101T000000', 'FREQ=WEEKLY;BYDAY=1MO', 'FREQ=WEEKLY;BYMONTHDAY=1'],
    ...['FREQ=MONTHLY;BYWEEKNO=1', 'FREQ=MONTHLY;BYYEARDAY=1', 'FREQ=MONTHLY;BYMONTHDAY=0'],
    ...['FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO', 'FREQ=DAILY;BYHOUR=24', 'FREQ=DAILY;BYMONTH=13'],
    ...['FREQ=DAILY;toString=1', 'FREQ=DAILY=1', 'FREQ=DAILY;WKST=XX', `FREQ=${'D'.repeat(1_000)}`],
  ])('%j', (text) => {
    expect(parseRecurrence(text)).toMatchObject({ kind: 'fault', message: expect.any(String) });
  });

  test('any text is read or refused', () => {
    const unit = fc.constantFrom(
      'FREQ=',
      'DAILY',
      ';',
      ',',
      '=',
      'BYDAY=',
      '1',
      '-',
      'MO',
      'UNTIL=',
    );
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit }), fc.string()), (text) => {
        parseRecurrence(text);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('10.3 the calendar', () => {
  test('a day and its names are one', () => {
    fc.assert(
      fc.property(fc.integer({ min: -300_000, max: 2_900_000 }), (number) => {
        const { year, month, day } = civilDate(number);
        const date = new Date(number * 86_400_000);
        expect([year, month, day]).toEqual([
          date.getUTCFullYear(),
          date.getUTCMonth() + 1,
          date.getUTCDate(),
        ]);
        expect(weekdayOf(number)).toBe(date.getUTCDay());
        expect(dayNumber(year, month, day)).toBe(number);
      }),
    );
  });

  test('there is no zeroth weekday', () => {
    expect(nthWeekday({ year: 2026, month: 1 }, 1, 0)).toBeNull();
  });

  test('a name that is no zone has none', () => {
    expect(findZone('Europe/Atlantis')).toBeNull();
  });

  test('wall time comes back to its instant, and days follow one another, in every zone', () => {
    const names = [
      'UTC',
      'Europe/Helsinki',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Asia/Beirut',
    ];
    const zones = names.map((name) => findZone(name) ?? expect.fail(name));
    const seconds = fc.integer({ min: 0, max: 4_000_000_000 });
    fc.assert(
      fc.property(fc.constantFrom(...zones), seconds, (zone, second) => {
        const at = second * 1_000;
        const wall = wallTimeAt(zone, at);
        expect(instantsOf(zone, wall)).toContain(at);
        const start = startOfDay(zone, wall.day);
        expect(start).toBeLessThanOrEqual(at);
        expect(startOfDay(zone, wall.day + 1)).toBeGreaterThan(at);
        expect(wallTimeAt(zone, start).day).toBe(wall.day);
        expect(wallTimeAt(zone, start - 1).day).toBe(wall.day - 1);
      }),
      { numRuns: 1_000 },
    );
  });
});
