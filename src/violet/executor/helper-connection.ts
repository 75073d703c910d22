/** One helper process as violet sees it: started, asked to run programs, closed or lost. */

import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { CancelTimer } from '../../lib/clock.ts';
import type { StopSignal } from '../../lib/stop-signal.ts';
import type { Outcome } from '../../model/check.ts';
import { ConfigError, Unavailable } from '../../model/errors.ts';
import { type Command, DRAIN_MS, GRACE_MS } from './executor.ts';
import {
  type FromHelper,
  type HelperSettings,
  openChannel,
  type ToHelper,
} from './helper-channel.ts';
import { createStopped, type RunContext } from './run.ts';

/** What a helper is started with. */
export interface HelperOptions extends RunContext {
  /** The compiled `helper-process.js`. */
  readonly file: string;
  readonly settings: HelperSettings;
}

/** A helper that runs programs. */
export interface HelperConnection {
  /** How it starts them. */
  readonly kind: 'spawn' | 'childProcess';
  /** True when it runs nothing any more. */
  readonly isLost: boolean;
  /** As `Executor.run`; rejects with `Unavailable` when the helper is lost, too. */
  run(command: Command): Promise<Outcome>;
  /** Kills what runs and resolves when the helper has ended. */
  close(): Promise<void>;
}

/** How long a helper may take until it can run programs. */
const START_MS = 20_000;

/** After the latest end of a run: a helper that says nothing for as long is stuck. */
const SILENCE_MS = 5_000;

/** From the end of a run's time to its latest end. */
const ENDING_MS = GRACE_MS + DRAIN_MS;

/** How long a helper that was asked to end may take. */
const CLOSE_MS = DRAIN_MS * 3;

/**
 * Starts a helper and waits until it can run programs. Rejects with `ConfigError` when it may not
 * work as it is told, with `Unavailable` when it does not start.
 */
export async function startHelper(options: HelperOptions): Promise<HelperConnection> {
  // Without our environment and folder, and in a session of its own: no Ctrl-C reaches it.
  const child = spawn(process.execPath, [options.file], {
    ...{ env: {}, cwd: '/', detached: true },
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  const helper = new Helper(child, options);
  await helper.open();
  return helper;
}

/** A run whose end the helper has not told. */
interface PendingRun {
  readonly command: Command;
  /** By the monotonic clock: the latest end. */
  readonly untilMs: number;
  /** The program's process and group, once it has run for a while. */
  pid: number | null;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Unavailable) => void;
}

type MessageOfRun = Exclude<FromHelper, readonly ['opened' | 'refused', ...unknown[]]>;

class Helper implements HelperConnection {
  kind: HelperConnection['kind'] = 'childProcess';
  isLost = false;
  readonly #child: ChildProcess;
  readonly #options: HelperOptions;
  readonly #socket: Socket | null;
  readonly #send: (message: ToHelper) => void;
  readonly #pending = new Map<number, PendingRun>();
  readonly #ended: Promise<void>;
  #lastId = 0;
  /** The one that the helper was told last. */
  #environment: Command['env'] | null = null;
  #isClosing = false;
  #cancelWatch: CancelTimer | null = null;
  #settleStart: (failure: Error | null) => void = () => undefined;

  constructor(child: ChildProcess, options: HelperOptions) {
    this.#child = child;
    this.#options = options;
    const [, , , stream] = child.stdio;
    // Without a socket when files ran out before it was made.
    this.#socket = stream instanceof Socket ? stream : null;
    this.#socket?.on('error', () => undefined);
    this.#send =
      this.#socket === null
        ? () => undefined
        : openChannel<ToHelper, FromHelper>(this.#socket, options.clock, {
            receive: (message) => this.#receive(message),
            countRuns: () => this.#pending.size,
          });
    this.#ended = new Promise((resolve) => {
      const end = (reason: string) => {
        this.#lose(reason);
        resolve();
      };
      child.once('error', (error) => end(error.message));
      child.once('exit', (code, signal) => end(`it ended with ${signal ?? code}`));
    });
  }

  /** Resolves when it can run programs. */
  async open(): Promise<void> {
    const cancel = this.#options.clock.setTimer(START_MS, () => this.#lose('it does not answer'));
    try {
      await new Promise<void>((resolve, reject) => {
        this.#settleStart = (failure) => (failure === null ? resolve() : reject(failure));
        this.#send(['open', this.#options.settings]);
      });
    } catch (error) {
      this.#child.kill('SIGKILL');
      throw error;
    } finally {
      cancel();
    }
  }

  run(command: Command): Promise<Outcome> {
    const { file, args, cwd, timeoutMs, maxOutputBytes } = command;
    const id = ++this.#lastId;
    const untilMs = this.#options.clock.monotonic() + timeoutMs + ENDING_MS;
    const outcome = new Promise<Outcome>((resolve, reject) => {
      this.#pending.set(id, { command, untilMs, pid: null, resolve, reject });
    });
    this.#tellEnvironment(command.env);
    this.#send(['run', id, file, args, cwd, timeoutMs, maxOutputBytes]);
    this.#watch();
    return command.signal === undefined ? outcome : this.#runUntil(command.signal, id, outcome);
  }

  async #runUntil(signal: StopSignal, id: number, outcome: Promise<Outcome>): Promise<Outcome> {
    const stop = () => this.#send(['stop', id]);
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await outcome;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Looks from time to time, as long as there are runs, whether one of them is overdue. */
  #watch(): void {
    const { clock } = this.#options;
    this.#cancelWatch ??= clock.setTimer(SILENCE_MS, () => {
      this.#cancelWatch = null;
      const latestMs = clock.monotonic() - SILENCE_MS;
      for (const { untilMs } of this.#pending.values()) {
        if (untilMs < latestMs) return this.#lose('it does not answer');
      }
      if (this.#pending.size > 0) this.#watch();
    });
  }

  #tellEnvironment(env: Command['env']): void {
    if (env === this.#environment) return;
    this.#environment = env;
    this.#send(['environment', env]);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#socket?.end();
    const cancel = this.#options.clock.setTimer(CLOSE_MS, () => this.#child.kill('SIGKILL'));
    await this.#ended;
    cancel();
  }

  #receive(message: FromHelper): void {
    if (message[0] === 'opened') {
      this.kind = message[1];
      this.#settleStart(null);
    } else if (message[0] === 'refused') {
      this.#settleStart(new ConfigError(`violet.executor: ${message[1]}.`));
    } else {
      this.#hearOf(message);
    }
  }

  #hearOf(message: MessageOfRun): void {
    const [kind, id] = message;
    const run = this.#pending.get(id);
    if (run === undefined) return;
    if (kind === 'lasting') {
      run.pid = message[2];
      return;
    }
    this.#pending.delete(id);
    if (kind === 'exited') {
      const [, , exitCode, stdout, stderr, truncated] = message;
      run.resolve({ kind, exitCode, stdout, stderr, truncated });
    } else if (kind === 'ended') {
      run.resolve(message[2]);
    } else {
      run.reject(createStopped(run.command));
    }
  }

  /** Nothing will be heard of it any more: what it ran is killed and handed back. */
  #lose(reason: string): void {
    if (this.isLost) return;
    this.isLost = true;
    this.#child.kill('SIGKILL');
    this.#child.unref();
    this.#socket?.destroy();
    this.#cancelWatch?.();
    const failure = new Unavailable('executor', `The helper process of violet is lost: ${reason}.`);
    this.#settleStart(failure);
    for (const { command, pid, reject } of this.#pending.values()) {
      if (pid !== null) killGroup(pid);
      reject(this.#isClosing ? createStopped(command) : failure);
    }
    this.#pending.clear();
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
