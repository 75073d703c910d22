/**
 * The connections of one violet: shared by the checks of a host and login, made when the first check
 * needs one, closed when nobody does for a while. A host that cannot be reached is left alone for a
 * time, so that its checks do not wait each for itself.
 *
 * | an entry is | checks                                   | until                                |
 * | connecting  | wait, each for as long as it may run     | connected, or failed                 |
 * | connected   | share it                                 | idle for `idleTimeoutMs`, old or gone |
 * | failed      | fail at once, with the reason            | its back-off is over, then connecting |
 */

import { type BackoffPolicy, backoffMs } from '../../lib/backoff.ts';
import type { CancelTimer } from '../../lib/clock.ts';
import { Lru } from '../../lib/lru.ts';
import type { CounterMetric, Metrics } from '../../lib/metrics.ts';
import type { StopSignal } from '../../lib/stop-signal.ts';
import { connectTo, type HandshakeContext, type OpenStream, type Progress } from './handshake.ts';
import { Link, type SessionRequest } from './link.ts';
import { formatTarget, NO_ANSWER, type SshFailure, type SshTarget } from './target.ts';
import { openTcpStream } from './tcp-stream.ts';

/** What connections are made with. */
export interface ConnectionsContext extends Omit<HandshakeContext, 'openStream'> {
  /** Sessions at a time over one connection; fewer where the server says so. */
  readonly maxSessionsPerHost: number;
  /** How long a connection without a check is kept. */
  readonly idleTimeoutMs: number;
  /** How many of those; the one without a check for longest goes first. */
  readonly maxIdleConnections: number;
  /** Through which all others are reached; null for none. */
  readonly jumpHost: SshTarget | null;
  /** 0..1 */
  readonly random: () => number;
  readonly metrics: Metrics;
}

/** The open connections. */
export interface SshConnections {
  /** Starts a command on a target; over a new connection when there is none that works. */
  openSession<Result extends object>(
    target: SshTarget,
    request: SessionRequest<Result>,
  ): Promise<Result | SshFailure>;
  /** Ends all connections; what runs over them is lost. */
  close(): void;
}

interface Entry {
  readonly progress: Progress;
  readonly link: Promise<Link | SshFailure>;
}

interface Pause {
  readonly failures: number;
  readonly failure: SshFailure;
  /** By the monotonic clock. */
  readonly endsAtMs: number;
}

/** From the first failure to the longest pause: a host that is back is found within a minute. */
const BACKOFF: BackoffPolicy = { firstMs: 5_000, maxMs: 60_000 };
/**
 * How long a connection takes new sessions: by then its name may lead elsewhere, or its key may be
 * revoked. Each check that begins later goes over a new one.
 */
const MAX_AGE_MS = 600_000;
/** Hosts whose failures are remembered. */
const MAX_PAUSE_COUNT = 10_000;
/** A connection that went away in the very moment that it was used is replaced once. */
const MAX_TRIES = 2;

/** Opens the pool; nothing is connected yet. */
export function openConnections(context: ConnectionsContext): SshConnections {
  return new Pool(context);
}

class Pool implements SshConnections {
  readonly #context: ConnectionsContext;
  /** Connecting and connected, by target. */
  readonly #entries = new Map<string, Entry>();
  /** All that are open, also those that take no more sessions. */
  readonly #links = new Set<Link>();
  /** Those without a session, with what ends them; idle for longest first. */
  readonly #idle = new Map<Link, CancelTimer>();
  readonly #pauses = new Lru<string, Pause>(MAX_PAUSE_COUNT);
  readonly #closing = new AbortController();
  readonly #failureCount: CounterMetric;

  constructor(context: ConnectionsContext) {
    this.#context = context;
    const { metrics } = context;
    metrics.gauge('ppalette_violet_ssh_connections', 'Open ssh connections.', () => {
      return this.#links.size;
    });
    this.#failureCount = metrics.counter(
      'ppalette_violet_ssh_failures_total',
      'Commands that ssh could not start, by phase.',
      ['phase'],
    );
  }

  async openSession<Result extends object>(
    target: SshTarget,
    request: SessionRequest<Result>,
  ): Promise<Result | SshFailure> {
    const opened = await this.#tryOpening(target, request);
    if ('phase' in opened) this.#failureCount.add(1, { phase: opened.phase });
    return opened;
  }

  close(): void {
    this.#closing.abort();
    for (const cancel of this.#idle.values()) cancel();
    for (const link of this.#links) link.close();
  }

  async #tryOpening<Result extends object>(
    target: SshTarget,
    request: SessionRequest<Result>,
  ): Promise<Result | SshFailure> {
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const link = await this.#findLink(target, request.signal);
      if (!(link instanceof Link)) return link;
      this.#setBusy(link);
      const opened = await link.openSession(request);
      if (opened !== 'lost') return opened;
    }
    return { phase: 'channel', reason: 'the connection was lost' };
  }

  /** The link to a target, made if need be; a failure when the signal aborts first. */
  async #findLink(target: SshTarget, signal: StopSignal): Promise<Link | SshFailure> {
    const key = formatTarget(target);
    const pause = this.#pauses.get(key);
    const waitMs = (pause?.endsAtMs ?? 0) - this.#context.clock.monotonic();
    if (pause !== undefined && waitMs > 0) {
      const { phase, reason } = pause.failure;
      return { phase, reason: `${reason} (not tried again for ${Math.ceil(waitMs / 1_000)} s)` };
    }
    const entry = this.#entries.get(key) ?? this.#startEntry(target);
    return raceWithAbort(entry.link, signal, () => {
      return { phase: entry.progress.phase, reason: NO_ANSWER };
    });
  }

  #startEntry(target: SshTarget): Entry {
    const progress: Progress = { phase: 'resolve' };
    const entry = { progress, link: this.#connect(target, progress) };
    this.#entries.set(formatTarget(target), entry);
    return entry;
  }

  async #connect(target: SshTarget, progress: Progress): Promise<Link | SshFailure> {
    const key = formatTarget(target);
    const context = { ...this.#context, openStream: this.#wayTo(target) };
    const connection = await connectTo(target, context, { progress, signal: this.#closing.signal });
    if ('phase' in connection) {
      this.#entries.delete(key);
      this.#pause(key, connection);
      return connection;
    }
    this.#pauses.delete(key);
    const link: Link = new Link({
      ...connection,
      maxSessions: this.#context.maxSessionsPerHost,
      clock: this.#context.clock,
      onIdle: () => this.#setIdle(link),
      onUnusable: () => {
        cancelAge();
        this.#setBusy(link);
        this.#entries.delete(key);
      },
      onGone: () => this.#links.delete(link),
    });
    const cancelAge = this.#context.clock.setTimer(MAX_AGE_MS, () => link.retire());
    this.#links.add(link);
    return link;
  }

  #wayTo(target: SshTarget): OpenStream {
    const { jumpHost } = this.#context;
    if (jumpHost === null || formatTarget(jumpHost) === formatTarget(target)) return openTcpStream;
    return async ({ address, port }, progress, signal) => {
      const link = await this.#findLink(jumpHost, signal);
      if (!(link instanceof Link)) return viaJump(link, jumpHost);
      this.#setBusy(link);
      progress.phase = 'connect';
      const stream = await link.openStream({ address, port, signal });
      if (stream === 'lost') {
        return viaJump({ phase: 'connect', reason: 'the connection was lost' }, jumpHost);
      }
      return 'phase' in stream ? viaJump(stream, jumpHost) : stream;
    };
  }

  #pause(key: string, failure: SshFailure): void {
    const { clock, random } = this.#context;
    const failures = (this.#pauses.get(key)?.failures ?? 0) + 1;
    const endsAtMs = clock.monotonic() + backoffMs(BACKOFF, failures, random);
    this.#pauses.set(key, { failures, failure, endsAtMs });
  }

  #setIdle(link: Link): void {
    this.#setBusy(link);
    const cancel = this.#context.clock.setTimer(this.#context.idleTimeoutMs, () => link.close());
    this.#idle.set(link, cancel);
    if (this.#idle.size <= this.#context.maxIdleConnections) return;
    const [oldest] = this.#idle.keys();
    oldest?.close();
  }

  #setBusy(link: Link): void {
    this.#idle.get(link)?.();
    this.#idle.delete(link);
  }
}

function viaJump({ phase, reason }: SshFailure, jumpHost: SshTarget): SshFailure {
  return { phase, reason: `through the jump host ${formatTarget(jumpHost)}: ${reason}` };
}

/** What comes first. A late result goes to whoever asks next. */
function raceWithAbort<Result>(
  result: Promise<Result>,
  signal: StopSignal,
  onAbort: () => Result,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(onAbort());
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
