import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatInstant, parseInstant } from './instant.ts';

test('a formatted instant is parsed to the same millisecond', () => {
  const instants = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(instants, (date) => {
      expect(parseInstant(formatInstant(date.getTime()))).toBe(date.getTime());
    }),
  );
});

test.each([
  ['2026-11-23T10:00:00.000Z', Date.UTC(2026, 10, 23, 10)],
  ['2026-11-23T10:00Z', Date.UTC(2026, 10, 23, 10)],
  ['2026-11-23T12:00:00+02:00', Date.UTC(2026, 10, 23, 10)],
  ['2026-11-23T10:00:00.123456789Z', Date.UTC(2026, 10, 23, 10, 0, 0, 123)],
])('reads %s', (text, at) => {
  expect(parseInstant(text)).toBe(at);
});

test.each([
  '',
  'now',
  '2026-11-23',
  '2026-11-23T10:00:00',
  '2026-13-23T10:00:00Z',
  '2026-11-23T25:00:00Z',
  ' 2026-11-23T10:00:00Z',
  '1795428000000',
])('gives NaN for %j', (text) => {
  expect(parseInstant(text)).toBeNaN();
});
