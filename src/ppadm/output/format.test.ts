import { describe, expect, test } from 'vitest';
import { formatInstant } from '../../lib/instant.ts';
import { parsePerfdata } from '../../nagios/perfdata.ts';
import {
  type Format,
  formatAgo,
  formatNumber,
  formatPerfdata,
  formatTime,
  formatUntil,
  formatValue,
} from './format.ts';
import { formatSparkline } from './sparkline.ts';

const NOW = Date.parse('2026-11-23T10:00:00.000Z');
const at = (secondsAgo: number) => formatInstant(NOW - secondsAgo * 1_000);

describe('instants', () => {
  test.each([
    [0, 'now'],
    [12.4, '12 s ago'],
    [119, '119 s ago'],
    [120, '2 min ago'],
    [7_199, '119 min ago'],
    [7_200, '2 h ago'],
    [172_799, '47 h ago'],
    [172_800, '2 d ago'],
    [-5, 'now'],
  ])('%d s ago', (seconds, text) => {
    expect(formatAgo(at(seconds), NOW)).toBe(text);
  });

  test.each([
    [-12, 'in 12 s'],
    [-600, 'in 10 min'],
    [3, 'now'],
  ])('due %d s ago', (seconds, text) => {
    expect(formatUntil(at(seconds), NOW)).toBe(text);
  });

  test('of a log line', () => {
    expect(formatTime('2026-11-23T10:00:00.123Z')).toBe('2026-11-23 10:00:00Z');
  });

  test('that are none stay as they are', () => {
    expect([formatAgo('soon', NOW), formatUntil('soon', NOW), formatTime('soon')]).toEqual(
      Array(3).fill('soon'),
    );
  });
});

describe('values', () => {
  test.each<[unknown, Format, string]>([
    [null, 'text', '-'],
    ['', 'text', '-'],
    [[], 'names', '-'],
    [{}, 'entries', '-'],
    [['a', 'b'], 'names', 'a, b'],
    [{ a: 'b', n: 1.23456 }, 'entries', 'a=b, n=1.23'],
    [true, 'onOff', 'on'],
    [false, 'onOff', 'off'],
    [90, 'seconds', '1m30s'],
    [0, 'number', '0'],
    ['critical', 'state', 'critical'],
    ['not a list', 'names', 'not a list'],
    ['not a number', 'seconds', 'not a number'],
  ])('%j as %s', (value, format, text) => {
    expect(formatValue(value, format, NOW)).toBe(text);
  });

  test.each([
    [0.12345, '0.123'],
    [12.345, '12.35'],
    [1_000_000, '1000000'],
    [-0.5, '-0.5'],
  ])('the number %d', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  test.each([
    [0.0123, '12ms'],
    [1.0054, '1.01s'],
    [9, '9s'],
    [7_199.963, '2h'],
    [90.4, '1m30s'],
  ])('%d s that were measured are %s', (seconds, text) => {
    expect(formatValue(seconds, 'took', 0)).toBe(text);
  });

  test('performance data is written as plugins write it', () => {
    const none = { warn: null, crit: null, min: null, max: null };
    const items = [
      { label: 'rta', value: 0.5, unit: 'ms', warn: '100', crit: '@5:10', min: 0, max: null },
      { label: "disk '/' used", value: null, unit: '', ...none },
      { label: 'n', value: 3, unit: '', ...none, max: 9 },
    ];
    expect(parsePerfdata(formatPerfdata(items)).items).toEqual(items);
    expect(formatPerfdata(items)).toBe("rta=0.5ms;100;@5:10;0 'disk ''/'' used'=U n=3;;;;9");
  });
});

describe('sparklines', () => {
  test.each<[string, (number | null)[], number, string]>([
    ['rise from least to greatest', [0, 1, 2, 3, 4, 5, 6, 7], 60, '▁▂▃▄▅▆▇█'],
    ['leave a gap where nothing is known', [0, null, 7], 60, '▁ █'],
    ['lie low when all is zero', [0, 0], 60, '▁▁'],
    ['lie in the middle when nothing changes', [5, 5], 60, '▄▄'],
    ['average neighbours when there is less room', [0, 2, 6, 8], 2, '▁█'],
    ['are empty without values', [null, null], 60, ''],
    ['are empty without room', [1, 2], 0, ''],
  ])('%s', (_what, values, width, line) => {
    expect(formatSparkline(values, width)).toBe(line);
  });
});
