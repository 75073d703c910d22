import { expect, test } from 'vitest';
import { isSameSpec } from './same-spec.ts';

const SPEC = {
  name: 'a',
  suites: ['x', 'y'],
  stalking: ['ok', 'warning'],
  subnet: null,
  exceptions: { 'day 1': '00:00-24:00', monday: '09:00-17:00' },
  overrides: { disk: { interval: 60, timeout: 5 } },
};

test.each([
  ['all the same', {}],
  ['a list in another order, of which none is kept', { suites: ['y', 'x', 'y'] }],
  ['fields inside in another order', { overrides: { disk: { timeout: 5, interval: 60 } } }],
])('nothing is changed by %s', (_, change) => {
  expect(isSameSpec(SPEC, { ...SPEC, ...change }, ['suites'])).toBe(true);
});

test.each([
  ['another text', { name: 'b' }],
  ['one more of a list', { suites: ['x', 'y', 'z'] }],
  ['one less', { suites: ['x'] }],
  ['another order of a list that keeps it', { stalking: ['warning', 'ok'] }],
  ['another order of a map', { exceptions: { monday: '09:00-17:00', 'day 1': '00:00-24:00' } }],
  ['something in place of nothing', { subnet: 'n' }],
  ['a number inside', { overrides: { disk: { interval: 61, timeout: 5 } } }],
  ['a field that was not there', { parents: [] }],
  ['a field that is there no more', { subnet: undefined }],
])('something is changed by %s', (_, change) => {
  expect(isSameSpec(SPEC, { ...SPEC, ...change }, ['suites'])).toBe(false);
});
