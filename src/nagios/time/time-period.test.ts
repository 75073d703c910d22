import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectLinear } from '../../../test/linear.ts';
import { parseTimePeriod } from './parse-time-period.ts';
import { isInside, nextInside, type TimePeriod } from './time-period.ts';
import { findZone, type Zone } from './zone.ts';

function zone(name: string): Zone {
  return findZone(name) ?? expect.fail(`no zone ${name}`);
}

const UTC = zone('UTC');
const HELSINKI = zone('Europe/Helsinki');

function period(
  lines: readonly string[],
  { zone = UTC, exclude = [] }: Partial<Pick<TimePeriod, 'zone' | 'exclude'>> = {},
): TimePeriod {
  const parsed = parseTimePeriod({ lines, zone, exclude });
  if (parsed.kind === 'faults') expect.fail(JSON.stringify(parsed.faults));
  return parsed.period;
}

/** An instant from `2026-01-01 12:00`, by UTC. */
function utc(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}

function isIn(lines: readonly string[], text: string): boolean {
  return isInside(period(lines), utc(text));
}

/** The days of a year, `MM-DD`, that have noon inside. */
function daysOf(line: string, year: number): string[] {
  const exceptions = period([line]);
  const days: string[] = [];
  for (let at = Date.UTC(year, 0, 1, 12); at < Date.UTC(year + 1, 0, 1); at += 86_400_000) {
    if (isInside(exceptions, at)) days.push(new Date(at).toISOString().slice(5, 10));
  }
  return days;
}

const ALL_DAY = '00:00-24:00';

describe('10.3 times of a weekday', () => {
  test.each([
    ['2026-01-05 08:59:59', false],
    ['2026-01-05 09:00:00', true],
    ['2026-01-05 17:00:00', true],
    ['2026-01-05 17:00:00.999', true],
    ['2026-01-05 17:00:01', false],
    ['2026-01-05 18:30:00', true],
    ['2026-01-06 12:00:00', false],
  ])('both ends are inside: %s %s', (text, expected) => {
    expect(isIn(['monday 09:00-17:00,18:00-19:00'], text)).toBe(expected);
  });

  test('24:00 is the end of the day', () => {
    expect(isIn([`monday ${ALL_DAY}`], '2026-01-05 23:59:59')).toBe(true);
    expect(isIn([`monday ${ALL_DAY}`], '2026-01-06 00:00:00')).toBe(false);
  });
});

describe('10.3 days', () => {
  const range = (month: string, from: number, to: number) =>
    Array.from(
      { length: to - from + 1 },
      (_one, index) => `${month}-${String(from + index).padStart(2, '0')}`,
    );

  test.each<[string, number, string[]]>([
    ['2026-12-24', 2026, ['12-24']],
    ['2026-12-24', 2027, []],
    ['2026-12-24 - 2026-12-26', 2026, range('12', 24, 26)],
    ['2026-12-01 / 7', 2026, ['12-01', '12-08', '12-15', '12-22', '12-29']],
    ['2026-02-25 - 2026-03-02 / 2', 2026, ['02-25', '02-27', '03-01']],
    ['july 4', 2026, ['07-04']],
    ['february 27 - march 2', 2026, ['02-27', '02-28', '03-01', '03-02']],
    ['february 27 - march 2', 2028, ['02-27', '02-28', '02-29', '03-01', '03-02']],
    ['february 3 - 5', 2026, range('02', 3, 5)],
    ['february 30', 2026, ['02-28']],
    ['february -1', 2028, ['02-29']],
    ['december 30 - january 2', 2026, ['01-01', '01-02', '12-30', '12-31']],
    ['march 1 - march 10 / 3', 2026, ['03-01', '03-04', '03-07', '03-10']],
    ['december 25 / 3', 2026, ['12-25', '12-28', '12-31']],
    ['monday 3 september', 2026, ['09-21']],
    ['thursday -1 november', 2026, ['11-26']],
    ['monday 5 september', 2026, []],
    ['monday 1 may - friday 2 may', 2026, range('05', 4, 8)],
  ])('%s in %d', (days, year, expected) => {
    expect(daysOf(`${days} ${ALL_DAY}`, year)).toEqual(expected);
  });

  test.each<[string, string, number, string[]]>([
    ['day 1 - 15', '02', 15, range('02', 1, 3)],
    ['day -1', '02', 1, ['02-28']],
    ['day 31', '04', 1, ['04-30']],
    ['day -3 - -1', '02', 3, range('02', 26, 28)],
    ['day 28 - 2', '03', 6, ['03-01', '03-02', '03-28']],
    ['day 1 - 10 / 4', '06', 3, ['06-01', '06-05', '06-09']],
    ['day 20 / 5', '06', 3, ['06-20', '06-25', '06-30']],
    ['thursday -1', '11', 1, ['11-26']],
    ['monday 2', '11', 1, ['11-09']],
    ['monday 1 - wednesday 1', '06', 3, range('06', 1, 3)],
    ['monday 1 - 2', '06', 8, range('06', 1, 3)],
    ['monday 5', '11', 1, ['11-30']],
    ['monday 5', '10', 0, []],
    ['monday 4 - monday 5', '10', 6, range('10', 26, 28)],
  ])('%s in month %s', (days, month, count, expected) => {
    const found = daysOf(`${days} ${ALL_DAY}`, 2026).filter((day) => day.startsWith(month));
    expect(found).toHaveLength(count);
    expect(found.slice(0, 3)).toEqual(expected.slice(0, 3));
  });

  test('15.14 the first exception that has a day replaces its weekday and all others', () => {
    const lines = [
      'thursday 00:00-24:00',
      'thursday -1 05:00-05:30',
      'thursday -1 december 04:00-04:30',
      'day -1 03:00-03:30',
      'december 31 02:00-02:30',
      '2026-12-31 01:00-01:30',
    ];
    const hours = (given: string[]) =>
      [1, 2, 3, 4, 5, 6].filter((hour) => isIn(given, `2026-12-31 0${hour}:10`));
    expect(hours(lines)).toEqual([1]);
    expect(hours(lines.slice(0, 5))).toEqual([2]);
    expect(hours(lines.slice(0, 4))).toEqual([3]);
    expect(hours(lines.slice(0, 3))).toEqual([4]);
    expect(hours(lines.slice(0, 2))).toEqual([5]);
    expect(hours(lines.slice(0, 1))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('of two of one precedence the first line counts', () => {
    const lines = ['day 1 01:00-02:00', 'day 1 - 5 03:00-04:00'];
    expect(isIn(lines, '2026-01-01 03:30')).toBe(false);
    expect(isIn(lines, '2026-01-02 03:30')).toBe(true);
  });

  test('00:00-00:00 is nothing of that day', () => {
    const lines = [`thursday ${ALL_DAY}`, '2026-01-01 00:00-00:00'];
    expect(isIn(lines, '2026-01-01 00:00:00')).toBe(false);
    expect(isIn(lines, '2026-01-01 12:00')).toBe(false);
    expect(isIn(lines, '2026-01-08 12:00')).toBe(true);
  });

  test('what is excluded is outside, by the clocks of its own zone', () => {
    const night = period(['monday 00:00-02:00'], { zone: HELSINKI });
    const all = period([`sunday ${ALL_DAY}`, `monday ${ALL_DAY}`], { exclude: [night] });
    expect(isInside(all, utc('2026-01-04 21:59:59'))).toBe(true);
    expect(isInside(all, utc('2026-01-04 22:00:00'))).toBe(false);
    expect(nextInside(all, utc('2026-01-04 22:00:00'))).toBe(utc('2026-01-05 00:00:01'));
  });
});

describe('10.3 lines that are wrong', () => {
  test.each([
    ...[
      '',
      'monday',
      'monday 9-17',
      'monday 17:00-09:00',
      'monday 09:00-24:01',
      'monday 9:60-10:00',
    ],
    ...['funday 09:00-17:00', 'day 0 09:00-17:00', 'day 32 09:00-17:00', 'monday 6 09:00-17:00'],
    ...['monday 0 09:00-17:00', 'monday 1 sept 09:00-17:00', 'july 4 may 09:00-17:00'],
    ...['2026-02-30 09:00-17:00', '2026-13-01 09:00-17:00', '2026-03-02 - 2026-03-01 09:00-17:00'],
    ...['day 1 / 0 09:00-17:00', 'day 1 - july 4 09:00-17:00', 'day 1 - 2 - 3 09:00-17:00'],
    ...['2026-03-02 - day 1 09:00-17:00', 'monday 09:00-17:00,', 'x'.repeat(501)],
  ])('%j', (line) => {
    const parsed = parseTimePeriod({ lines: ['sunday 09:00-17:00', line], zone: UTC, exclude: [] });
    expect(parsed).toMatchObject({ kind: 'faults', faults: [{ path: '/lines/1' }] });
  });

  test('any text is read or refused', () => {
    const unit = fc.constantFrom(...'0123456789:-/, ', 'monday', 'july', 'day ', '00:00-24:00');
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit }), fc.string()), (line) => {
        const parsed = parseTimePeriod({ lines: [line], zone: UTC, exclude: [] });
        if (parsed.kind === 'period') isInside(parsed.period, 0);
      }),
      { numRuns: 2_000 },
    );
  });

  test('S13 time grows with the length only', () => {
    for (const pattern of ['1', '-', '/', ' ', '00:00-24:00,']) {
      const parse = (size: number) =>
        parseTimePeriod({ lines: [pattern.repeat(size)], zone: UTC, exclude: [] });
      expectLinear(parse, 20_000, pattern);
    }
  });
});

describe('F61 the shifts of spring and autumn, Helsinki 2026', () => {
  const night = period(['sunday 02:30-03:30,05:00-06:00'], { zone: HELSINKI });
  const minutesIn = (from: string, to: string) => {
    let count = 0;
    for (let at = utc(from); at < utc(to); at += 60_000) if (isInside(night, at)) count++;
    return count;
  };

  test('an hour that is skipped is nowhere inside', () => {
    expect(minutesIn('2026-03-29 00:00', '2026-03-29 01:30')).toBe(30);
    expect(isInside(night, utc('2026-03-29 00:59:59'))).toBe(true);
    expect(isInside(night, utc('2026-03-29 01:00:00'))).toBe(false);
  });

  test('an hour that is repeated is inside twice', () => {
    expect(minutesIn('2026-10-24 23:00', '2026-10-25 02:30')).toBe(30 + 31 + 31);
  });

  test('what begins in the gap begins after it', () => {
    const inGap = period(['sunday 03:30-05:00'], { zone: HELSINKI });
    expect(nextInside(inGap, utc('2026-03-29 00:00'))).toBe(utc('2026-03-29 01:00'));
  });

  test('what lies in the gap is not there that day', () => {
    const inGap = period(['sunday 03:10-03:50'], { zone: HELSINKI });
    expect(nextInside(inGap, utc('2026-03-29 00:00'))).toBe(utc('2026-04-05 00:10'));
  });

  test('a gap at midnight begins the day later', () => {
    const beirut = period([`sunday ${ALL_DAY}`], { zone: zone('Asia/Beirut') });
    expect(nextInside(beirut, utc('2026-03-28 12:00'))).toBe(utc('2026-03-28 22:00'));
  });

  test('/ n counts days, not hours', () => {
    const lines = ['2026-03-28 / 2 00:00-24:00'];
    const every = period(lines, { zone: HELSINKI });
    expect(nextInside(every, utc('2026-03-28 22:30'))).toBe(utc('2026-03-29 21:00'));
  });

  test('a leap day is a day', () => {
    expect(isIn(['february -1 12:00-13:00'], '2028-02-29 12:00')).toBe(true);
  });
});

describe('the next time inside', () => {
  test('is now when it is inside', () => {
    expect(nextInside(period([`monday ${ALL_DAY}`]), utc('2026-01-05 12:34:56.789'))).toBe(
      utc('2026-01-05 12:34:56.789'),
    );
  });

  test('is looked for 300 days', () => {
    const once = period(['2027-06-01 10:00-11:00']);
    expect(nextInside(once, utc('2026-08-05 00:00'))).toBe(utc('2027-06-01 10:00'));
    expect(nextInside(once, utc('2026-08-04 00:00'))).toBeNull();
    expect(nextInside(period([]), utc('2026-01-01 00:00'))).toBeNull();
  });

  const zones = [
    'UTC',
    'Europe/Helsinki',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
  ];
  const minute = fc.integer({ min: 0, max: 1_440 });
  const range = fc.tuple(minute, minute).map(([one, other]) => {
    const text = (value: number) =>
      `${String(Math.floor(value / 60)).padStart(2, '0')}:${String(value % 60).padStart(2, '0')}`;
    return `${text(Math.min(one, other))}-${text(Math.max(one, other))}`;
  });
  const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
  const plain = fc
    .record({
      zoneName: fc.constantFrom(...zones),
      times: fc.array(fc.tuple(fc.constantFrom(...weekdays), range), { maxLength: 4 }),
    })
    .map(({ zoneName, times }) => ({
      zoneName,
      lines: new Map(times),
    }));
  /** Around the shifts of all the zones. */
  const instant = fc
    .tuple(
      fc.constantFrom(
        '2026-03-08',
        '2026-03-29',
        '2026-04-05',
        '2026-10-04',
        '2026-10-25',
        '2026-11-01',
      ),
      fc.integer({ min: -2_880, max: 1_440 }),
    )
    .map(([day, minutes]) => utc(`${day} 00:00`) + minutes * 60_000);

  interface Drawn {
    readonly zoneName: string;
    readonly lines: ReadonlyMap<string, string>;
  }

  const make = ({ zoneName, lines }: Drawn, exclude: TimePeriod[] = []) =>
    period(
      [...lines].map(([day, times]) => `${day} ${times}`),
      { zone: zone(zoneName), exclude },
    );

  /** What the clock on the wall says, asked of Intl in another way. */
  const makeOracle = ({ zoneName, lines }: Drawn) => {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zoneName,
      weekday: 'long',
      hour: '2-digit',
      minute: '2-digit',
      hour12: false,
    });
    return (at: number) => {
      const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
      const times = lines.get(parts.get('weekday')?.toLowerCase() ?? '');
      if (times === undefined || times.endsWith('-00:00')) return false;
      const clock = `${parts.get('hour')}:${parts.get('minute')}`;
      const [from = '', to = ''] = times.split('-');
      // On whole minutes, an end is inside and what follows is not.
      return from <= clock && clock <= to;
    };
  };

  test('is what a scan of every minute finds, in every zone, across the shifts', () => {
    fc.assert(
      fc.property(plain, plain, instant, (drawn, excluded, at) => {
        const tried = make(drawn, [make(excluded)]);
        const [isIncluded, isExcluded] = [makeOracle(drawn), makeOracle(excluded)];
        let expected: number | null = null;
        for (let minute = at; minute < at + 2 * 86_400_000; minute += 60_000) {
          if (!isIncluded(minute) || isExcluded(minute)) continue;
          expected = minute;
          break;
        }
        const found = nextInside(tried, at);
        // What is excluded ends within its last minute; then the next second is inside.
        const rounded = found === null ? null : Math.ceil(found / 60_000) * 60_000;
        if (expected === null) {
          if (found !== null) expect(rounded).toBeGreaterThanOrEqual(at + 2 * 86_400_000);
        } else {
          expect(found).not.toBeNull();
          expect(found).toBeLessThanOrEqual(expected);
          if (rounded !== expected) expect(isInside(tried, found ?? 0)).toBe(true);
          expect(isInside(tried, expected)).toBe(true);
        }
        for (let minute = at; minute < (found ?? at); minute += 60_000) {
          expect(isInside(tried, minute)).toBe(false);
        }
      }),
      { numRuns: 40 },
    );
    // Some 200,000 readings of a calendar: seconds on a quiet machine.
  }, 120_000);
});
