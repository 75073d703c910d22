import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectLinear } from '../../test/linear.ts';
import { formatThreshold, isAlert, parseThreshold, type Threshold } from './threshold.ts';

const INFINITE = Number.POSITIVE_INFINITY;

function range(start: number, end: number, alertsInside = false): Threshold {
  return { start, end, alertsInside };
}

const VALUES = [-INFINITE, -1, 0, 9, 10, 10.5, 20, 21, INFINITE];

/** Those of `VALUES` that alert. */
function alerting(text: string): number[] {
  const threshold = parseThreshold(text);
  return VALUES.filter((value) => threshold !== null && isAlert(threshold, value));
}

describe('1.4 ranges', () => {
  test.each([
    ['10', range(0, 10), [-INFINITE, -1, 10.5, 20, 21, INFINITE]],
    ['10:', range(10, INFINITE), [-INFINITE, -1, 0, 9]],
    ['~:10', range(-INFINITE, 10), [10.5, 20, 21, INFINITE]],
    ['10:20', range(10, 20), [-INFINITE, -1, 0, 9, 21, INFINITE]],
    ['@10:20', range(10, 20, true), [10, 10.5, 20]],
    ['@10', range(0, 10, true), [0, 9, 10]],
    ['@~:10', range(-INFINITE, 10, true), [-INFINITE, -1, 0, 9, 10]],
    ['@10:', range(10, INFINITE, true), [10, 10.5, 20, 21, INFINITE]],
    ['~:', range(-INFINITE, INFINITE), []],
    [':10', range(0, 10), [-INFINITE, -1, 10.5, 20, 21, INFINITE]],
    ['10:10', range(10, 10), [-INFINITE, -1, 0, 9, 10.5, 20, 21, INFINITE]],
    ['-1:1', range(-1, 1), [-INFINITE, 9, 10, 10.5, 20, 21, INFINITE]],
    ['+.5:1e1', range(0.5, 10), [-INFINITE, -1, 0, 10.5, 20, 21, INFINITE]],
  ])('%s', (text, expected, alerts) => {
    expect(parseThreshold(text)).toEqual(expected);
    expect(alerting(text)).toEqual(alerts);
  });

  test.each([
    ...['', '@', '~', '@~', '20:10', '-1', '1:~', '10:20:30', '@@10', '1@0', 'x', '10x', '10%'],
    ...[' 10', '10 ', '1,5', '0x10', '1e999', 'inf', 'NaN', '-', '.', '--1', '1.2.3', '\ud800'],
  ])('%j is no range', (text) => {
    expect(parseThreshold(text)).toBeNull();
  });

  test('what is not a number is in no range', () => {
    expect(isAlert(range(0, 10), Number.NaN)).toBe(true);
    expect(isAlert(range(0, 10, true), Number.NaN)).toBe(false);
  });

  test.each([
    ['0:10', '10'],
    [':10', '10'],
    ['@0:10', '@10'],
    ['0:', '0:'],
    [':', '0:'],
    ['-0:1', '1'],
    ['~:', '~:'],
    ['@1.50:2e1', '@1.5:20'],
  ])('%s is shortest as %s', (text, expected) => {
    const threshold = parseThreshold(text);
    expect(threshold && formatThreshold(threshold)).toBe(expected);
  });
});

describe('properties', () => {
  const codeUnits = fc.nat(0xffff).map((unit) => String.fromCharCode(unit));
  const numbers = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
  const thresholds = fc
    .record({
      start: fc.oneof(numbers, fc.constant(-INFINITE)),
      end: fc.oneof(numbers, fc.constant(INFINITE)),
      alertsInside: fc.boolean(),
    })
    .filter(({ start, end }) => start <= end);

  test('what is formatted is read as the same', () => {
    fc.assert(
      fc.property(thresholds, (threshold) => {
        expect(parseThreshold(formatThreshold(threshold))).toEqual(threshold);
      }),
    );
  });

  test('@ turns the alert around', () => {
    fc.assert(
      fc.property(thresholds, numbers, (threshold, value) => {
        const turned = { ...threshold, alertsInside: !threshold.alertsInside };
        expect(isAlert(turned, value)).toBe(!isAlert(threshold, value));
      }),
    );
  });

  test('any text is a range or none', () => {
    const unit = fc.oneof(fc.constantFrom('@', '~', ':', '1', '.', '-', '+', 'e', ' '), codeUnits);
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const threshold = parseThreshold(text);
        if (threshold !== null) expect(threshold.start).toBeLessThanOrEqual(threshold.end);
      }),
      { numRuns: 500 },
    );
  });

  test('S13 time grows with the length only', () => {
    for (const pattern of ['1', '1.', ':', '@', '1e']) {
      expectLinear((size) => parseThreshold(`${pattern.repeat(size)},`), 20_000, pattern);
    }
  });
});
