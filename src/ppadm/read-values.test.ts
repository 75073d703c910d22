import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatDuration,
  parseDuration,
  parseEntry,
  parseNames,
  parseOnOff,
} from './read-values.ts';

describe('durations', () => {
  test.each([
    ['30', 30],
    ['1.5', 1.5],
    ['30s', 30],
    ['5m', 300],
    ['5min', 300],
    ['1h30m', 5_400],
    ['500ms', 0.5],
    ['0.1s', 0.1],
    ['7d', 604_800],
    ['2w', 1_209_600],
  ])('%s', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each(['', ' ', 's', '-5', '5 s', '1h30', '30x', '1e3', '0x10', 'NaN', '1:30', '5s!'])(
    '"%s" is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  test('what is written is read back', () => {
    fc.assert(
      fc.property(fc.nat(10 ** 10), (ms) => {
        expect(parseDuration(formatDuration(ms / 1_000))).toBe(ms / 1_000);
      }),
    );
  });

  test('any text is read in no time', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        const seconds = parseDuration(text);
        expect(seconds === undefined || seconds >= 0).toBe(true);
      }),
    );
    const startedAt = performance.now();
    expect(parseDuration('1s'.repeat(1_000_000))).toBeUndefined();
    expect(performance.now() - startedAt).toBeLessThan(100);
  });

  test.each([
    [0, '0s'],
    [30, '30s'],
    [90, '1m30s'],
    [86_400, '1d'],
    [0.011, '11ms'],
  ])('%d s is written %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe('other values', () => {
  test('on and off have their synonyms', () => {
    expect(['on', 'ON', 'yes', 'true', '1'].map(parseOnOff)).toEqual(Array(5).fill(true));
    expect(['off', 'no', 'False', '0'].map(parseOnOff)).toEqual(Array(4).fill(false));
    expect(['', 'maybe', '2'].map(parseOnOff)).toEqual(Array(3).fill(undefined));
  });

  test('names stand between commas', () => {
    expect(parseNames('a, b,,c d')).toEqual(['a', 'b', 'c d']);
    expect(parseNames('')).toEqual([]);
  });

  test('entries set or take out', () => {
    expect(parseEntry('k=v')).toEqual(['k', 'v']);
    expect(parseEntry('k=a=b')).toEqual(['k', 'a=b']);
    expect(parseEntry('k=')).toEqual(['k', '']);
    expect(parseEntry('k-')).toEqual(['k', null]);
    expect(parseEntry('a-b-')).toEqual(['a-b', null]);
    expect(['k', '=v', '-', ''].map(parseEntry)).toEqual(Array(4).fill(undefined));
  });
});
