import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PeriodCalendar } from '../nagios/time/period-calendar.ts';
import { makePeriods, type WrittenPeriod } from '../nagios/time/site-periods.ts';
import { isInside } from '../nagios/time/time-period.ts';
import type { Rhythm } from './due-time.ts';
import { fitDueAt, followingFittedAt, isDueInside, lastStartAt } from './period-due-time.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

function period(written: Partial<WrittenPeriod>) {
  const whole = { timeZone: 'UTC', weekdays: {}, exceptions: {}, exclude: [], ...written };
  const made = makePeriods(new Map([['p', whole]])).get('p');
  if (made === undefined) throw new Error('the period cannot be read');
  return made;
}

const everyDay = (times: string) => Object.fromEntries(DAYS.map((day) => [day, times]));

/** The due times of a check, as the scheduler goes from one to the next. */
function dueTimes(
  rhythm: Rhythm,
  calendar: PeriodCalendar,
  { from, to }: { readonly from: number; readonly to: number },
): number[] {
  const times: number[] = [];
  let dueAt = fitDueAt(rhythm, calendar, from);
  while (dueAt < to) {
    if (isDueInside(calendar, dueAt)) times.push(dueAt);
    dueAt = followingFittedAt(rhythm, calendar, { dueAt, now: dueAt });
  }
  return times;
}

const hashes = fc.integer({ min: 0, max: 0xffffffff });
const intervals = fc.constantFrom(
  ...[MINUTE_MS, 5 * MINUTE_MS, 37 * MINUTE_MS, HOUR_MS, 7 * HOUR_MS, DAY_MS, 3 * DAY_MS],
);
const rhythms = fc.record({ intervalMs: intervals, hash: hashes });
const ranges = fc.constantFrom(
  ...['00:00-24:00', '09:00-17:00', '01:30-02:30', '02:00-03:00', '23:59-24:00', '12:00-12:00'],
  ...['08:00-08:10,20:00-23:30', '00:00-00:30', '00:00-02:45'],
);
const periods = fc.record({
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'),
  weekdays: fc
    .dictionary(fc.constantFrom(...DAYS), ranges, { minKeys: 1, noNullPrototype: true })
    .filter((days) => Object.keys(days).length > 0),
});
/** Around the days on which clocks are shifted, and elsewhere. */
const beginnings = fc
  .tuple(
    fc.constantFrom(
      '2026-03-06',
      '2026-03-27',
      '2026-04-03',
      '2026-10-02',
      '2026-10-23',
      '2026-07-01',
    ),
    fc.integer({ min: 0, max: 3 * DAY_MS }),
  )
  .map(([day, offsetMs]) => Date.parse(day) + offsetMs);

describe('10.1 due times within a period', () => {
  test('every one is inside, in order, and no two are the same', () => {
    fc.assert(
      fc.property(rhythms, periods, beginnings, (rhythm, written, from) => {
        const asked = period(written);
        const to = from + Math.min(10 * DAY_MS, 300 * rhythm.intervalMs);
        const times = dueTimes(rhythm, new PeriodCalendar(asked), { from, to });
        for (const [index, at] of times.entries()) {
          expect(isInside(asked, at)).toBe(true);
          expect(at).toBeGreaterThan(times[index - 1] ?? 0);
        }
      }),
    );
  });

  test('none is skipped for good: a window for which a check waited has a run within an interval', () => {
    fc.assert(
      fc.property(rhythms, periods, beginnings, (rhythm, written, from) => {
        const calendar = new PeriodCalendar(period(written));
        const stretch = calendar.stretchAt(from);
        fc.pre(!stretch.isInside);
        const opensAt = stretch.to;
        const closesAt = calendar.stretchAt(opensAt).to;
        const [first = Number.NaN] = dueTimes(rhythm, calendar, { from, to: closesAt });
        expect(first).toBeGreaterThanOrEqual(opensAt);
        expect(first).toBeLessThan(Math.min(closesAt, opensAt + rhythm.intervalMs));
      }),
    );
  });

  test('a day is never missed by a check that runs once a day, also when clocks are shifted', () => {
    const zones = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
    );
    const daily = fc.constantFrom('09:00-17:00', '05:00-05:30', '04:00-04:00');
    fc.assert(
      fc.property(hashes, zones, daily, beginnings, (hash, timeZone, times, from) => {
        const calendar = new PeriodCalendar(period({ timeZone, weekdays: everyDay(times) }));
        const span = { from, to: from + 20 * DAY_MS };
        const dueAts = dueTimes({ intervalMs: DAY_MS, hash }, calendar, span);
        // A window that the span cuts may be left out at either end.
        expect(dueAts.length).toBeGreaterThanOrEqual(19);
        expect(dueAts.length).toBeLessThanOrEqual(21);
      }),
    );
  });

  test('every red computes the same, whatever it was asked before', () => {
    fc.assert(
      fc.property(
        rhythms,
        periods,
        fc.array(beginnings, { maxLength: 8 }),
        beginnings,
        (...drawn) => {
          const [rhythm, written, before, from] = drawn;
          const used = new PeriodCalendar(period(written));
          for (const at of before) fitDueAt(rhythm, used, at);
          const fresh = new PeriodCalendar(period(written));
          expect(fitDueAt(rhythm, used, from)).toBe(fitDueAt(rhythm, fresh, from));
        },
      ),
    );
  });

  test('checks that wait for a window are spread over it', () => {
    const calendar = new PeriodCalendar(period({ weekdays: everyDay('09:00-10:00') }));
    const from = Date.parse('2026-05-04T00:00:00Z');
    for (const intervalMs of [10 * MINUTE_MS, DAY_MS]) {
      const width = Math.min(intervalMs, HOUR_MS) / 10;
      const counts = new Array<number>(10).fill(0);
      for (let index = 0; index < 5_000; index++) {
        const hash = Math.imul(index, 0x9e3779b1) >>> 0;
        const dueAt = fitDueAt({ intervalMs, hash }, calendar, from) - from - 9 * HOUR_MS;
        const place = Math.min(9, Math.floor(dueAt / width));
        counts[place] = (counts[place] ?? 0) + 1;
      }
      for (const count of counts) expect(count).toBeGreaterThan(250);
    }
  });

  test('rule 10.3.12: without a period every due time is inside', () => {
    for (const dueAt of [0, 1, Date.parse('2026-03-29T01:30:00Z')]) {
      expect(isDueInside(null, dueAt)).toBe(true);
      const rhythm = { intervalMs: MINUTE_MS, hash: 0 };
      expect(fitDueAt(rhythm, null, dueAt)).toBe(dueAt);
    }
  });

  test('with nothing inside for 300 days it waits, and does not run', () => {
    const calendar = new PeriodCalendar(period({ exceptions: { '2031-01-01': '00:00-24:00' } }));
    const rhythm = { intervalMs: HOUR_MS, hash: 77 };
    const from = Date.parse('2030-01-01T12:00:00Z');
    const looked = fitDueAt(rhythm, calendar, from);
    expect(looked - from).toBe(300 * DAY_MS);
    expect(isDueInside(calendar, looked)).toBe(false);
    expect(dueTimes(rhythm, calendar, { from, to: from + 2 * 365 * DAY_MS })).toHaveLength(24);
  });

  test('a run may begin until its window ends, and a minute in any case', () => {
    const calendar = new PeriodCalendar(period({ weekdays: everyDay('09:00-09:59') }));
    const at = (time: string) => Date.parse(`2026-05-04T${time}Z`);
    const last = (dueAt: number) =>
      lastStartAt(calendar, { dueAt, expiresAt: dueAt + 30 * MINUTE_MS });
    expect(last(at('09:10:00'))).toBe(at('09:40:00'));
    expect(last(at('09:50:00'))).toBe(at('09:59:01'));
    expect(last(at('09:58:50'))).toBe(at('09:59:50'));
    expect(lastStartAt(null, { dueAt: 1, expiresAt: 2 })).toBe(2);
  });
});
