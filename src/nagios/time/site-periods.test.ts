import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  findExcludeFault,
  findPeriodFaults,
  type LinkedPeriod,
  MAX_EXCLUDED,
  makePeriods,
} from './site-periods.ts';
import { isInside, nextTurn } from './time-period.ts';

const ALL_WEEK = Object.fromEntries(
  ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map((day) => [
    day,
    '00:00-24:00',
  ]),
);
const NOON = Date.UTC(2026, 10, 25, 12);

const written = (fields: Partial<LinkedPeriod> = {}): LinkedPeriod => ({
  ...{ timeZone: 'UTC', weekdays: ALL_WEEK, exceptions: {}, exclude: [], ...fields },
});

describe('10.3 the periods of a site', () => {
  test('are made whatever order they come in, with what they exclude', () => {
    const made = makePeriods(
      new Map([
        ['outer', written({ exclude: ['inner'] })],
        ['inner', written({ exclude: ['innermost'] })],
        ['innermost', written({ weekdays: { wednesday: '11:00-13:00' } })],
      ]),
    );
    const insideAt = (key: string) => {
      const period = made.get(key);
      return period && isInside(period, NOON);
    };
    expect(['outer', 'inner', 'innermost'].map(insideAt)).toEqual([true, false, true]);
  });

  test('one that cannot be read is left out, and holds nothing back', () => {
    const made = makePeriods(
      new Map([
        ['odd', written({ timeZone: 'Mars/Base' })],
        ['sound', written({ exclude: ['odd', 'gone'] })],
      ]),
    );
    expect([...made.keys()]).toEqual(['sound']);
  });

  test('spaces after commas are no fault', () => {
    expect(
      findPeriodFaults(written({ weekdays: { monday: '09:00-12:00, 13:00 - 17:00' } })),
    ).toEqual([]);
  });

  test('any circle is found, and nothing else is taken for one', () => {
    const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const graphs = fc.dictionary(keys, fc.uniqueArray(keys, { maxLength: 3 }));
    fc.assert(
      fc.property(graphs, (graph) => {
        const excludes = new Map(Object.entries(graph));
        const reaches = (from: string, to: string, seen: readonly string[] = []): boolean =>
          (excludes.get(from) ?? []).some(
            (next) => next === to || (!seen.includes(next) && reaches(next, to, [...seen, next])),
          );
        const expected = [...excludes.keys()].some((key) => reaches(key, key));
        expect(findExcludeFault(excludes)?.kind === 'circle').toBe(expected);
      }),
    );
  });

  test('periods that exclude one another without end are refused', () => {
    // Each excludes the two below, so that the count doubles from step to step.
    const steps = Array.from({ length: 20 }, (_one, step): [string, string[]] => [
      `${step}`,
      step === 0 ? [] : [`${step - 1}`, ...(step > 1 ? [`${step - 2}`] : [])],
    ]);
    expect(findExcludeFault(new Map(steps))).toMatchObject({ kind: 'tooMany' });
    const many = Array.from({ length: MAX_EXCLUDED }, (_one, index) => `p${index}`);
    expect(findExcludeFault(new Map([['x', many]]))).toBeNull();
  });
});

describe('10.3 the next change', () => {
  const turnOf = (fields: Partial<LinkedPeriod>, at: number) => {
    const period = makePeriods(new Map([['p', written(fields)]])).get('p');
    const turn = period === undefined ? undefined : nextTurn(period, at);
    return turn === null || turn === undefined ? turn : new Date(turn).toISOString();
  };

  test.each([
    ['an end', { weekdays: { wednesday: '09:00-17:00' } }, '2026-11-25T17:00:01.000Z'],
    ['a beginning', { weekdays: { friday: '09:00-17:00' } }, '2026-11-27T09:00:00.000Z'],
    ['none of two adjoining days', { weekdays: ALL_WEEK }, null],
    [
      'a spring day without its hour',
      { timeZone: 'Europe/Berlin', weekdays: {}, exceptions: { '2027-03-28': '02:15-03:30' } },
      '2027-03-28T01:00:00.000Z',
    ],
  ] as const)('is %s', (_title, fields, expected) => {
    expect(turnOf(fields, NOON)).toBe(expected);
  });

  test('is one: between now and then all is alike', () => {
    const times = fc.constantFrom(
      '00:00-24:00',
      '08:00-12:00,13:00-17:00',
      '01:30-02:30',
      '00:00-00:00',
    );
    const zones = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
    );
    const days = fc.constantFrom('monday', 'sunday', 'saturday');
    const instants = fc.integer({ min: Date.UTC(2026, 2, 1), max: Date.UTC(2026, 11, 1) });
    fc.assert(
      fc.property(zones, fc.dictionary(days, times), instants, (timeZone, weekdays, at) => {
        const period = makePeriods(new Map([['p', written({ timeZone, weekdays })]])).get('p');
        if (period === undefined) return;
        const turn = nextTurn(period, at);
        const end = turn ?? at + 30 * 86_400_000;
        for (let step = 0; step < 50; step++) {
          const between = at + Math.floor(((end - 1 - at) * step) / 50);
          expect(isInside(period, between)).toBe(isInside(period, at));
        }
        if (turn !== null) expect(isInside(period, turn)).toBe(!isInside(period, at));
      }),
    );
  });
});
