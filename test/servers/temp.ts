/**
 * Temporary folders, free ports and processes for tests with real programs.
 * What a test leaves behind (it crashed, somebody pressed Ctrl-C) goes when its process ends.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The most output of one process that is kept, in characters; the oldest goes first. */
const MAX_OUTPUT_LENGTH = 1024 * 1024;
/** How long a process may take to end after SIGTERM before it gets SIGKILL. Milliseconds. */
const STOP_DEADLINE_MS = 10_000;
const POLL_INTERVAL_MS = 20;

/** A folder that is deleted with all its content at the end of the scope. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
}

/** Settings of `startProcess`, beyond the command. */
export interface ProcessOptions {
  readonly cwd?: string;
  /** The whole environment. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Text for its standard input, which is closed after it. Default: empty. */
  readonly input?: string;
  /** What ends it when the tests are interrupted, with no time to wait. Default: SIGKILL. */
  readonly exitSignal?: NodeJS.Signals;
}

/** How a process ended; `code` is null when a signal ended it. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running process with a process group of its own. */
export interface RunningProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it wrote to stdout and stderr so far, mixed; the last 1 MB of it. */
  output(): string;
  /** Resolves when it has ended and its output is read; never rejects. */
  readonly exited: Promise<ProcessExit>;
  /**
   * Signals the process, waits until it has ended and kills what is left of its group.
   * Default: SIGTERM, and SIGKILL to the group after 10 s. Does nothing when it has ended.
   */
  stop(signal?: NodeJS.Signals, deadlineMs?: number): Promise<void>;
  /** SIGKILL to the whole group, now. */
  kill(): void;
}

/** Process groups that are still there, with the signal that ends them at once; and folders. */
const runningGroups = new Map<number, NodeJS.Signals>();
const folders = new Set<string>();
process.once('exit', removeLeftovers);
process.once('disconnect', removeLeftovers); // the test runner, our parent, is gone
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  const endBy = () => {
    removeLeftovers();
    process.off(signal, endBy); // not before: a second signal would interrupt the removal
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  process.on(signal, endBy);
}

/** Creates a folder of its own under the machine's temporary folder. */
export async function tempFolder(): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), 'ppalette-test-'));
  folders.add(path);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      folders.delete(path);
    },
  };
}

/**
 * A TCP port on 127.0.0.1 that nobody listens on. It is below the range from which systems take
 * ports for outgoing connections and for listeners on port 0, so nothing else takes it by chance.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(20_000, 32_000);
    if (await canListen(port)) return port;
  }
  throw new Error('found no free port between 20000 and 32000');
}

/**
 * Starts a program, without a shell, as the leader of its own process group.
 * Rejects when it cannot be started (a program that is not there).
 */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<RunningProcess> {
  const child = spawn(command, args, {
    detached: true,
    stdio: 'pipe',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const output = keepOutput(child);
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.stdin.on('error', () => undefined); // a program may end without reading its input
  child.stdin.end(options.input ?? '');
  const pid = child.pid ?? Number.NaN;
  runningGroups.set(pid, options.exitSignal ?? 'SIGKILL');
  child.once('exit', () => {
    if (!signalGroup(pid, 0)) runningGroups.delete(pid);
  });

  const kill = () => {
    if (runningGroups.delete(pid)) signalGroup(pid, 'SIGKILL');
  };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM', deadlineMs = STOP_DEADLINE_MS) => {
    const ended = new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve();
      else child.once('exit', () => resolve());
    });
    child.kill(signal);
    const timer = setTimeout(kill, deadlineMs);
    await ended;
    clearTimeout(timer);
    kill(); // children of its own that outlive it hold its output open
    await exited;
  };
  return { pid, output, exited, stop, kill, [Symbol.asyncDispose]: () => stop() };
}

/**
 * Asks until `condition` gives something other than false and undefined, and returns that.
 * Throws with `what` in the message when that takes longer than `deadlineMs`; what `condition`
 * throws meanwhile counts as "not yet" and is the cause of that error.
 */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  let problem: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== undefined && value !== false) return value;
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    if (performance.now() >= deadline) break;
    await delay(POLL_INTERVAL_MS);
  }
  const reason = problem === undefined ? '' : `: ${String(problem)}`;
  throw new Error(`waited ${deadlineMs} ms in vain for ${what}${reason}`, { cause: problem });
}

/** Collects stdout and stderr; the function it returns gives what is kept. */
function keepOutput(child: ChildProcess): () => string {
  let kept = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('data', (text: string) => {
      kept = (kept + text).slice(-MAX_OUTPUT_LENGTH);
    });
  }
  return () => kept;
}

/** False when no process of the group is left. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function removeLeftovers(): void {
  for (const [group, signal] of runningGroups) signalGroup(group, signal);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
