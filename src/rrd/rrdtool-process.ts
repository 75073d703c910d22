/** One life of an `rrdtool -`: command lines go in without waiting, replies come back in order. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Clock } from '../lib/clock.ts';
import { COMMAND_TIMEOUT_MS, Pipeline, type Reply } from './pipeline.ts';
import { ReplyReader } from './rrdtool-replies.ts';

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

/** A running rrdtool. The caller bounds how many commands wait. */
export class RrdtoolProcess {
  readonly #options: RrdtoolProcessOptions;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #pipeline: Pipeline;
  readonly #gone: Promise<void>;
  #complaint = '';

  constructor(options: RrdtoolProcessOptions) {
    this.#options = options;
    // `env` keeps the environment and changes two things: numbers have a point whatever the language,
    // and no rrdcached is used that somebody set up for other files. The own process group keeps
    // Ctrl-C on a terminal away from it until everything is written.
    const args = ['-u', 'RRDCACHED_ADDRESS', 'LC_ALL=C', options.program, '-'];
    this.#child = spawn('env', args, { cwd: options.folder, stdio: 'pipe', detached: true });
    const { stdin, stdout, stderr } = this.#child;
    const reader = new ReplyReader();
    this.#pipeline = new Pipeline({
      clock: options.clock,
      write: (text) => stdin.write(text, 'latin1'),
      read: (text) => reader.read(text),
      onReply: options.onReply,
      kill: (reason) => this.kill(reason),
      describeEnd,
    });
    stdin.on('error', () => undefined); // the end of the process is told by `close`
    stdout.setEncoding('latin1').on('data', (text: string) => this.#pipeline.receive(text));
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(0, MAX_COMPLAINT_LENGTH);
    });
    this.#gone = new Promise((resolve) => {
      const finish = (how: string) => {
        this.#pipeline.end([how, this.#complaint.trim()].filter((part) => part !== '').join(': '));
        resolve();
      };
      this.#child.once('error', (error) => finish(`it could not be started: ${error.message}`));
      this.#child.once('close', (code, signal) =>
        finish(signal === null ? `it ended with exit code ${code}` : `${signal} ended it`),
      );
    });
    void this.#gone.then(() => options.onEnd(this.endReason ?? ''));
  }

  /** Why it takes no more commands: it is being ended, or has ended. Null while it takes them. */
  get endReason(): string | null {
    return this.#pipeline.endReason;
  }

  /** Resolves to rrdtool's reply. Rejects with `Unavailable` when the process ends before that. */
  run(command: string): Promise<Reply> {
    return this.#pipeline.run(command);
  }

  /** Ends it at once; what waits is rejected with `reason`. */
  kill(reason: string): void {
    this.#pipeline.end(reason);
    this.#child.kill('SIGKILL');
  }

  /** Lets it finish its commands and go; kills it when that takes too long. */
  async close(): Promise<void> {
    this.#pipeline.flush();
    this.#child.stdin.end();
    const cancel = this.#options.clock.setTimer(COMMAND_TIMEOUT_MS, () =>
      this.kill('it did not end'),
    );
    await this.#gone;
    cancel();
  }
}

/** The end of a process as a sentence. */
export function describeEnd(reason: string): string {
  return `rrdtool stopped: ${reason}. It is started again.`;
}
