/**
 * The executor over `posix_spawn`. Its cost does not grow with the memory of this process. It waits for
 * the `exec` of a program on the disks of this machine, which is sooner done than handed to somebody
 * else; for others a few threads wait, so that all goes on while a file server keeps some of them.
 *
 * It reaps every child of its process, so it must be the only one there that starts any:
 * `helper-process.ts` is such a process.
 */

import { closeSync, openSync } from 'node:fs';
import { sleep } from '../../lib/clock.ts';
import { Deque } from '../../lib/deque.ts';
import { applyLimits, applyToDescendants } from './apply-limits.ts';
import { type Command, DRAIN_MS } from './executor.ts';
import { isForeignProgram } from './foreign-program.ts';
import type { Libc, Reaped, SpawnDone } from './libc.ts';
import type { ResourceLimit } from './limits.ts';
import { Output } from './output.ts';
import { createExecutor, type Run, type RunContext, type StoppableExecutor } from './run.ts';

/** What the executor works with. */
export interface PosixSpawnContext extends RunContext {
  readonly libc: Libc;
  /** Set for each program after its start. */
  readonly limits: readonly ResourceLimit[];
  /** Whether these paths are surely on this machine, so that opening them keeps nobody waiting. */
  readonly areLocal: (paths: readonly string[]) => boolean;
}

/** Threads of Node's pool, so that a run that has to wait does so where it can still be stopped. */
const STARTS_AT_ONCE = 4;

/** How long starts may go on that are waited for, before all else has its turn. */
const MAX_BUSY_MS = 20;

/** For a file without a header that the system knows, as the C library does it (execvp). */
const SHELL = '/bin/sh';

/** Opens the executor. */
export function openPosixSpawnExecutor(context: PosixSpawnContext): StoppableExecutor {
  const starter = new Starter(context);
  const executor = createExecutor(context, (run) => starter.add(run));
  return {
    run: (command) => executor.run(command),
    stop: (command) => executor.stop(command),
    async close() {
      await executor.close();
      await starter.close();
    },
  };
}

/** An environment as the C library takes it. */
interface Environment {
  readonly env: Command['env'];
  readonly texts: readonly (string | null)[];
}

/** Starts programs in the order asked for, and hears of their ends. */
class Starter {
  readonly #context: PosixSpawnContext;
  readonly #stdin = openSync('/dev/null', 'r');
  readonly #waiting = new Deque<Run>();
  #environment: Environment = { env: {}, texts: [null] };
  #startingCount = 0;
  /** While starts are made that are waited for; after a while of them until all else had its turn. */
  #isBusy = false;
  /** Waits for the moment in which nothing is being started. */
  #onIdle: () => void = () => undefined;
  /** What is called when the process ends, by pid. */
  readonly #programs = new Map<number, (ending: Reaped) => void>();
  /** Processes that ended before their start was told; empty when nothing is being started. */
  readonly #early = new Map<number, Reaped>();
  /**
   * Programs that ended with their output open. Often that is because others were started at the
   * time, who have a copy of it until they drop it on their way to `exec`.
   */
  readonly #lingering = new Set<() => void>();
  /** There is a signal for each end, often several at a time, and one look finds them all. */
  readonly #reap = () => {
    if (this.#isReaping) return;
    this.#isReaping = true;
    setImmediate(() => this.#reapAll());
  };
  #isReaping = false;
  #hasWarned = false;

  constructor(context: PosixSpawnContext) {
    this.#context = context;
    process.on('SIGCHLD', this.#reap);
  }

  /** Starts the program of a run when it is its turn, unless the run is finished by then. */
  add(run: Run): void {
    this.#waiting.push(run);
    this.#startNext();
  }

  /** Lets go of everything; a program that is still being started gets a moment to be gone. */
  async close(): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    if (this.#startingCount > 0) await Promise.race([idle, sleep(this.#context.clock, DRAIN_MS)]);
    process.off('SIGCHLD', this.#reap);
    closeSync(this.#stdin);
  }

  #startNext(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const { clock } = this.#context;
    const untilMs = clock.monotonic() + MAX_BUSY_MS;
    while (this.#startingCount < STARTS_AT_ONCE && clock.monotonic() < untilMs) {
      const run = this.#waiting.shift();
      if (run === undefined) break;
      if (!run.isFinished) this.#start(run);
    }
    if (clock.monotonic() < untilMs) this.#isBusy = false;
    else setImmediate(() => this.#goOn());
  }

  #goOn(): void {
    this.#isBusy = false;
    this.#startNext();
  }

  #start(run: Run): void {
    const { libc } = this.#context;
    const { command } = run;
    let output: Output;
    let environment: Environment;
    try {
      refuseNul([command.file, command.cwd], command.args);
      environment = this.#format(command.env);
      output = new Output(libc, run.stdout, run.stderr);
    } catch (error) {
      run.fail(error);
      return;
    }
    this.#startingCount++;
    this.#spawn(command, environment, output, (error, pid) => {
      output.closeWriteEnds();
      if (error === null) {
        this.#follow(pid, run, output);
      } else {
        output.close();
        run.fail(error);
      }
      this.#startingCount--;
      for (const closeIfRead of this.#lingering) closeIfRead();
      if (this.#startingCount === 0) {
        this.#early.clear();
        this.#onIdle();
      }
      this.#startNext();
    });
  }

  #spawn(
    { file, args, cwd }: Command,
    { texts: environment }: Environment,
    output: Output,
    done: SpawnDone,
  ): void {
    const { libc, areLocal } = this.#context;
    const { stdout, stderr } = output;
    const start = { file, args, cwd, environment, stdin: this.#stdin, stdout, stderr };
    const spawn = areLocal([file, cwd]) ? libc.spawnNow : libc.spawn;
    spawn(start, (error, pid) => {
      if (error === null || codeOf(error) !== 'ENOEXEC') return done(error, pid);
      void isForeignProgram(file).then((isForeign) => {
        if (isForeign) done(error, pid);
        else libc.spawn({ ...start, file: SHELL, args: [file, ...args] }, done);
      });
    });
  }

  /** Most programs get the same environment as the one before. */
  #format(env: Command['env']): Environment {
    if (env !== this.#environment.env) {
      const texts = Object.entries(env).map(([name, value]) => `${name}=${value}`);
      refuseNul(texts);
      this.#environment = { env, texts: [...texts, null] };
    }
    return this.#environment;
  }

  #follow(pid: number, run: Run, output: Output): void {
    const { libc, limits } = this.#context;
    let hasEnded = false;
    const closeIfRead = () => {
      if (hasEnded && output.readRest()) run.closeOutput();
    };
    const end = ({ exitCode, signal }: Reaped) => {
      hasEnded = true;
      run.end(exitCode, signal, output.readRest());
      if (!run.isFinished) this.#lingering.add(closeIfRead);
    };
    run.attach({
      pid,
      watch() {
        if (!hasEnded) applyToDescendants(libc, pid, limits);
        output.watch(closeIfRead);
      },
      release: () => {
        this.#lingering.delete(closeIfRead);
        output.close();
      },
    });
    const early = this.#early.get(pid);
    if (early === undefined) {
      this.#programs.set(pid, end);
      this.#limit(pid, run.command);
    } else {
      this.#early.delete(pid);
      end(early);
    }
  }

  #limit(pid: number, { file }: Command): void {
    const { libc, limits, log } = this.#context;
    if (applyLimits(libc, pid, limits) || this.#hasWarned) return;
    this.#hasWarned = true;
    log.warn({ file }, 'a program changes its user, so it runs without limits; said once');
  }

  #reapAll(): void {
    const { libc } = this.#context;
    this.#isReaping = false;
    for (let ending = libc.reap(); ending !== null; ending = libc.reap()) {
      const end = this.#programs.get(ending.pid);
      if (end === undefined) {
        if (this.#startingCount > 0) this.#early.set(ending.pid, ending);
        continue;
      }
      this.#programs.delete(ending.pid);
      end(ending);
    }
  }
}

/** The C library would take the text up to NUL. */
function refuseNul(...lists: readonly (readonly string[])[]): void {
  if (!lists.some((texts) => texts.some((text) => text.includes('\0')))) return;
  throw Object.assign(new Error('NUL in a text'), { code: 'ERR_INVALID_ARG_VALUE' });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
