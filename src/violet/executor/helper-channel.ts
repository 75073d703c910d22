/**
 * What violet and its helper process tell each other, as lines of JSON on one socket, each a list of
 * messages. Both ends are of one build and one user, so what arrives is what was sent. Messages are
 * tuples: writing and reading names of fields would cost as much as all else about them.
 */

import type { Socket } from 'node:net';
import type { CancelTimer, Clock } from '../../lib/clock.ts';
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
 * Messages go out together, since waking the other side costs more than all else about them: once there
 * is one for this part of the runs that are in hand, so that the other side is not left without work,
 * and at the latest after so long.
 */
const GATHERED_SHARE = 1 / 3;
const GATHER_MS = 2;

/** What a channel belongs to. */
export interface ChannelEnd<Received> {
  receive(message: Received): void;
  /** How many runs this side waits for. */
  countRuns(): number;
}

/** Hands over what arrives and returns what sends a message. */
export function openChannel<Sent, Received>(
  socket: Socket,
  clock: Clock,
  { receive, countRuns }: ChannelEnd<Received>,
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
  let isDue = false;
  let cancelTimer: CancelTimer | null = null;
  const write = () => {
    cancelTimer = null;
    isDue = false;
    socket.write(`${JSON.stringify(waiting)}\n`);
    waiting.length = 0;
  };
  return (message) => {
    waiting.push(message);
    if (isDue) return;
    if (waiting.length < countRuns() * GATHERED_SHARE) {
      cancelTimer ??= clock.setTimer(GATHER_MS, write);
      return;
    }
    isDue = true;
    cancelTimer?.();
    setImmediate(write);
  };
}
