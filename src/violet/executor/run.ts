/**
 * One run of a program, whatever started it: its phases, time-out and outcome. Adapters of the
 * executor say what happens to the program; this says when to signal it and what the run came to.
 *
 * | phase    | entered                    | left for, when                               |
 * | starting | the run was asked for      | running: there is a program; finished: not   |
 * | running  | the program was started    | draining: it ends; ending: time is up        |
 * | ending   | SIGTERM went to the group  | draining: it ends; killed: after GRACE_MS    |
 * | killed   | SIGKILL went to the group  | draining: it ends; finished: after DRAIN_MS  |
 * | draining | it ended, output is open   | finished: the output ends, or after DRAIN_MS |
 * | finished | the outcome is given       |                                              |
 */

import type { CancelTimer, Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Outcome } from '../../model/check.ts';
import { Unavailable } from '../../model/errors.ts';
import { Capture } from './capture.ts';
import { type Command, DRAIN_MS, type Executor, GRACE_MS } from './executor.ts';
import { Lasting } from './lasting.ts';
import { describeStartFailure } from './start-failure.ts';

/** Most programs end before, also where they share processors; the others are worth looking after. */
const LASTING_MS = 100;

/** What runs are made with. */
export interface RunContext {
  readonly clock: Clock;
  readonly log: Log;
  /** Hears of every program that runs for a while already. */
  readonly onLasting?: (command: Command, pid: number) => void;
}

/** A program that was started. */
export interface Program {
  /** Its process and its group. */
  readonly pid: number;
  /** Looks after it, as most are not worth: called once when it has run for a while. */
  watch?(): void;
  /** Lets go of its output; called once, when nobody reads it any more. */
  release(): void;
}

/** An executor whose runs can be stopped by their commands. */
export interface StoppableExecutor extends Executor {
  /** As when the command's signal aborts, without the cost of one; nothing when it does not run. */
  stop(command: Command): void;
}

/**
 * An executor that leaves the starting to `start`, which calls `attach`, `end` and `closeOutput` of
 * the run, or `fail`. How many commands run at a time is up to the caller.
 */
export function createExecutor(context: RunContext, start: (run: Run) => void): StoppableExecutor {
  const runs = new Set<Run>();
  const lasting = new Lasting<Run>(context.clock, LASTING_MS, (run) => run.watch());
  let isClosed = false;
  return {
    run(command) {
      const { signal } = command;
      if (isClosed || signal?.aborted) return Promise.reject(createStopped(command));
      const stop = () => run.stop();
      const run = new Run(command, context, lasting, () => {
        runs.delete(run);
        signal?.removeEventListener('abort', stop);
      });
      signal?.addEventListener('abort', stop, { once: true });
      runs.add(run);
      start(run);
      return run.outcome;
    },
    stop(command) {
      for (const run of runs) if (run.command === command) run.stop();
    },
    async close() {
      isClosed = true;
      const ending = [...runs];
      for (const run of ending) run.stop();
      await Promise.allSettled(ending.map((run) => run.outcome));
    },
  };
}

/** What a run that nobody wants any more rejects with. */
export function createStopped(command: Command): Unavailable {
  return new Unavailable('executor', `${command.file} was ended because its result is not wanted.`);
}

/** One run of a program. */
export class Run {
  readonly command: Command;
  /** Rejects with `Unavailable` after `stop`. */
  readonly outcome: Promise<Outcome>;
  /** What the program prints is to be put here. */
  readonly stdout: Capture;
  readonly stderr: Capture;
  readonly #context: RunContext;
  readonly #lasting: Lasting<Run>;
  readonly #onFinished: () => void;
  /** Null while it is being started. */
  #program: Program | null = null;
  /** How the program ended; null while it runs. */
  #exit: { readonly code: number | null; readonly signal: string | null } | null = null;
  #isOverdue = false;
  #isStopped = false;
  #isFinished = false;
  #cancelTimer: CancelTimer = () => undefined;
  #resolve: (outcome: Outcome | Promise<Outcome>) => void = () => undefined;

  /** The time-out begins now. */
  constructor(
    command: Command,
    context: RunContext,
    lasting: Lasting<Run>,
    onFinished: () => void,
  ) {
    this.command = command;
    this.#context = context;
    this.#lasting = lasting;
    this.#onFinished = onFinished;
    this.stdout = new Capture(command.maxOutputBytes);
    this.stderr = new Capture(command.maxOutputBytes);
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#in(command.timeoutMs, () => this.#terminate());
  }

  /** True when the outcome is given: a program need not be started any more. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** The program was started. It is killed if the run has come to its end meanwhile. */
  attach(program: Program): void {
    this.#program = program;
    if (!this.#isFinished) {
      this.#lasting.add(this);
      return;
    }
    this.#signalGroup('SIGKILL');
    program.release();
  }

  /** The program has run for a while. */
  watch(): void {
    if (this.#program === null) return;
    this.#context.onLasting?.(this.command, this.#program.pid);
    this.#program.watch?.();
  }

  /** The program was not started; `error` is what the system said. */
  fail(error: unknown): void {
    this.#finish(describeStartFailure(this.command, error));
  }

  /**
   * The program has ended: with an exit code, or else by a signal. `isOutputClosed`: nobody holds its
   * output open either.
   */
  end(code: number | null, signal: string | null, isOutputClosed = false): void {
    if (this.#isFinished) return;
    this.#exit = { code, signal };
    if (isOutputClosed) {
      this.#finish();
      return;
    }
    this.#in(DRAIN_MS, () => {
      // The number of a group is not given out again while somebody is in it.
      this.#signalGroup('SIGKILL');
      this.#finish();
    });
    if (this.#isStopped) this.#finish();
  }

  /** The program has ended, and nobody holds its output open. */
  closeOutput(): void {
    this.#finish();
  }

  /** Kills the program; nobody wants the outcome. */
  stop(): void {
    if (this.#isFinished) return;
    this.#isStopped = true;
    this.#kill();
    if (this.#exit !== null || this.#program === null) this.#finish();
  }

  #terminate(): void {
    this.#isOverdue = true;
    if (this.#program === null) {
      this.#finish();
      return;
    }
    this.#signalGroup('SIGTERM');
    this.#in(GRACE_MS, () => this.#kill());
  }

  #kill(): void {
    this.#signalGroup('SIGKILL');
    this.#in(DRAIN_MS, () => {
      if (this.#exit === null) {
        this.#context.log.warn(
          { file: this.command.file, pid: this.#program?.pid },
          'a program cannot be killed, probably waiting for a disk or a file server',
        );
      }
      this.#finish();
    });
  }

  #finish(failure?: Promise<Outcome>): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#onFinished();
    this.#lasting.delete(this);
    this.#cancelTimer();
    if (this.#isOverdue) this.#signalGroup('SIGKILL');
    this.#program?.release();
    if (this.#isStopped) this.#resolve(Promise.reject(createStopped(this.command)));
    else this.#resolve(failure ?? this.#readOutcome());
  }

  #readOutcome(): Outcome {
    const stdout = this.stdout.text();
    if (this.#isOverdue) {
      return { kind: 'timedOut', timeoutMs: this.command.timeoutMs, stdout };
    }
    const stderr = this.stderr.text();
    const truncated = this.stdout.isTruncated || this.stderr.isTruncated;
    const { code = null, signal = null } = this.#exit ?? {};
    return code === null
      ? { kind: 'signalled', signal: signal ?? 'unknown', stdout, stderr, truncated }
      : { kind: 'exited', exitCode: code, stdout, stderr, truncated };
  }

  /** One timer at a time: each phase has its own end. */
  #in(delayMs: number, run: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#context.clock.setTimer(delayMs, run);
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (this.#program === null) return;
    const { pid } = this.#program;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return;
      this.#context.log.warn(
        { error, file: this.command.file, pid },
        'a program was not signalled',
      );
    }
  }
}
