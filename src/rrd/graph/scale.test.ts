import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatValue, scaleTime, scaleValues } from './scale.ts';

test.each([
  [0, 's', '0 s'],
  [0.0015, 's', '1.5 ms'],
  [1e-9, 's', '1 ns'],
  [4e-12, 's', '0.004 ns'],
  [90_000, 's', '90000 s'],
  [1_234, '', '1.234 k'],
  [999_960, '', '1 M'],
  [0.25, '', '0.25'],
  [-2_500_000, '', '-2.5 M'],
  [3_000, '/s', '3 k/s'],
  [0.2, '/s', '0.2/s'],
  [512, 'B', '512 B'],
  [1_536 * 1_024, 'B', '1.5 MiB'],
  [0.5, 'B', '0.5 B'],
  [99.5, '%', '99.5 %'],
  [1_500, 'widgets', '1500 widgets'],
  [1e30, '', '1e+15 P'],
])('%d in %j is written as %j', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});

describe('the scale of values', () => {
  test.each([
    [[0, 100], '', ['0', '25', '50', '75', '100']],
    [[3], '', ['0', '1', '2', '3']],
    [[900, 1_000], '', ['900', '925', '950', '975', '1 k']],
    [[-5, 5], '', ['-5', '-2.5', '0', '2.5', '5']],
    [[], '', ['0', '0.25', '0.5', '0.75', '1']],
    [[0, 4 * 2 ** 20], 'B', ['0 B', '1 MiB', '2 MiB', '3 MiB', '4 MiB']],
    [[0, 0.004], 's', ['0 s', '1 ms', '2 ms', '3 ms', '4 ms']],
  ])('of %j in %j has the ticks %j', (values, unit, texts) => {
    const { ticks } = scaleValues(values, { unit, tickCount: 4 });
    expect(ticks.map(({ text }) => text)).toEqual(texts);
  });

  test('holds all values between few rising ticks, whatever they are', () => {
    const value = fc.double({ min: -1e15, max: 1e15, noNaN: true });
    const unit = fc.constantFrom('', 's', 'B', '%');
    fc.assert(
      fc.property(fc.array(value), unit, fc.integer({ min: 2, max: 12 }), (values, unit, count) => {
        const scale = scaleValues(values, { unit, tickCount: count });
        expect(scale.high).toBeGreaterThan(scale.low);
        for (const each of values) {
          const slack = 1e-6 * (scale.high - scale.low);
          expect(each).toBeGreaterThanOrEqual(scale.low - slack);
          expect(each).toBeLessThanOrEqual(scale.high + slack);
        }
        const places = scale.ticks.map((tick) => tick.value);
        expect(places).toEqual([...places].sort((a, b) => a - b));
        expect(places.length).toBeGreaterThanOrEqual(2);
        expect(places.length).toBeLessThanOrEqual(count * 2 + 2);
      }),
      { examples: [[[-999_999_999_999_993.4, -999_999_999_999_993.2], '', 7]] },
    );
  });
});

describe('the scale of time', () => {
  const START_S = Date.UTC(2026, 10, 23, 21, 5) / 1_000;
  test.each([
    ['an hour', 3_600, ['21:15', '21:30', '21:45', '22:00']],
    ['a day', 86_400, ['11-24', '06:00', '12:00', '18:00']],
    ['a week', 7 * 86_400, ['11-25', '11-27', '11-29']],
    ['a month', 30 * 86_400, ['11-30', '12-07', '12-14', '12-21']],
    ['a year', 365 * 86_400, ['2027-01', '2027-04', '2027-07', '2027-10']],
  ])('of %s has round ticks', (_, spanS, texts) => {
    const ticks = scaleTime(START_S, START_S + spanS, 5);
    expect(ticks.map(({ text }) => text).slice(0, texts.length)).toEqual(texts);
  });

  test('has few rising ticks within any span', () => {
    const at = fc.integer({ min: 0, max: 4_000_000_000 });
    fc.assert(
      fc.property(at, fc.integer({ min: 1, max: 400_000_000 }), (fromS, spanS) => {
        const ticks = scaleTime(fromS, fromS + spanS, 8);
        expect(ticks.length).toBeLessThanOrEqual(9);
        for (const { value } of ticks) {
          expect(value).toBeGreaterThanOrEqual(fromS);
          expect(value).toBeLessThanOrEqual(fromS + spanS);
        }
      }),
    );
  });
});
