import { expect, test } from 'vitest';
import { startProcess } from '../../../test/servers/temp.ts';
import { createSimulatedClock } from '../../../test/simulated-clock.ts';
import { silentLog } from '../../lib/log.ts';
import { Unavailable } from '../../model/errors.ts';
import { createExecutor, type Run } from './run.ts';

const COMMAND = {
  ...{ file: '/bin/sleep', args: ['600'], env: {}, cwd: '/' },
  ...{ timeoutMs: 1_000, maxOutputBytes: 100 },
};

/** An executor whose programs the test starts by itself. */
function openByHand() {
  const clock = createSimulatedClock();
  const runs: Run[] = [];
  const executor = createExecutor({ clock, log: silentLog() }, (run) => runs.push(run));
  return { clock, runs, executor };
}

test('a program whose start takes longer than its time is killed when it is there at last', async () => {
  const { clock, runs, executor } = openByHand();
  const running = executor.run(COMMAND);
  await clock.advance(COMMAND.timeoutMs);
  expect(await running).toEqual({ kind: 'timedOut', timeoutMs: COMMAND.timeoutMs, stdout: '' });
  await using late = await startProcess(COMMAND.file, COMMAND.args);
  let isReleased = false;
  runs[0]?.attach({
    pid: late.pid,
    release() {
      isReleased = true;
    },
  });
  expect(await late.exited).toMatchObject({ signal: 'SIGKILL' });
  expect(isReleased).toBe(true);
  expect(clock.timerCount).toBe(0);
});

test('a run that is stopped before its program is there is over at once', async () => {
  const { clock, runs, executor } = openByHand();
  const running = executor.run(COMMAND);
  await executor.close();
  await expect(running).rejects.toThrow(Unavailable);
  expect(runs[0]?.isFinished).toBe(true);
  expect(clock.timerCount).toBe(0);
});

test('what happens after the end changes nothing', async () => {
  const { clock, runs, executor } = openByHand();
  const running = executor.run(COMMAND);
  runs[0]?.end(0, null);
  runs[0]?.closeOutput();
  runs[0]?.end(2, null);
  runs[0]?.stop();
  expect(await running).toMatchObject({ kind: 'exited', exitCode: 0 });
  expect(clock.timerCount).toBe(0);
});
