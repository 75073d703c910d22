import { expect, test } from 'vitest';
import { parseOverride } from './overrides.ts';

test.each([
  ['disk.interval=5m', { plugin: 'disk', numbers: { interval: 300 } }],
  ['disk.maxCheckAttempts=3', { plugin: 'disk', numbers: { maxCheckAttempts: 3 } }],
  ['a.b.timeout=500ms', { plugin: 'a.b', numbers: { timeout: 0.5 } }],
  ['disk.interval-', { plugin: 'disk', numbers: { interval: null } }],
  ['disk-', { plugin: 'disk', numbers: null }],
  ['web-2.interval=1', { plugin: 'web-2', numbers: { interval: 1 } }],
])('%s is read', (text, expected) => {
  expect(parseOverride(text)).toEqual(expected);
});

test.each(['disk', 'disk=3', 'disk.speed=3', '.interval=3', 'disk.interval=soon', '=3', ''])(
  '%s is refused',
  (text) => {
    expect(parseOverride(text)).toBeUndefined();
  },
);
