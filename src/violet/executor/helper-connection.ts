/** One helper process as violet sees it: started, asked to run programs, closed or lost. */

import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
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

/** After the latest end of a run: a helper that has said nothing by then is stuck. */
const SILENCE_MS = 5_000;

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
  /** The program's process and group, once it has run for a while. */
  pid: number | null;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Unavailable) => void;
}

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
        : openChannel<ToHelper, FromHelper>(this.#socket, options.clock, (message) =>
            this.#receive(message),
          );
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
        this.#send({ kind: 'open', settings: this.#options.settings });
      });
    } catch (error) {
      this.#child.kill('SIGKILL');
      throw error;
    } finally {
      cancel();
    }
  }

  async run(command: Command): Promise<Outcome> {
    const { signal, file, args, cwd, timeoutMs, maxOutputBytes } = command;
    const id = ++this.#lastId;
    const stop = () => this.#send({ kind: 'stop', id });
    const limitMs = timeoutMs + GRACE_MS + DRAIN_MS + SILENCE_MS;
    const cancel = this.#options.clock.setTimer(limitMs, () => this.#lose('it does not answer'));
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#pending.set(id, { command, pid: null, resolve, reject });
        this.#tellEnvironment(command.env);
        const sent = { file, args, cwd, timeoutMs, maxOutputBytes };
        this.#send({ kind: 'run', id, command: sent });
      });
    } finally {
      this.#pending.delete(id);
      cancel();
      signal?.removeEventListener('abort', stop);
    }
  }

  #tellEnvironment(env: Command['env']): void {
    if (env === this.#environment) return;
    this.#environment = env;
    this.#send({ kind: 'environment', env });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#socket?.end();
    const cancel = this.#options.clock.setTimer(CLOSE_MS, () => this.#child.kill('SIGKILL'));
    await this.#ended;
    cancel();
  }

  #receive(message: FromHelper): void {
    if (message.kind === 'opened') {
      this.kind = message.executor;
      this.#settleStart(null);
    } else if (message.kind === 'refused') {
      this.#settleStart(new ConfigError(`violet.executor: ${message.problem}.`));
    } else {
      const run = this.#pending.get(message.id);
      if (run === undefined) return;
      if (message.kind === 'lasting') run.pid = message.pid;
      else if (message.kind === 'ended') run.resolve(message.outcome);
      else run.reject(createStopped(run.command));
    }
  }

  /** Nothing will be heard of it any more: what it ran is killed and handed back. */
  #lose(reason: string): void {
    if (this.isLost) return;
    this.isLost = true;
    this.#child.kill('SIGKILL');
    this.#child.unref();
    this.#socket?.destroy();
    const failure = new Unavailable('executor', `The helper process of violet is lost: ${reason}.`);
    this.#settleStart(failure);
    for (const { command, pid, reject } of this.#pending.values()) {
      if (pid !== null) killGroup(pid);
      reject(this.#isClosing ? createStopped(command) : failure);
    }
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
