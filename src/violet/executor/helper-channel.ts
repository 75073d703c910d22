/**
 * What violet and its helper process tell each other, as lines of JSON on one socket, each a list of
 * messages. Both ends are of one build and one user, so what arrives is what was sent. Messages are
 * tuples: writing and reading names of fields would cost as much as all else about them.
 */

import type { Socket } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import type { LogFormat, LogLevel } from '../../lib/log.ts';
import type { Outcome } from '../../model/check.ts';
import type { Command } from './executor.ts';
import type { Limits } from './limits.ts';
import type { User } from './run-as.ts';

/** Which executor: `auto` is `spawn` (`posix_spawn`) where it is to be had, else `childProcess`. */
export type ExecutorChoice = 'auto' | 'spawn' | 'childProcess';

/** How the helper runs programs. */
export interface HelperSettings {
  readonly executor: ExecutorChoice;
  readonly limits: Limits;
  /** Added to the priority that violet has: 0 (none) to 19. */
  readonly nice: number;
  /** Null: the user of violet. */
  readonly user: User | null;
  /** The helper's own lines go where those of violet go. */
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
}

/** What violet tells. That it has gone is told by the end of the socket: everything is killed then. */
export type ToHelper =
  | readonly [kind: 'open', settings: HelperSettings]
  /** That of the runs that follow: it is the same for nearly all, and the longest part of each. */
  | readonly [kind: 'environment', env: Command['env']]
  | readonly [
      kind: 'run',
      id: number,
      file: string,
      args: readonly string[],
      cwd: string,
      timeoutMs: number,
      maxOutputBytes: number,
    ]
  | readonly [kind: 'stop', id: number];

/** What the helper tells. */
export type FromHelper =
  | readonly [kind: 'opened', executor: Exclude<ExecutorChoice, 'auto'>]
  /** It cannot work as it was told, and ends. */
  | readonly [kind: 'refused', problem: string]
  /** A program that runs for a while already. */
  | readonly [kind: 'lasting', id: number, pid: number]
  /** The outcome of nearly all. */
  | readonly [
      kind: 'exited',
      id: number,
      exitCode: number,
      stdout: string,
      stderr: string,
      truncated: boolean,
    ]
  | readonly [kind: 'ended', id: number, outcome: Outcome]
  | readonly [kind: 'stopped', id: number];

/**
 * From one write to the next, at least: messages in between go out together. Waking the other side
 * costs more than all else about a message, a tenth of a millisecond a run without this.
 */
const GATHER_MS = 1;

/** Gives each message that arrives to `receive` and returns what sends one. */
export function openChannel<Sent, Received>(
  socket: Socket,
  clock: Clock,
  receive: (message: Received) => void,
): (message: Sent) => void {
  let pieces: string[] = [];
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = text.split('\n');
    const last = lines.pop() ?? '';
    for (const line of lines) {
      const messages = JSON.parse(pieces.join('') + line) as readonly Received[];
      pieces = [];
      for (const message of messages) receive(message);
    }
    pieces.push(last);
  });
  const waiting: Sent[] = [];
  let writtenAt = Number.NEGATIVE_INFINITY;
  const write = () => {
    writtenAt = clock.monotonic();
    socket.write(`${JSON.stringify(waiting)}\n`);
    waiting.length = 0;
  };
  return (message) => {
    waiting.push(message);
    if (waiting.length > 1) return;
    if (clock.monotonic() - writtenAt < GATHER_MS) clock.setTimer(GATHER_MS, write);
    else setImmediate(write);
  };
}
