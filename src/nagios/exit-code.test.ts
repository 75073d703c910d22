import { describe, expect, test } from 'vitest';
import type { CheckStateName, Outcome } from '../model/check.ts';
import { readExit } from './exit-code.ts';

const SETTINGS = { serviceCheckTimeoutState: 'critical' } as const;

function exited(exitCode: number, stdout = '', stderr = ''): Outcome {
  return { kind: 'exited', exitCode, stdout, stderr, truncated: false };
}

function signalled(signal: string, stdout = '', stderr = ''): Outcome {
  return { kind: 'signalled', signal, stdout, stderr, truncated: false };
}

describe('1.1 exit codes', () => {
  test.each([
    [0, 'ok'],
    [1, 'warning'],
    [2, 'critical'],
    [3, 'unknown'],
  ])('%i is %s, in the words of the plugin', (exitCode, state) => {
    expect(readExit(exited(exitCode, 'text'), SETTINGS)).toEqual({
      state,
      exitCode,
      statement: null,
      printed: 'text',
      remark: null,
    });
  });

  test.each([
    [126, '(exit code 126: the plugin, or what it runs, is not executable)'],
    [127, '(exit code 127: the plugin, or what it runs, is missing)'],
    [4, '(exit code 4 is outside 0 to 3)'],
    [-1, '(exit code -1 is outside 0 to 3)'],
    [128, '(exit code 128 is outside 0 to 3)'],
    [255, '(exit code 255 is outside 0 to 3)'],
    [2 ** 32, '(exit code 4294967296 is outside 0 to 3)'],
  ])('%i is critical, in our words, and what was printed stays readable', (exitCode, statement) => {
    const expected = { state: 'critical', exitCode, statement, remark: null };
    expect(readExit(exited(exitCode, 'out', 'err'), SETTINGS)).toEqual({
      ...expected,
      printed: 'out',
    });
    expect(readExit(exited(exitCode, '', 'err'), SETTINGS)).toEqual({
      ...expected,
      printed: 'err',
    });
  });

  test.each(['', '\n', ' \t\r\n', '\0\u001b'])('stdout %j is empty: stderr speaks', (stdout) => {
    expect(readExit(exited(2, stdout, '\nno route\n'), SETTINGS)).toMatchObject({
      statement: null,
      printed: '(nothing on stdout) stderr: no route\n',
    });
  });

  test.each([0, 4])('a line of ours about the run is added, with exit code %i too', (exitCode) => {
    const outcome: Outcome = { ...exited(exitCode, 'text'), remark: '(new key)' } as Outcome;
    expect(readExit(outcome, SETTINGS)).toMatchObject({ printed: 'text', remark: '(new key)' });
  });

  test('nothing on both is said so, whatever the state', () => {
    expect(readExit(exited(0, '\n', ' '), SETTINGS)).toMatchObject({
      state: 'ok',
      statement: '(the plugin printed nothing)',
      printed: '',
    });
  });
});

describe('1.1 as Icinga', () => {
  const ICINGA = {
    serviceCheckTimeoutState: 'unknown',
    outOfBoundsState: 'unknown',
    timeoutOutput: 'kept',
  } as const;

  test.each([4, 126, 127, 128, 255, -1])('%i is unknown', (exitCode) => {
    const nagios = readExit(exited(exitCode, 'out', 'err'), SETTINGS);
    expect(readExit(exited(exitCode, 'out', 'err'), ICINGA)).toEqual({
      ...nagios,
      state: 'unknown',
    });
  });

  test.each([
    ['missing', 127],
    ['notExecutable', 126],
    ['refused', 3],
  ] as const)('a plugin that is %s is unknown', (why, exitCode) => {
    const outcome: Outcome = { kind: 'notStarted', why, detail: 'There is no x.' };
    expect(readExit(outcome, ICINGA)).toMatchObject({ state: 'unknown', exitCode });
  });

  test('a timeout is told below what the plugin had printed', () => {
    const outcome = { kind: 'timedOut', timeoutMs: 500 } as const;
    expect(readExit({ ...outcome, stdout: 'busy' }, ICINGA)).toEqual({
      ...{ state: 'unknown', exitCode: 3, statement: null, printed: 'busy' },
      remark: '(timed out after 0.50 seconds)',
    });
    expect(readExit({ ...outcome, stdout: ' \n' }, ICINGA)).toMatchObject({
      ...{ statement: '(timed out after 0.50 seconds)', remark: null },
    });
  });

  test('codes 0 to 3 and signals are as with Nagios', () => {
    for (const outcome of [0, 1, 2, 3].map((code) => exited(code, 'text'))) {
      expect(readExit(outcome, ICINGA)).toEqual(readExit(outcome, SETTINGS));
    }
    const killed = signalled('SIGKILL', 'OK', 'err');
    expect(readExit(killed, ICINGA)).toEqual(readExit(killed, SETTINGS));
  });
});

describe('1.1 runs without an exit code', () => {
  test.each<[CheckStateName, number]>([
    ['ok', 0],
    ['warning', 1],
    ['critical', 2],
    ['unknown', 3],
  ])('a timeout is %s by the setting', (serviceCheckTimeoutState, exitCode) => {
    const outcome: Outcome = { kind: 'timedOut', timeoutMs: 10_250, stdout: 'OK' };
    expect(readExit(outcome, { serviceCheckTimeoutState })).toEqual({
      state: serviceCheckTimeoutState,
      exitCode,
      statement: '(timed out after 10.25 seconds)',
      printed: 'OK',
      remark: null,
    });
  });

  test.each(['SIGKILL', 'SIGSEGV', 'SIGTERM', 'SIGABRT'])(
    '%s is unknown and named, before and after output',
    (signal) => {
      const named = `(ended by signal ${signal})`;
      expect(readExit(signalled(signal, 'OK', 'err'), SETTINGS)).toEqual({
        state: 'unknown',
        exitCode: 3,
        statement: null,
        printed: 'OK',
        remark: named,
      });
      expect(readExit(signalled(signal, '\n', 'err'), SETTINGS)).toEqual({
        state: 'unknown',
        exitCode: 3,
        statement: named,
        printed: 'err',
        remark: null,
      });
    },
  );

  test.each([
    ['missing', 'critical', 127, '(not started, exit code 127) There is no x.'],
    ['notExecutable', 'critical', 126, '(not started, exit code 126) There is no x.'],
    ['refused', 'unknown', 3, '(not started) There is no x.'],
  ] as const)('a plugin that is %s is %s', (why, state, exitCode, statement) => {
    const outcome: Outcome = { kind: 'notStarted', why, detail: 'There is no x.' };
    expect(readExit(outcome, SETTINGS)).toEqual({
      state,
      exitCode,
      statement,
      printed: '',
      remark: null,
    });
  });

  test.each([
    ['unknown', 3],
    ['critical', 2],
  ] as const)('a plugin that ssh could not run is %s where that is wanted', (state, exitCode) => {
    const failed = { kind: 'sshFailed', phase: 'connect', detail: 'x: refused.' } as const;
    expect(readExit({ ...failed, state, stdout: 'text' }, SETTINGS)).toEqual({
      state,
      exitCode,
      statement: '(ssh failed: connect) x: refused.',
      printed: 'text',
      remark: null,
    });
  });
});
