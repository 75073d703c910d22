import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectLinear } from '../../../test/linear.ts';
import type { Outcome } from '../../model/check.ts';
import { createMask, MASK } from './mask.ts';

const mask = createMask({
  ...{
    USER1: '/usr/lib/nagios/plugins',
    USER2: 'hush',
    USER3: 'hush hush (s3cret.)',
    USER4: '161',
  },
});

function exited(stdout: string, stderr = '', truncated = false): Outcome {
  return { kind: 'exited', exitCode: 0, stdout, stderr, truncated };
}

describe('secrets in texts', () => {
  test('are masked wherever they are, the longest first', () => {
    const outcome = exited('OK: hush|p=1\nhush hush (s3cret.) xhushx', 'curl -u me:hush');
    expect(mask(outcome)).toEqual(
      exited(`OK: ${MASK}|p=1\n${MASK} x${MASK}x`, `curl -u me:${MASK}`),
    );
  });

  test('are no patterns: what only looks alike stays', () => {
    const outcome = exited('hush-hush, hush hush (s3cretX) HUSH');
    expect(mask(outcome)).toEqual(exited(`${MASK}-${MASK}, ${MASK} ${MASK} (s3cretX) HUSH`));
  });

  test('the folder of plugins and short values stay', () => {
    const outcome = exited('/usr/lib/nagios/plugins/check_snmp port 161');
    expect(mask(outcome)).toEqual(outcome);
  });

  test.each<[string, Outcome, Outcome]>([
    [
      'a signal',
      { kind: 'signalled', signal: 'SIGSEGV', stdout: 'hush', stderr: 'hush', truncated: false },
      { kind: 'signalled', signal: 'SIGSEGV', stdout: MASK, stderr: MASK, truncated: false },
    ],
    [
      'a time-out',
      { kind: 'timedOut', timeoutMs: 1, stdout: 'hush' },
      { kind: 'timedOut', timeoutMs: 1, stdout: MASK },
    ],
    [
      'a failed start',
      { kind: 'notStarted', why: 'refused', detail: 'it said hush.' },
      { kind: 'notStarted', why: 'refused', detail: `it said ${MASK}.` },
    ],
    [
      'ssh',
      { kind: 'sshFailed', state: 'unknown', phase: 'channel', detail: 'a hush.', stdout: 'hush' },
      { kind: 'sshFailed', state: 'unknown', phase: 'channel', detail: `a ${MASK}.`, stdout: MASK },
    ],
  ])('are masked after %s', (_title, outcome, expected) => {
    expect(mask(outcome)).toEqual(expected);
  });

  test('are masked at the end of a text that was cut in the middle of one', () => {
    expect(mask(exited('OK hush hush (s3c', '', true))).toEqual(exited(`OK ${MASK}`, '', true));
    expect(mask(exited('OK hus', '', true))).toEqual(exited('OK hus', '', true));
    const whole = exited('OK hush hush (s3c');
    expect(mask(whole)).toEqual(exited(`OK ${MASK} ${MASK} (s3c`));
  });

  test('without secrets nothing is touched', () => {
    const outcome = exited('anything');
    expect(createMask({})(outcome)).toBe(outcome);
    expect(createMask({ USER1: '/plugins', USER2: '' })(outcome)).toBe(outcome);
  });

  test('are found in time that grows with the text only', () => {
    for (const piece of ['hush', 'hush ', 'hus', 'h', 'hush hush (s3cret']) {
      const read = (count: number) => mask(exited(piece.repeat(count), '', true));
      expectLinear(read, 20_000, JSON.stringify(piece));
    }
    const long = createMask({ USER2: 'a'.repeat(100_000) });
    expectLinear((count) => long(exited('a'.repeat(count), '', true)), 90_000, 'one long secret');
  });

  test('whatever they are, none is left, wherever a text is cut', () => {
    const secret = fc.string({
      unit: fc.constantFrom('a', 'b', '$', '.', '\\', '['),
      minLength: 4,
    });
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        fc.string(),
        (secrets, word) => {
          const macros = Object.fromEntries(secrets.map((one, index) => [`USER${index + 2}`, one]));
          const text = secrets.map((one) => `${word}${one}`).join(' ');
          for (const cut of [text.length, text.length - 1, text.length - 3]) {
            const masked = createMask(macros)(exited(text.slice(0, cut), '', true));
            const shown = 'stdout' in masked ? masked.stdout : '';
            for (const one of secrets) expect(shown).not.toContain(one);
          }
        },
      ),
    );
  });
});
