/**
 * The calls of the C library by which programs are started, limited, read and reaped, bound with
 * koffi. Errors of the system are `Error`s with its name in `code`, as those of Node.
 */

import { constants as fileConstants } from 'node:fs';
import { constants } from 'node:os';
import { type FilesOfStart, KeptFileActions } from './file-actions.ts';
import type { ResourceLimit } from './limits.ts';

/** A program to start: its surroundings, and which of our files become its own. */
export interface ProgramStart extends FilesOfStart {
  /** Absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  /** `NAME=value`, all of it, then null. */
  readonly environment: readonly (string | null)[];
}

/** How a child ended: one of both is null. */
export interface Reaped {
  readonly pid: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** A pipe that no program inherits and whose reading end never blocks. */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/** Hears how a start went: `pid` is 0 where there is an error. */
export type SpawnDone = (error: Error | null, pid: number) => void;

/** The calls. */
export interface Libc {
  /** Throws when no file is free. */
  openPipe(): Pipe;
  /**
   * Starts a program as the leader of a group of its own, all signals as by default; gives its pid,
   * or why there is none, later on.
   * Not of a session: the system gives each session a share of the processors as large as ours. Waits for `exec` on a thread of the pool, so that neither the event loop stops while the
   * system reads the program's file, nor does one spawn wait for the other.
   */
  spawn(start: ProgramStart, done: SpawnDone): void;
  /** As `spawn`, but waits here and now: cheaper by a fifth of what running a small program costs. */
  spawnNow(start: ProgramStart, done: SpawnDone): void;
  /**
   * The next child of this process that has ended, whoever started it; null when there is none now.
   */
  reap(): Reaped | null;
  /** What there is to read; empty at the end, null when nothing is there. */
  read(file: number): Buffer | null;
  close(file: number): void;
  /** Limits a process; 0 means this one. False when that is not allowed; true when it has ended. */
  limit(pid: number, limit: ResourceLimit): boolean;
  /** What this process may not raise a limit above. */
  hardLimit(resource: number): number;
}

const CLOSE_ON_EXEC = 0o2000000;
const NO_HANG = 1;
const SET_STATUS_FLAGS = 4;
const SPAWN_GROUP = 0x02;
const SPAWN_SIGNALS_BY_DEFAULT = 0x04;
const SPAWN_SIGNAL_MASK = 0x08;
/** More than any C library has for `posix_spawnattr_t`, `posix_spawn_file_actions_t`, `sigset_t`. */
const STRUCT_BYTES = 512;
const FIRST_FILE_OF_OURS = 3;
/** What a pipe holds, so that most outputs are read by one call. */
const PIPE_BYTES = 65_536;
const NOTHING = Buffer.alloc(0);

/** Binds the calls; null where there is no Linux, no koffi or a C library that lacks one of them. */
export async function loadLibc(): Promise<Libc | null> {
  if (process.platform !== 'linux') return null;
  try {
    const { default: koffi } = await import('koffi');
    return bind(koffi);
  } catch {
    return null;
  }
}

type Koffi = typeof import('koffi').default;

function bind(koffi: Koffi): Libc {
  const library = koffi.load(null);
  const pipe2 = library.func('int pipe2(void *files, int flags)');
  // With its third parameter, which koffi passes more cheaply than one of any type.
  const fcntl = library.func('int fcntl(int file, int command, int value)');
  const read = library.func('intptr_t read(int file, void *into, size_t size)');
  const close = library.func('int close(int file)');
  const waitpid = library.func('int waitpid(int pid, void *status, int options)');
  const prlimit = library.func('int prlimit64(int pid, int resource, void *limit, void *old)');

  const files = new Int32Array(2);
  const status = new Int32Array(1);
  const values = new BigUint64Array(2);
  const prepared = new WeakMap<ResourceLimit, BigUint64Array>();
  const prepare = (limit: ResourceLimit) => {
    const made = new BigUint64Array([BigInt(limit.soft), BigInt(limit.hard)]);
    prepared.set(limit, made);
    return made;
  };
  const chunk = Buffer.allocUnsafe(PIPE_BYTES);
  return {
    openPipe() {
      if (pipe2(files, CLOSE_ON_EXEC) !== 0) throw systemError(koffi.errno());
      const [readEnd = 0, writeEnd = 0] = files;
      // Not by pipe2: the program would have a writing end that does not block.
      fcntl(readEnd, SET_STATUS_FLAGS, fileConstants.O_NONBLOCK);
      return { readEnd, writeEnd };
    },
    ...bindSpawn(koffi),
    reap() {
      const pid: number = waitpid(-1, status, NO_HANG);
      return pid > 0 ? toReaped(pid, status[0] ?? 0) : null;
    },
    read(file) {
      const count: number = read(file, chunk, chunk.length);
      if (count <= 0) return count < 0 ? null : NOTHING;
      const bytes = Buffer.allocUnsafe(count);
      chunk.copy(bytes, 0, 0, count);
      return bytes;
    },
    close,
    limit(pid, limit) {
      const wanted = prepared.get(limit) ?? prepare(limit);
      const result: number = prlimit(pid, limit.resource, wanted, null);
      return result === 0 || koffi.errno() === constants.errno.ESRCH;
    },
    hardLimit(resource) {
      prlimit(0, resource, null, values);
      return Number(values[1]);
    },
  };
}

/** `posix_spawn` with what never changes prepared. */
function bindSpawn(koffi: Koffi): Pick<Libc, 'spawn' | 'spawnNow'> {
  const library = koffi.load(null);
  const posixSpawn = library.func(
    'int posix_spawn(void *pid, const char *file, void *actions, void *attributes, const char **argv, const char **environment)',
  );
  const attributes = createAttributes(koffi);
  const keptActions = bindFileActions(koffi);
  /** Memory for the answers of starts to come. */
  const idlePids: Int32Array[] = [];

  const prepare = (start: ProgramStart, done: SpawnDone) => {
    const { file, environment } = start;
    const actions = keptActions.take(start);
    const pid = idlePids.pop() ?? new Int32Array(1);
    const finish = (failure: Error | null, errno: number) => {
      const [started = 0] = pid;
      keptActions.giveBack(start, actions);
      idlePids.push(pid);
      if (failure) done(failure, 0);
      else if (errno === 0) done(null, started);
      else done(systemError(errno), 0);
    };
    const argv = [file, ...start.args, null];
    return { call: [pid, file, actions, attributes, argv, environment] as const, finish };
  };
  return {
    spawn(start, done) {
      const { call, finish } = prepare(start, done);
      posixSpawn.async(...call, finish);
    },
    spawnNow(start, done) {
      const { call, finish } = prepare(start, done);
      finish(null, posixSpawn(...call));
    },
  };
}

function bindFileActions(koffi: Koffi): KeptFileActions {
  const library = koffi.load(null);
  const init = library.func('int posix_spawn_file_actions_init(void *actions)');
  const destroy = library.func('int posix_spawn_file_actions_destroy(void *actions)');
  const addDup2 = library.func('int posix_spawn_file_actions_adddup2(void *actions, int a, int b)');
  const addChdir = library.func(
    'int posix_spawn_file_actions_addchdir_np(void *actions, const char *folder)',
  );
  const addCloseFrom = bindCloseFrom(koffi);
  return new KeptFileActions({
    create({ cwd, stdin, stdout, stderr }) {
      const actions = Buffer.alloc(STRUCT_BYTES);
      init(actions);
      addChdir(actions, cwd);
      addDup2(actions, stdin, 0);
      addDup2(actions, stdout, 1);
      addDup2(actions, stderr, 2);
      addCloseFrom(actions, FIRST_FILE_OF_OURS);
      return actions;
    },
    destroy,
  });
}

/** A group of its own; Node ignores SIGPIPE, and what is ignored would be inherited. */
function createAttributes(koffi: Koffi): Buffer {
  const library = koffi.load(null);
  const attributes = Buffer.alloc(STRUCT_BYTES);
  const signals = Buffer.alloc(STRUCT_BYTES);
  const none = Buffer.alloc(STRUCT_BYTES);
  library.func('int sigfillset(void *signals)')(signals);
  library.func('int posix_spawnattr_init(void *attributes)')(attributes);
  library.func('int posix_spawnattr_setsigdefault(void *attributes, void *signals)')(
    attributes,
    signals,
  );
  library.func('int posix_spawnattr_setsigmask(void *attributes, void *signals)')(attributes, none);
  library.func('int posix_spawnattr_setflags(void *attributes, short flags)')(
    attributes,
    SPAWN_GROUP | SPAWN_SIGNALS_BY_DEFAULT | SPAWN_SIGNAL_MASK,
  );
  return attributes;
}

/** Without it (glibc before 2.34, musl) every file of ours is closed by its own flag alone. */
function bindCloseFrom(koffi: Koffi): (actions: Buffer, from: number) => void {
  try {
    return koffi
      .load(null)
      .func('int posix_spawn_file_actions_addclosefrom_np(void *actions, int from)');
  } catch {
    return () => undefined;
  }
}

const ERROR_NAMES = namesByNumber(constants.errno);
const SIGNAL_NAMES = namesByNumber(constants.signals);

/** Of two names for one number the first is the common one: EAGAIN, not EWOULDBLOCK. */
function namesByNumber(numbers: object): ReadonlyMap<number, string> {
  const entries = Object.entries(numbers).reverse();
  return new Map(entries.map(([name, number]) => [Number(number), name]));
}

/** The error of that number, with its name in `code`. */
export function systemError(errno: number): Error {
  const code = ERROR_NAMES.get(errno) ?? `errno ${errno}`;
  return Object.assign(new Error(code), { code });
}

function toReaped(pid: number, status: number): Reaped {
  const number = status & 0x7f;
  return number === 0
    ? { pid, exitCode: (status >> 8) & 0xff, signal: null }
    : { pid, exitCode: null, signal: SIGNAL_NAMES.get(number) ?? `signal ${number}` };
}
