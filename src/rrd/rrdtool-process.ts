/** One life of an `rrdtool -`: command lines go in without waiting, replies come back in order. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { CancelTimer, Clock } from '../lib/clock.ts';
import { Unavailable } from '../model/errors.ts';
import { type Reply, ReplyReader } from './rrdtool-replies.ts';

/** How long rrdtool may take for one command, and at the end for its exit. */
const COMMAND_TIMEOUT_MS = 10_000;
/** What it writes to stderr is kept up to this length, to say why it ended. Characters. */
const MAX_COMPLAINT_LENGTH = 500;

/** Settings of a process. */
export interface RrdtoolProcessOptions {
  /** A name in PATH or an absolute path. */
  readonly program: string;
  /** Where it works: names in commands are relative to it. */
  readonly folder: string;
  readonly clock: Clock;
  /** Called for each reply. */
  readonly onReply: () => void;
  /** Called once, when the process is gone; `reason` is why, for people. */
  readonly onEnd: (reason: string) => void;
}

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Unavailable): void;
}

/** A running rrdtool. The caller bounds how many commands wait. */
export class RrdtoolProcess {
  readonly #options: RrdtoolProcessOptions;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #reader = new ReplyReader();
  readonly #gone: Promise<void>;
  /** Those who wait for a reply, in the order of their commands. */
  #waiting: Waiting[] = [];
  /** Commands to be written together, at the end of this turn of the event loop. */
  #outbox = '';
  /** Since when the first of `#waiting` is rrdtool's current command, by the monotonic clock. */
  #currentSince = 0;
  #cancelWatch: CancelTimer | null = null;
  #complaint = '';
  #endReason: string | null = null;

  constructor(options: RrdtoolProcessOptions) {
    this.#options = options;
    // `env` keeps the environment and changes two things: numbers have a point whatever the language,
    // and no rrdcached is used that somebody set up for other files. The own process group keeps
    // Ctrl-C on a terminal away from it until everything is written.
    const args = ['-u', 'RRDCACHED_ADDRESS', 'LC_ALL=C', options.program, '-'];
    this.#child = spawn('env', args, { cwd: options.folder, stdio: 'pipe', detached: true });
    const { stdin, stdout, stderr } = this.#child;
    stdin.on('error', () => undefined); // the end of the process is told by `close`
    stdout.setEncoding('latin1').on('data', (text: string) => this.#receive(text));
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(0, MAX_COMPLAINT_LENGTH);
    });
    this.#gone = new Promise((resolve) => {
      const finish = (how: string) => {
        this.#stopTaking([how, this.#complaint.trim()].filter((part) => part !== '').join(': '));
        resolve();
      };
      this.#child.once('error', (error) => finish(`it could not be started: ${error.message}`));
      this.#child.once('close', (code, signal) =>
        finish(signal === null ? `it ended with exit code ${code}` : `${signal} ended it`),
      );
    });
    void this.#gone.then(() => options.onEnd(this.#endReason ?? ''));
  }

  /** Why it takes no more commands: it is being ended, or has ended. Null while it takes them. */
  get endReason(): string | null {
    return this.#endReason;
  }

  /** Resolves to rrdtool's reply. Rejects with `Unavailable` when the process ends before that. */
  run(command: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#endReason !== null) return reject(stopped(this.#endReason));
      if (this.#waiting.length === 0) this.#currentSince = this.#options.clock.monotonic();
      this.#waiting.push({ resolve, reject });
      if (this.#outbox === '') process.nextTick(() => this.#flush());
      this.#outbox += `${command}\n`;
      this.#watch();
    });
  }

  /** Ends it at once; what waits is rejected with `reason`. */
  kill(reason: string): void {
    this.#stopTaking(reason);
    this.#child.kill('SIGKILL');
  }

  /** Lets it finish its commands and go; kills it when that takes too long. */
  async close(): Promise<void> {
    this.#flush();
    this.#child.stdin.end();
    const cancel = this.#options.clock.setTimer(COMMAND_TIMEOUT_MS, () =>
      this.kill('it did not end'),
    );
    await this.#gone;
    cancel();
  }

  #flush(): void {
    if (this.#outbox !== '' && this.#endReason === null)
      this.#child.stdin.write(this.#outbox, 'latin1');
    this.#outbox = '';
  }

  #receive(text: string): void {
    for (const reply of this.#reader.read(text)) {
      const first = this.#waiting.shift();
      if (first === undefined) {
        if (this.#endReason === null) this.kill('it answered without being asked');
        return;
      }
      this.#currentSince = this.#options.clock.monotonic();
      this.#options.onReply();
      first.resolve(reply);
    }
  }

  /** One timer for all commands: it looks at the current one and is set again for what remains. */
  #watch(): void {
    if (this.#cancelWatch !== null) return;
    const { clock } = this.#options;
    const remainingMs = this.#currentSince + COMMAND_TIMEOUT_MS - clock.monotonic();
    this.#cancelWatch = clock.setTimer(Math.max(1, remainingMs), () => {
      this.#cancelWatch = null;
      if (this.#waiting.length === 0) return;
      if (clock.monotonic() - this.#currentSince < COMMAND_TIMEOUT_MS) return this.#watch();
      this.kill(`it did not answer within ${COMMAND_TIMEOUT_MS / 1_000} s`);
    });
  }

  #stopTaking(reason: string): void {
    if (this.#endReason !== null) return;
    this.#endReason = reason;
    this.#cancelWatch?.();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) one.reject(stopped(reason));
  }
}

function stopped(reason: string): Unavailable {
  return new Unavailable('rrd', describeEnd(reason));
}

/** The end of a process as a sentence. */
export function describeEnd(reason: string): string {
  return `rrdtool stopped: ${reason}. It is started again.`;
}
