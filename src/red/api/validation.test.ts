import { expect, test } from 'vitest';
import type { Operation } from '../../contract/operation.ts';
import { OPERATIONS } from '../../contract/operations.ts';
import { InvalidInput } from '../../model/errors.ts';
import { createValidator } from './validation.ts';

/** What is said of each field of a body or a query. */
function errorsOf(name: keyof typeof OPERATIONS, value: unknown, part: 'body' | 'query' = 'body') {
  const operation: Operation = OPERATIONS[name];
  try {
    createValidator(operation[part], part === 'query')(value);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return Object.fromEntries(error.errors.map(({ path, message }) => [path, message]));
  }
  return {};
}

test('however many fields are wrong, each is named', () => {
  const wrong = {
    ...{ name: '/', script: '../x', params: 7, interval: '1m', timeout: 0, stalking: ['no'] },
    ...{ maxCheckAttempts: 0, ssh: 'yes', suites: 'base', description: null, bogus: 1, more: 2 },
  };
  expect(Object.keys(errorsOf('createPlugin', wrong)).sort()).toEqual(
    [...Object.keys(wrong).filter((name) => name !== 'stalking'), 'stalking/0']
      .map((name) => `/${name}`)
      .sort(),
  );
});

test.each([
  ['createToken', { name: 'x', role: 'boss' }, '/role', 'must be one of viewer, operator, admin'],
  ['createPlugin', { name: 'x', interval: '1m' }, '/interval', 'must be a number'],
  [
    'createPlugin',
    { name: 'x', retryInterval: '1m' },
    '/retryInterval',
    'must be a number or null',
  ],
  ['createPlugin', { name: 'x', script: '../x' }, '/script', /^does not fit: A file name/],
  ['createHost', { suites: 'base' }, '/suites', 'must be an array'],
  ['createHost', { suites: 'base' }, '/address', 'is required'],
] as const)('%s %j: what %s must be is said in words', (name, body, path, message) => {
  const said = errorsOf(name, body)[path];
  if (typeof message === 'string') expect(said).toBe(message);
  else expect(said).toMatch(message);
});

test('a parameter that takes words names them', () => {
  expect(errorsOf('listChecks', { state: 'broken' }, 'query')).toEqual({
    '/state': 'must be of ok, warning, critical, unknown, pending, with commas between',
  });
  expect(errorsOf('getCheckPerfdata', { cf: 'LAST' }, 'query')).toEqual({
    '/cf': 'must be one of AVERAGE, MIN, MAX',
  });
});

test('of a batch only the operation that was meant is spoken of', () => {
  const operations = [
    { op: 'create', kind: 'planet', body: {} },
    { op: 'change', kind: 'host', body: {} },
  ];
  expect(errorsOf('applyBatch', { operations })).toEqual({
    '/operations/0/kind': 'must be one of host, plugin, suite, subnet, timeperiod, dependency',
    '/operations/1/ref': 'is required',
  });
});

test('a body of nothing but mistakes takes no time and is answered in part', () => {
  const operations = Array.from({ length: 1_000 }, () => ({ op: 7, a: 1, b: 2 }));
  const count = Object.keys(errorsOf('applyBatch', { operations })).length;
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThanOrEqual(100);
});
