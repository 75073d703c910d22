import { describe, expect, test } from 'vitest';
import { ProblemAnswer } from '../contract/client.ts';
import { findNear } from '../lib/near-names.ts';
import {
  ConfigError,
  Conflict,
  Forbidden,
  InvalidInput,
  NotFound,
  Unauthenticated,
  Unavailable,
} from '../model/errors.ts';
import { explainFailure, Missing } from './exit-code.ts';

const answer = (status: number, more = {}) =>
  new ProblemAnswer({ type: 'about:blank', title: 'T', status, detail: 'Why.', ...more });

describe('exit codes', () => {
  test.each([
    [400, 2],
    [401, 4],
    [403, 4],
    [404, 3],
    [409, 5],
    [412, 5],
    [413, 1],
    [422, 2],
    [429, 1],
    [500, 1],
    [502, 6],
    [503, 6],
    [504, 6],
  ])('the answer %i ends with %i', (status, exitCode) => {
    const failure = explainFailure(answer(status));
    expect(failure.exitCode).toBe(exitCode);
    expect(failure.lines).toHaveLength(1);
    expect(failure.lines[0]).toContain('Why.');
  });

  test.each([
    [new InvalidInput([{ path: '--x', message: 'is wrong' }]), 2],
    [new ConfigError('broken'), 2],
    [new NotFound('host', 'x'), 3],
    [new Unauthenticated('no'), 4],
    [new Forbidden('no'), 4],
    [new Conflict('taken'), 5],
    [new Unavailable('server', 'away'), 6],
  ])('%s', (error, exitCode) => {
    expect(explainFailure(error)).toEqual({ exitCode, lines: [error.message] });
  });

  test('every wrong field is told', () => {
    const errors = [
      { path: '/a', message: 'is wrong' },
      { path: '', message: 'all is wrong' },
    ];
    expect(explainFailure(answer(422, { errors })).lines).toEqual(['/a: is wrong', 'all is wrong']);
  });

  test('a bug is told with its stack', () => {
    const { exitCode, lines } = explainFailure(new RangeError('bug'));
    expect(exitCode).toBe(1);
    expect(lines.join('\n')).toMatch(/please report it[\s\S]*RangeError: bug[\s\S]*exit-code.test/);
  });

  test('an answer of another server is told, whatever its form', () => {
    expect(explainFailure(answer(418, { errors: 'none' })).exitCode).toBe(1);
  });
});

describe('near names', () => {
  const NAMES = ['web1', 'web2', 'db1', 'mail', 'WEB10'];

  test.each([
    ['wbe1', ['web1']],
    ['web', ['web1', 'web2']],
    ['Web1', ['web1', 'WEB10', 'web2']],
    ['mial', ['mail']],
    ['zzz', []],
  ])('%s', (wanted, near) => {
    expect(findNear(wanted, NAMES)).toEqual(near);
  });

  test('long names take no time', () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `${'x'.repeat(1_000)}${index}`);
    const startedAt = performance.now();
    findNear('x'.repeat(100_000), names);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  test('are told with the failure', () => {
    const missing = new Missing('host', 'wbe1', 'Did you mean "web1"?');
    expect(explainFailure(missing)).toEqual({
      exitCode: 3,
      lines: ['There is no host "wbe1". Did you mean "web1"?'],
    });
  });
});
