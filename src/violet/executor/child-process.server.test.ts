import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { openChildProcessExecutor } from './child-process.ts';
import { describeExecutor } from './executor.contract.ts';

const open = () => openChildProcessExecutor({ clock: systemClock, log: silentLog() });

describeExecutor('child process', open);

test('without a free file descriptor the run is refused, and the next one works', async () => {
  const executor = open();
  const command = {
    ...{ file: '/bin/true', args: [], env: {}, cwd: '/' },
    ...{ timeoutMs: 5_000, maxOutputBytes: 100 },
  };
  const prlimit = (...args: string[]) =>
    execFileSync('prlimit', ['--pid', String(process.pid), ...args]).toString();
  const before = prlimit('--nofile', '--output', 'SOFT', '--noheadings', '--raw').trim();
  prlimit('--nofile=200:');
  const taken: number[] = [];
  try {
    expect(() => {
      for (;;) taken.push(openSync('/dev/null', 'r'));
    }).toThrow('EMFILE');
    expect(await executor.run(command)).toMatchObject({
      ...{ kind: 'notStarted', why: 'refused', detail: expect.stringContaining('LimitNOFILE') },
    });
  } finally {
    for (const file of taken) closeSync(file);
    prlimit(`--nofile=${before}:`);
  }
  expect(await executor.run(command)).toMatchObject({ kind: 'exited', exitCode: 0 });
  await executor.close();
});
