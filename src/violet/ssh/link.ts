/**
 * One authenticated connection to a host, shared by its checks: so many sessions at a time, the rest
 * in order of arrival.
 *
 * | state   | takes sessions | ends                                        |
 * | usable  | yes            | closed by either side                       |
 * | retired | no             | with its last session                       |
 * | gone    | no             |                                             |
 */

import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { StopSignal } from '../../lib/stop-signal.ts';
import type { TimeoutProgram } from './remote-command.ts';
import { SessionSlots } from './session-slots.ts';
import { NO_ANSWER, type SshFailure } from './target.ts';

/** What a link works with. */
export interface LinkOptions {
  /** Authenticated. */
  readonly client: Client;
  /** What the client talks over. */
  readonly stream: Duplex;
  /** What people should be told of the connection; null: nothing. */
  readonly notice: string | null;
  readonly maxSessions: number;
  readonly clock: Clock;
  /** Called whenever the last session or stream has ended. */
  readonly onIdle: () => void;
  /** Called once, when it takes no more sessions. */
  readonly onUnusable: () => void;
  /** Called once, when it has ended. */
  readonly onGone: () => void;
}

/** `lost`: it went away before the session was there, so another connection may do. */
export type Opened<Result> = Result | SshFailure | 'lost';

/** How a session is asked for. */
export interface SessionRequest<Result> {
  /** The command, put together when it is known what the host can do. */
  readonly command: (link: Link) => string;
  /** Called with the channel in the moment that it is there. */
  readonly adopt: (channel: ClientChannel, link: Link) => Result;
  /** Ends the wait. */
  readonly signal: StopSignal;
}

/** Behind the server's own words, which may be long. */
const MAX_REASON_LENGTH = 300;
/** The client throws when its socket has ended in this moment. */
const NOT_CONNECTED = new Error('not connected');
/** A server counts a session a moment longer than we do: so long it may refuse one although none is in use. */
const SETTLE_MS = 100;
const MAX_SETTLES = 5;

/** A connection that checks share. */
export class Link {
  /** Learnt from the first command. */
  timeoutProgram: TimeoutProgram = 'unknown';
  readonly #options: LinkOptions;
  readonly #slots: SessionSlots;
  #hasGranted = false;
  #notice: string | null;
  #streamCount = 0;
  #state: 'usable' | 'retired' | 'gone' = 'usable';

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#notice = options.notice;
    this.#slots = new SessionSlots(options.maxSessions);
    options.client.on('error', () => this.close());
    options.client.on('close', () => this.close());
  }

  /** True when nothing runs over it. */
  get isIdle(): boolean {
    return this.#slots.isIdle && this.#streamCount === 0;
  }

  /** What people should be told of the connection, to the first who asks. */
  takeNotice(): string | null {
    const notice = this.#notice;
    this.#notice = null;
    return notice;
  }

  /** Starts a command in a session of its own. */
  async openSession<Result>(request: SessionRequest<Result>): Promise<Opened<Result>> {
    for (let settles = 0; ; ) {
      const turn = await this.#slots.take(request.signal);
      if (turn === 'closed') return 'lost';
      if (turn === 'late') {
        const reason = `${NO_ANSWER}: all ${this.#slots.limit} sessions with the host are in use`;
        return { phase: 'channel', reason };
      }
      const isPatient = this.#hasGranted && settles < MAX_SETTLES;
      const opened = await this.#execute(request, isPatient);
      if (opened === 'unsettled') {
        settles++;
        await sleep(this.#options.clock, SETTLE_MS, request.signal);
      } else if (opened !== 'full') {
        return opened;
      }
    }
  }

  /** A stream to another host, as if from this one. Gives up when the signal aborts. */
  openStream(to: {
    readonly address: string;
    readonly port: number;
    readonly signal: StopSignal;
  }): Promise<Opened<Duplex>> {
    this.#streamCount++;
    const release = () => {
      this.#streamCount--;
      this.#checkIdle();
    };
    return new Promise((resolve) => {
      const giveUp = () => resolve({ phase: 'connect', reason: NO_ANSWER });
      const fail = (error: Error) => {
        release();
        resolve(this.#isGone() ? 'lost' : { phase: 'connect', reason: clauseOf(error) });
      };
      to.signal.addEventListener('abort', giveUp, { once: true });
      try {
        const { client } = this.#options;
        client.forwardOut('127.0.0.1', 0, to.address, to.port, (error, channel) => {
          to.signal.removeEventListener('abort', giveUp);
          if (error !== undefined) return fail(error);
          channel.on('error', () => undefined);
          channel.once('close', release);
          if (to.signal.aborted) discard(channel);
          else resolve(channel);
        });
      } catch {
        this.close();
        fail(NOT_CONNECTED);
      }
    });
  }

  /** Takes no more sessions and goes when the last one has ended. */
  retire(): void {
    if (this.#state !== 'usable') return;
    this.#state = 'retired';
    this.#slots.close();
    this.#options.onUnusable();
    this.#checkIdle();
  }

  /** Ends the connection and all that runs over it. */
  close(): void {
    if (this.#state === 'gone') return;
    this.retire();
    this.#state = 'gone';
    this.#options.client.end();
    this.#options.stream.destroy();
    this.#options.onGone();
  }

  #isGone(): boolean {
    return this.#state === 'gone';
  }

  /**
   * `full`: the server refused, but will grant a session when another one has ended. `unsettled`, to
   * the patient: it refused although none is in use, as it did not before.
   */
  #execute<Result>(
    request: SessionRequest<Result>,
    isPatient: boolean,
  ): Promise<Opened<Result> | 'full' | 'unsettled'> {
    const { command, adopt, signal } = request;
    return new Promise((resolve) => {
      const giveUp = () => {
        // The host is slow or the line is dead; nobody should wait for this connection again.
        this.retire();
        resolve({ phase: 'channel', reason: `${NO_ANSWER}: the host opens no session` });
      };
      const refuse = (error: Error) => {
        signal.removeEventListener('abort', giveUp);
        const isWorthWaiting = this.#slots.refuse();
        const isLost = this.#isGone();
        // The library then leaves the session open, and hands out nothing to close it by.
        if (!isSessionRefused(error)) this.retire();
        this.#checkIdle();
        if (isLost) resolve('lost');
        else if (isSessionRefused(error) && isWorthWaiting) resolve('full');
        else if (isSessionRefused(error) && isPatient) resolve('unsettled');
        else resolve({ phase: 'channel', reason: clauseOf(error) });
      };
      signal.addEventListener('abort', giveUp, { once: true });
      try {
        this.#options.client.exec(command(this), (error, channel) => {
          if (error !== undefined) return refuse(error);
          this.#hasGranted = true;
          channel.once('close', () => {
            this.#slots.release();
            this.#checkIdle();
          });
          if (signal.aborted) return discard(channel);
          signal.removeEventListener('abort', giveUp);
          resolve(adopt(channel, this));
        });
      } catch {
        this.close();
        refuse(NOT_CONNECTED);
      }
    });
  }

  #checkIdle(): void {
    if (!this.isIdle) return;
    if (this.#state === 'retired') this.close();
    else if (this.#state === 'usable') this.#options.onIdle();
  }
}

/** Its end is told only when it was read. */
function discard(channel: ClientChannel): void {
  channel.on('error', () => undefined);
  channel.resume();
  channel.stderr.resume();
  channel.close();
}

function isSessionRefused(error: Error): boolean {
  return error.message.includes('Channel open failure');
}

function clauseOf(error: Error): string {
  const text = error.message.replace('(SSH) Channel open failure:', 'the host says:');
  return text.slice(0, MAX_REASON_LENGTH);
}
