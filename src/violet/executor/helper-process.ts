/**
 * The helper: a process of its own that runs programs for violet (`helper.ts` is the other end).
 * It becomes what programs inherit (user, priority, umask, limits), so that these cost nothing at a
 * start; and it outlives a violet that was killed until it has killed what that one was running.
 */

import { readdirSync } from 'node:fs';
import { Socket } from 'node:net';
import { getPriority, setPriority } from 'node:os';
import { systemClock } from '../../lib/clock.ts';
import { openLog } from '../../lib/log.ts';
import type { Outcome } from '../../model/check.ts';
import { becomeBatch } from './batch.ts';
import { openChildProcessExecutor } from './child-process.ts';
import type { Command } from './executor.ts';
import {
  type FromHelper,
  type HelperSettings,
  openChannel,
  type ToHelper,
} from './helper-channel.ts';
import { loadLibc } from './libc.ts';
import { inheritedLimits, lowerTo, programLimits, type ResourceLimit } from './limits.ts';
import { LocalFiles } from './local-files.ts';
import { openPosixSpawnExecutor } from './posix-spawn.ts';
import type { RunContext, StoppableExecutor } from './run.ts';
import type { User } from './run-as.ts';

/** Where `helper.ts` puts the socket. */
const SOCKET_FILE = 3;

/** What a program writes is for its user only. */
const UMASK = 0o077;

const LOWEST_PRIORITY = 19;

/** Longer than most programs compute, and short enough for the others where one computes on. */
const TURN_NS = 20_000_000;

/** Those who end violet by signalling all of its processes want what runs to be finished. */
const IGNORED_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** A command and the number that violet has for it. */
interface IdentifiedCommand extends Command {
  readonly id: number;
}

type RunMessage = Extract<ToHelper, readonly ['run', ...unknown[]]>;

/** Runs what violet asks for. */
class Helper {
  readonly #runs = new Map<number, IdentifiedCommand>();
  readonly #send: (message: FromHelper) => void;
  #environment: Command['env'] = {};
  #executor: StoppableExecutor | null = null;

  constructor(socket: Socket) {
    this.#send = openChannel<FromHelper, ToHelper>(socket, systemClock, {
      receive: (message) => this.#receive(message),
      countRuns: () => this.#runs.size,
    });
  }

  /** Kills what runs. */
  async close(): Promise<void> {
    await this.#executor?.close();
  }

  #receive(message: ToHelper): void {
    if (message[0] === 'run') this.#run(message);
    else if (message[0] === 'stop') this.#stop(message[1]);
    else if (message[0] === 'environment') this.#environment = message[1];
    else void this.#open(message[1]);
  }

  async #open(settings: HelperSettings): Promise<void> {
    try {
      const { kind, executor } = await openExecutor(settings, {
        clock: systemClock,
        log: openLog(settings.log),
        // Violet kills it if the helper is killed.
        onLasting: ({ id }: Partial<IdentifiedCommand>, pid) => {
          if (id !== undefined) this.#send(['lasting', id, pid]);
        },
      });
      this.#executor = executor;
      this.#send(['opened', kind]);
    } catch (error) {
      this.#send(['refused', error instanceof Error ? error.message : 'unknown']);
    }
  }

  #stop(id: number): void {
    const command = this.#runs.get(id);
    if (command !== undefined) this.#executor?.stop(command);
  }

  #run([, id, file, args, cwd, timeoutMs, maxOutputBytes]: RunMessage): void {
    const env = this.#environment;
    const command = { id, file, args, cwd, timeoutMs, maxOutputBytes, env };
    const finish = (message: FromHelper) => {
      this.#runs.delete(id);
      this.#send(message);
    };
    this.#runs.set(id, command);
    this.#executor?.run(command).then(
      (outcome) => finish(describeEnd(id, outcome)),
      // An executor rejects for nothing else.
      () => finish(['stopped', id]),
    );
  }
}

function describeEnd(id: number, outcome: Outcome): FromHelper {
  if (outcome.kind !== 'exited') return ['ended', id, outcome];
  const { exitCode, stdout, stderr, truncated } = outcome;
  return ['exited', id, exitCode, stdout, stderr, truncated];
}

/** Becomes what programs inherit, and chooses. Throws with a sentence for people when it may not. */
async function openExecutor(settings: HelperSettings, context: RunContext) {
  // Before another user may not read the library.
  const libc = settings.executor === 'childProcess' ? null : await loadLibc();
  if (libc === null && settings.executor === 'spawn') {
    throw new Error('posix_spawn is not to be had here: use Linux and npm package koffi');
  }
  process.umask(UMASK);
  if (settings.nice > 0) lowerPriority(settings.nice);
  if (libc !== null) await becomeBatch(TURN_NS);
  if (settings.user !== null) become(settings.user);
  if (libc === null) {
    return { kind: 'childProcess', executor: openChildProcessExecutor(context) } as const;
  }
  const allowed = (limits: readonly ResourceLimit[]) => lowerTo(limits, libc.hardLimit);
  for (const limit of allowed(inheritedLimits(settings.limits))) libc.limit(0, limit);
  const limits = allowed(programLimits(settings.limits));
  const files = new LocalFiles(context.clock);
  const areLocal = (paths: readonly string[]) => files.areLocal(paths);
  const executor = openPosixSpawnExecutor({ ...context, libc, limits, areLocal });
  return { kind: 'spawn', executor } as const;
}

/** Each thread has a priority of its own under Linux, and any of them may start programs. */
function lowerPriority(nice: number): void {
  const priority = Math.min(LOWEST_PRIORITY, getPriority() + nice);
  const threads = process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [0];
  for (const thread of threads) setPriority(thread, priority);
}

function become({ name, uid, gid, groups }: User): void {
  if (process.geteuid?.() === uid) return;
  try {
    process.setgroups?.(groups);
    process.setgid?.(gid);
    process.setuid?.(uid);
  } catch {
    throw new Error(`only root may run programs as ${name}`);
  }
}

const socket = new Socket({ fd: SOCKET_FILE, readable: true, writable: true });
const helper = new Helper(socket);
for (const signal of IGNORED_SIGNALS) process.on(signal, () => undefined);
socket.on('error', () => undefined);
socket.once('close', () => void helper.close().then(() => process.exit()));
