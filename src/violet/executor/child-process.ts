/**
 * The executor over `node:child_process`, which runs everywhere. It forks: a start costs the more,
 * the more memory this process has, and the event loop stands still meanwhile. `posix-spawn.ts` has
 * neither fault.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Outcome } from '../../model/check.ts';
import type { Command } from './executor.ts';
import { isForeignProgram } from './foreign-program.ts';
import { createExecutor, type Run, type RunContext, type StoppableExecutor } from './run.ts';
import { describeStartFailure } from './start-failure.ts';

/** What the system says of a file that it cannot run. */
const WRONG_FORMAT = Object.assign(new Error('wrong format'), { code: 'ENOEXEC' });
/** Exit codes of a shell that cannot go on, or finds no such command. */
const SHELL_FAILURES: readonly number[] = [2, 126, 127];

/** Opens the executor. */
export function openChildProcessExecutor(context: RunContext): StoppableExecutor {
  const executor = createExecutor(context, (run) => {
    try {
      follow(startChild(run.command), run);
    } catch (error) {
      run.fail(error);
    }
  });
  return {
    stop: (command) => executor.stop(command),
    close: () => executor.close(),
    async run(command) {
      const outcome = await executor.run(command);
      const isStarted =
        !shellComplains(outcome, command) || !(await isForeignProgram(command.file));
      return isStarted ? outcome : describeStartFailure(command, WRONG_FORMAT);
    },
  };
}

/** Whether the shell may have been given the file, by the C library, and could not read it. */
function shellComplains(outcome: Outcome, { file }: Command): boolean {
  return (
    outcome.kind === 'exited' &&
    SHELL_FAILURES.includes(outcome.exitCode) &&
    outcome.stdout === '' &&
    outcome.stderr.startsWith(`${file}: `)
  );
}

/**
 * Throws for some reasons not to start and emits `error` for others. A file without a header that
 * the system knows is given to /bin/sh by the C library (execvp), as for Nagios.
 */
function startChild(command: Command): ChildProcess {
  return spawn(command.file, [...command.args], {
    cwd: command.cwd,
    env: { ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
}

function follow(child: ChildProcess, run: Run): void {
  // Without pipes when files ran out before they were made.
  child.stdout?.on('data', (chunk: Buffer) => run.stdout.add(chunk));
  child.stderr?.on('data', (chunk: Buffer) => run.stderr.add(chunk));
  for (const stream of [child.stdout, child.stderr]) stream?.on('error', () => undefined);
  child.on('error', (error) => run.fail(error));
  child.once('exit', (code, signal) => run.end(code, signal));
  child.once('close', () => run.closeOutput());
  const { pid } = child;
  if (pid === undefined) return;
  run.attach({
    pid,
    release() {
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
    },
  });
}
