import { expect, test } from 'vitest';
import { runProbe } from '../../../test/probing.ts';

test.each([
  [['0'], 'ok', 'OK'],
  [['1', 'careful'], 'warning', 'WARNING: careful'],
  [['2', ''], 'critical', 'CRITICAL:'],
  [['3', '-x'], 'unknown', 'UNKNOWN: -x'],
  [['4'], 'unknown', 'UNKNOWN: Status 4 is not a supported error state'],
  [['-1'], 'unknown', 'UNKNOWN: Status -1 is not a supported error state'],
  [[], 'unknown', 'DUMMY UNKNOWN - there is no STATE'],
  [['x'], 'unknown', 'DUMMY UNKNOWN - STATE is no whole number: "x"'],
  [['0', 'a', 'b'], 'ok', 'OK: a b'],
])('%j is %s: %s', async (args, state, output) => {
  expect(await runProbe('dummy', args)).toMatchObject({ state, output });
});

test('performance data in the text is given on', async () => {
  const { perfdata } = await runProbe('dummy', ['0', 'well | a=1ms;2;3']);
  expect(perfdata).toMatchObject([{ label: 'a', value: 1, unit: 'ms', warn: '2', crit: '3' }]);
});
