/** One command on a remote host, from the moment that sshd has started it. */

import type { ClientChannel } from 'ssh2';
import type { CancelTimer, Clock } from '../../lib/clock.ts';
import { DRAIN_MS } from '../executor/executor.ts';
import { RemoteOutput } from './remote-output.ts';

/** How a command ended: one of the two is null. */
export interface RemoteExit {
  readonly code: number | null;
  /** `SIGSEGV`, ... */
  readonly signal: string | null;
}

/** A running command. Output beyond the limit is read and thrown away. */
export class Session {
  readonly stdout: RemoteOutput;
  readonly stderr: RemoteOutput;
  /**
   * How it ended, once its output was read to the end or somebody else has held it open for
   * `DRAIN_MS`. Null when the channel or the connection went away without a word. Never rejects.
   */
  readonly ended: Promise<RemoteExit | null>;
  readonly #channel: ClientChannel;

  /** To be made in the very callback that brings the channel: its events do not wait. */
  constructor(channel: ClientChannel, limits: { maxOutputBytes: number; clock: Clock }) {
    this.#channel = channel;
    this.stdout = new RemoteOutput(limits.maxOutputBytes);
    this.stderr = new RemoteOutput(limits.maxOutputBytes);
    channel.on('data', (chunk: Buffer) => this.stdout.add(chunk));
    channel.stderr.on('data', (chunk: Buffer) => this.stderr.add(chunk));
    for (const stream of [channel, channel.stderr]) stream.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      let exit: RemoteExit | null = null;
      let cancelDrain: CancelTimer = () => undefined;
      channel.once('exit', (code: number | null, signal?: string) => {
        exit = { code, signal: signal ?? null };
        cancelDrain = limits.clock.setTimer(DRAIN_MS, () => {
          resolve(exit);
          channel.close();
        });
      });
      channel.once('close', () => {
        cancelDrain();
        resolve(exit);
      });
    });
  }

  /** Asks sshd to signal the command's process group; OpenSSH 7.9 and later do, but not for root. */
  signal(name: 'TERM' | 'KILL'): void {
    this.#channel.signal(name);
  }

  /** Ends the channel, whatever the command does. */
  close(): void {
    this.#channel.close();
  }
}
