import { expect, test } from 'vitest';
import { describeStartFailure } from './start-failure.ts';

const COMMAND = {
  ...{ file: '/bin/true', args: ['secret'], env: {}, cwd: '/' },
  ...{ timeoutMs: 1, maxOutputBytes: 1 },
};

test.each([
  ['EAGAIN', 'refused', 'TasksMax'],
  ['ENFILE', 'refused', 'fs.file-max'],
  ['ENOMEM', 'refused', 'memory'],
  ['ETXTBSY', 'refused', 'writing'],
  ['ENOEXEC', 'notExecutable', 'format'],
  ['EIO', 'refused', 'EIO'],
])('%s is %s and the text names the remedy', async (code, why, word) => {
  const error = Object.assign(new Error('spawn secret'), { code });
  expect(await describeStartFailure(COMMAND, error)).toEqual({
    ...{ kind: 'notStarted', why, detail: expect.stringContaining(word) },
  });
});

test('what is no error of the system is shown without its text', async () => {
  const outcome = await describeStartFailure(COMMAND, new TypeError('bad "secret"'));
  expect(outcome.why).toBe('refused');
  expect(outcome.detail).not.toContain('secret');
});
