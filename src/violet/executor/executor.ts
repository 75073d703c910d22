/**
 * The port for running programs: a command -> how it ended. Adapters differ in speed only.
 *
 * What every adapter promises:
 * - No shell: `args` arrive in the program byte by byte, as so many arguments.
 * - The program leads a process group of its own, its stdin is empty, it sees `env` and nothing else.
 * - At `timeoutMs` the group gets SIGTERM, after `GRACE_MS` more SIGKILL. `run` resolves
 *   `GRACE_MS + DRAIN_MS` after the time-out at the latest, even if the program cannot be killed.
 * - The run ends when the program itself has ended and its output was read to the end. Whoever else
 *   holds the output open (a daemon that it started) gets `DRAIN_MS`; then the group is killed and
 *   the output closed. A child that let go of the output is left alone, as under Nagios; only after
 *   a time-out all of the group is killed.
 * - Output beyond `maxOutputBytes` of each stream is read and thrown away, so the program goes on.
 * - Whatever the program does is an `Outcome`.
 */

import type { StopSignal } from '../../lib/stop-signal.ts';
import type { Outcome } from '../../model/check.ts';

/** From SIGTERM to SIGKILL. */
export const GRACE_MS = 2_000;

/** For output that somebody else holds open when the program has ended. */
export const DRAIN_MS = 1_000;

/** What to run, and within which limits. */
export interface Command {
  /** Absolute path. */
  readonly file: string;
  /** Without the program's name. */
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly timeoutMs: number;
  /** Of each of stdout and stderr. */
  readonly maxOutputBytes: number;
  /** Kills the group at once; `run` rejects with `Unavailable`. */
  readonly signal?: StopSignal | undefined;
}

/** The port. Adapters: `child-process.ts`. */
export interface Executor {
  /**
   * Runs a command to its end. Texts in the outcome are valid Unicode without NUL. Rejects with
   * `Unavailable` when `command.signal` aborts or the executor is closed; for nothing else.
   */
  run(command: Command): Promise<Outcome>;
  /** Kills what is running and resolves when it is gone. */
  close(): Promise<void>;
}
