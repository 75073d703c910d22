import { expect, test } from 'vitest';
import { describeConnectError, formatTarget, parseTarget } from './target.ts';

const DEFAULTS = { login: 'violet', port: 22 };

test.each([
  ['gate', 'violet', 'gate', 22],
  ['me@gate', 'me', 'gate', 22],
  ['gate:2222', 'violet', 'gate', 2_222],
  ['me@192.0.2.1:2222', 'me', '192.0.2.1', 2_222],
  ['me@[2001:db8::1]:2222', 'me', '2001:db8::1', 2_222],
  ['[2001:db8::1]', 'violet', '2001:db8::1', 22],
])('%s is %s on %s, port %d', (text, login, address, port) => {
  expect(parseTarget(text, DEFAULTS)).toEqual({ login, address, port });
});

test.each(['', 'a b', 'gate:', 'gate:x', '2001:db8::1', '@gate', 'a@b@c'])(
  '%j is no target',
  (text) => {
    expect(parseTarget(text, DEFAULTS)).toBeNull();
  },
);

test('a target is shown as one can write it', () => {
  for (const text of ['me@gate:22', 'me@[2001:db8::1]:2222']) {
    const target = parseTarget(text, DEFAULTS);
    if (target === null) expect.fail(text);
    expect(formatTarget(target)).toBe(text);
  }
});

test('an error that nobody has words for is told by its code', () => {
  const error = Object.assign(new Error('connect EWHATEVER'), { code: 'EWHATEVER' });
  expect(describeConnectError(error)).toEqual({
    phase: 'connect',
    reason: 'the system says EWHATEVER',
  });
  expect(describeConnectError(new AggregateError([{}, error])).phase).toBe('connect');
});
