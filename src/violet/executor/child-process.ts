/**
 * The executor over `node:child_process`.
 *
 * | phase    | entered                    | left for, when                               |
 * | running  | the program was started    | draining: it ends; ending: time is up        |
 * | ending   | SIGTERM went to the group  | draining: it ends; killed: after GRACE_MS    |
 * | killed   | SIGKILL went to the group  | draining: it ends; finished: after DRAIN_MS  |
 * | draining | it ended, output is open   | finished: the output ends, or after DRAIN_MS |
 * | finished | the outcome is given       |                                              |
 */

import { type ChildProcess, spawn } from 'node:child_process';
import type { CancelTimer, Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Outcome } from '../../model/check.ts';
import { Unavailable } from '../../model/errors.ts';
import { Capture } from './capture.ts';
import { type Command, DRAIN_MS, type Executor, GRACE_MS } from './executor.ts';
import { describeStartFailure } from './start-failure.ts';

/** What the executor works with. */
export interface ChildProcessContext {
  readonly clock: Clock;
  readonly log: Log;
}

/** Opens the executor. How many commands run at a time is up to the caller. */
export function openChildProcessExecutor(context: ChildProcessContext): Executor {
  const runs = new Set<Run>();
  let isClosed = false;
  return {
    async run(command) {
      if (isClosed || command.signal?.aborted) throw stopped(command);
      let run: Run;
      try {
        run = new Run(command, startChild(command), context);
      } catch (error) {
        return describeStartFailure(command, error);
      }
      const stop = () => run.stop();
      command.signal?.addEventListener('abort', stop, { once: true });
      runs.add(run);
      try {
        return await run.outcome;
      } finally {
        runs.delete(run);
        command.signal?.removeEventListener('abort', stop);
      }
    },
    async close() {
      isClosed = true;
      const ending = [...runs];
      for (const run of ending) run.stop();
      await Promise.allSettled(ending.map((run) => run.outcome));
    },
  };
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

/** One run of a program. */
class Run {
  /** Rejects with `Unavailable` after `stop`. */
  readonly outcome: Promise<Outcome>;
  readonly #command: Command;
  readonly #child: ChildProcess;
  readonly #context: ChildProcessContext;
  readonly #stdout: Capture;
  readonly #stderr: Capture;
  /** How the program ended; null while it runs. */
  #exit: { readonly code: number | null; readonly signal: string | null } | null = null;
  #isOverdue = false;
  #isStopped = false;
  #isFinished = false;
  #cancelTimer: CancelTimer = () => undefined;
  #resolve: (outcome: Outcome | Promise<Outcome>) => void = () => undefined;

  constructor(command: Command, child: ChildProcess, context: ChildProcessContext) {
    this.#command = command;
    this.#child = child;
    this.#context = context;
    this.#stdout = new Capture(command.maxOutputBytes);
    this.#stderr = new Capture(command.maxOutputBytes);
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    // Without pipes when files ran out before they were made.
    child.stdout?.on('data', (chunk: Buffer) => this.#stdout.add(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.#stderr.add(chunk));
    for (const stream of [child.stdout, child.stderr]) stream?.on('error', () => undefined);
    child.on('error', (error) => this.#finish(describeStartFailure(command, error)));
    child.once('exit', (code, signal) => this.#drain(code, signal));
    child.once('close', () => this.#finish());
    this.#in(command.timeoutMs, () => this.#terminate());
  }

  /** Kills it; nobody wants the outcome. */
  stop(): void {
    this.#isStopped = true;
    this.#kill();
    if (this.#exit !== null) this.#finish();
  }

  #terminate(): void {
    this.#isOverdue = true;
    this.#signalGroup('SIGTERM');
    this.#in(GRACE_MS, () => this.#kill());
  }

  #kill(): void {
    this.#signalGroup('SIGKILL');
    this.#in(DRAIN_MS, () => {
      const { pid } = this.#child;
      if (this.#exit === null) {
        this.#context.log.warn(
          { file: this.#command.file, pid },
          'a program cannot be killed, probably waiting for a disk or a file server',
        );
      }
      this.#finish();
    });
  }

  #drain(code: number | null, signal: string | null): void {
    this.#exit = { code, signal };
    this.#in(DRAIN_MS, () => {
      // The number of a group is not given out again while somebody is in it.
      this.#signalGroup('SIGKILL');
      this.#finish();
    });
    if (this.#isStopped) this.#finish();
  }

  #finish(failure?: Promise<Outcome>): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#cancelTimer();
    if (this.#isOverdue) this.#signalGroup('SIGKILL');
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    this.#child.unref();
    if (this.#isStopped) this.#resolve(Promise.reject(stopped(this.#command)));
    else this.#resolve(failure ?? this.#readOutcome());
  }

  #readOutcome(): Outcome {
    const stdout = this.#stdout.text();
    if (this.#isOverdue) {
      return { kind: 'timedOut', timeoutMs: this.#command.timeoutMs, stdout };
    }
    const texts = {
      stdout,
      stderr: this.#stderr.text(),
      truncated: this.#stdout.isTruncated || this.#stderr.isTruncated,
    };
    const { code = null, signal = null } = this.#exit ?? {};
    return code === null
      ? { kind: 'signalled', signal: signal ?? 'unknown', ...texts }
      : { kind: 'exited', exitCode: code, ...texts };
  }

  /** One timer at a time: each phase has its own end. */
  #in(delayMs: number, run: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#context.clock.setTimer(delayMs, run);
  }

  #signalGroup(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return;
      this.#context.log.warn(
        { error, file: this.#command.file, pid },
        'a program was not signalled',
      );
    }
  }
}

function stopped(command: Command): Unavailable {
  return new Unavailable('executor', `${command.file} was ended because its result is not wanted.`);
}
