import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectLinear } from '../../test/linear.ts';
import type { Outcome } from '../model/check.ts';
import { parsePluginOutput, readOutcome } from './plugin-output.ts';

const SETTINGS = { serviceCheckTimeoutState: 'critical' } as const;
const LONGEST = 65_536;

function exited(stdout: string, truncated = false): Outcome {
  return { kind: 'exited', exitCode: 0, stdout, stderr: '', truncated };
}

function signalled(stdout: string, truncated = false): Outcome {
  return { kind: 'signalled', signal: 'SIGKILL', stdout, stderr: '', truncated };
}

function labels(outcome: Outcome): string[] {
  return readOutcome(outcome, SETTINGS).perfdata.map((item) => item.label);
}

/** Pieces that parsers stumble over, and anything else. */
const texts = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...["'", '=', ';', ' ', '|', '\n', '\r', '\t', '\0', 'a=1', 'U', '1', 'x']),
    fc.constantFrom('\u001b[2J', '\u009b', '\u007f', '\ufeff', '\ud800', '\udc00', '\u{1f3a8}'),
    fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
  ),
  maxLength: 100,
});

const outcomes: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({
    kind: fc.constant('exited' as const),
    exitCode: fc.integer({ min: -1, max: 260 }),
    stdout: texts,
    stderr: texts,
    truncated: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('signalled' as const),
    signal: fc.constantFrom('SIGKILL', 'SIGSEGV'),
    stdout: texts,
    stderr: texts,
    truncated: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('timedOut' as const),
    timeoutMs: fc.integer({ min: 1, max: 1e9 }),
    stdout: texts,
  }),
  fc.record({
    kind: fc.constant('notStarted' as const),
    why: fc.constantFrom('missing' as const, 'notExecutable' as const, 'refused' as const),
    detail: texts,
  }),
  fc.record({
    kind: fc.constant('sshFailed' as const),
    state: fc.constantFrom('critical' as const, 'unknown' as const),
    phase: fc.constantFrom('connect', 'host key'),
    detail: texts,
    stdout: texts,
  }),
);

describe('1.2 output parsing', () => {
  test.each([
    ['1 the first line alone', 'OK - fine\n', 'OK - fine', '', ''],
    ['1 no newline at the end', 'OK', 'OK', '', ''],
    ['1 perfdata of the first line, trimmed', '  OK | a=1 b=2 \n', 'OK', '', 'a=1 b=2'],
    ['1 further pipes of the first line are perfdata', 'OK|a=1|b=2 | c', 'OK', '', 'a=1|b=2 | c'],
    ['2 long output', 'OK\none\n  two\n', 'OK', 'one\n  two', ''],
    ['2 long output after perfdata', 'OK | a=1\none\ntwo', 'OK', 'one\ntwo', 'a=1'],
    [
      '2 no leading newline, empty lines inside stay',
      'OK\n\none\n\ntwo\n\n',
      'OK',
      'one\n\ntwo',
      '',
    ],
    ['3 a later pipe ends the long output', 'OK\none\ntwo | a=1', 'OK', 'one\ntwo', 'a=1'],
    ['3 a pipe that starts a line', 'OK\none\n|a=1', 'OK', 'one', 'a=1'],
    [
      '4 all lines after it are perfdata',
      'OK|a=1\nx|b=2\nc=3\nd=4|e',
      'OK',
      'x',
      'a=1 b=2 c=3 d=4|e',
    ],
    ['5 a line of perfdata only', '|a=1', '', '', 'a=1'],
    ['5 only a pipe', '|', '', '', ''],
    ['5 an empty first line', '\nlater', '', 'later', ''],
    ['6 semicolons of the first line only', 'a;b;c|x=1;2\nd;e', 'a:b:c', 'd;e', 'x=1;2'],
    ['CRLF', 'OK|a=1\r\none\r\ntwo|b=2\r\nc=3\r\n', 'OK', 'one\ntwo', 'a=1 b=2 c=3'],
    ['nothing', '', '', '', ''],
    ['white space', ' \n\t\n ', '', '', ''],
  ])('%s', (_rule, text, output, longOutput, perfdata) => {
    expect(parsePluginOutput(text)).toEqual({ output, longOutput, perfdata });
  });

  test('an outcome becomes state, texts and items', () => {
    expect(readOutcome(exited('DISK OK; 3 GB | /=3GB;1;2;0;9 x\nmore'), SETTINGS)).toEqual({
      state: 'ok',
      exitCode: 0,
      output: 'DISK OK: 3 GB',
      longOutput: 'more',
      perfdata: [{ label: '/', value: 3, unit: 'GB', warn: '1', crit: '2', min: 0, max: 9 }],
    });
  });

  test('our words in place of the plugin leave its text below, perfdata unread', () => {
    const outcome: Outcome = { kind: 'timedOut', timeoutMs: 500, stdout: '\nwait | a=1\r\n' };
    expect(readOutcome(outcome, SETTINGS)).toEqual({
      state: 'critical',
      exitCode: 2,
      output: '(timed out after 0.50 seconds)',
      longOutput: 'wait | a=1',
      perfdata: [],
    });
  });

  test('the text of a run that was out of time is read where it is kept, but for what may be cut', () => {
    const outcome: Outcome = { kind: 'timedOut', timeoutMs: 500, stdout: 'busy | a=1 b=12' };
    expect(readOutcome(outcome, { ...SETTINGS, timeoutOutput: 'kept' })).toMatchObject({
      ...{ state: 'critical', output: 'busy', perfdata: [{ label: 'a' }] },
      longOutput: '(timed out after 0.50 seconds)',
    });
  });

  test('a detail with pipes and newlines is one line of output', () => {
    const outcome: Outcome = { kind: 'notStarted', why: 'missing', detail: 'no "a|b;c"\nin /x' };
    const { output, longOutput } = readOutcome(outcome, SETTINGS);
    expect(output).toBe('(not started, exit code 127) no "a|b:c" in /x');
    expect(longOutput).toBe('');
  });

  test('a signal is named below what the plugin said before', () => {
    expect(readOutcome(signalled('OK\nmore\n'), SETTINGS)).toMatchObject({
      state: 'unknown',
      output: 'OK',
      longOutput: 'more\n(ended by signal SIGKILL)',
    });
  });
});

describe('limits', () => {
  test('a text that the executor cut says so', () => {
    expect(readOutcome(exited('OK', true), SETTINGS).longOutput).toBe('[output cut]');
    expect(readOutcome(exited('OK\nmore', true), SETTINGS).longOutput).toBe('more\n[output cut]');
  });

  test('both texts are cut where they are long, and say so', () => {
    const { output, longOutput } = parsePluginOutput(
      `${'a'.repeat(8193)}\n${'b'.repeat(LONGEST + 1)}`,
    );
    expect(output).toBe(`${'a'.repeat(8192 - 13)} [output cut]`);
    expect(longOutput).toBe(`${'b'.repeat(LONGEST - 13)}\n[output cut]`);
    const fits = parsePluginOutput(`${'a'.repeat(8192)}\n${'b'.repeat(LONGEST)}`);
    expect(fits).toMatchObject({ output: 'a'.repeat(8192), longOutput: 'b'.repeat(LONGEST) });
  });

  test('perfdata behind an overlong first line is read', () => {
    expect(labels(exited(`${'a'.repeat(20_000)} | a=1`))).toEqual(['a']);
  });

  test('the ending of a cut text is kept whole, once', () => {
    const outcome = signalled(`OK\n${'b'.repeat(LONGEST)}`, true);
    const { longOutput } = readOutcome(outcome, SETTINGS);
    expect(longOutput).toHaveLength(LONGEST);
    expect(longOutput).toMatch(/b\n\[output cut\]\n\(ended by signal SIGKILL\)$/);
  });

  test('no cut goes through a surrogate pair', () => {
    for (const start of ['', 'a']) {
      const text = start + '\u{1f3a8}'.repeat(LONGEST);
      const { output, longOutput } = parsePluginOutput(`${text}\n${text}`);
      expect(output + longOutput).not.toMatch(/\p{Surrogate}/u);
      expect(output.length).toBeGreaterThanOrEqual(8_191);
      expect(longOutput.length).toBeGreaterThanOrEqual(LONGEST - 1);
    }
  });

  test.each([
    ['OK | a=1 b=12', ['a']],
    ['OK | a=1 b=12\n', ['a', 'b']],
    ['OK | a=12', []],
    ["OK | a=1 'b c'=12", ['a']],
    ['OK | a=1 b=12\nlong text', ['a', 'b']],
    ['OK | a=1\nlong text | b=2\nc=12', ['a', 'b']],
    ['OK a=1', []],
  ])('of %j, when it was cut, the last item is not believed', (stdout, expected) => {
    expect(labels(exited(stdout, true))).toEqual(expected);
    expect(labels(signalled(stdout))).toEqual(expected);
  });
});

describe('F34 texts that databases and terminals stumble over', () => {
  test.each([
    ['NUL', 'a\0b', 'ab'],
    ['a colour', '\u001b[31mred\u001b[0m', '[31mred[0m'],
    ['C1 controls', '\u009b2Jx\u0085', '2Jx'],
    ['DEL, bell, backspace', 'a\u007f\u0007\bb', 'ab'],
    ['a lone CR', '10%\r20%', '10%20%'],
    ['a tab', 'a\tb', 'a\tb'],
    ['a byte order mark', '\ufeffOK', 'OK'],
    ['lone surrogates', '\udc00a\ud800', '\ufffda\ufffd'],
    ['a pair that a control had split', '\ud83c\0\udfa8', '\u{1f3a8}'],
  ])('%s', (_name, text, expected) => {
    expect(parsePluginOutput(text).output).toBe(expected);
  });

  test('whatever a run does, what comes out can be stored, shown and sent', () => {
    fc.assert(
      fc.property(outcomes, (outcome) => {
        const reading = readOutcome(outcome, SETTINGS);
        const json = JSON.stringify(reading);
        expect(JSON.parse(json)).toEqual(reading);
        // Well-formed JSON has escapes of surrogates and controls; newline and tab are \n and \t.
        expect(json).not.toMatch(/\\ud|\\u00|\\[bfr]|[\u007f-\u009f]/);
        expect(reading.output).not.toMatch(/[;\n]/);
        expect(reading.output).toBe(reading.output.trim());
        expect(Number.isInteger(reading.exitCode)).toBe(true);
        if (outcome.kind !== 'exited') expect(reading.state).not.toBe('ok');
      }),
      { numRuns: 500 },
    );
  });
});

test('S13 time grows with the length of the text only', () => {
  for (const pattern of [
    "'",
    '=',
    'a=1;',
    ' ',
    '\n',
    '|',
    "'a ",
    "OK|'a' ",
    '1',
    '\0',
    '\ud800',
    ';',
  ]) {
    const read = (count: number) => readOutcome(exited(pattern.repeat(count), true), SETTINGS);
    expectLinear(read, 20_000, JSON.stringify(pattern));
  }
});
