/**
 * One connection to RabbitMQ that comes back by itself, and the loop that keeps a channel's work
 * going on it. The adapter has two of them: RabbitMQ stops reading from a connection that publishes
 * while it is short of memory or disk, and settlements of consumers must not be stuck behind that.
 */

import { type ChannelModel, connect } from 'amqplib';
import { assert } from '../lib/assert.ts';
import { backoffMs } from '../lib/backoff.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { ConfigError, Unavailable } from '../model/errors.ts';
import { type Address, explainFailure, type Failure } from './rabbitmq-address.ts';

/** Pauses between tries to connect, and between tries to open what ended by itself. */
const RETRY = { firstMs: 250, maxMs: 8_000 };
/** What lasted longer than this did not fail at once: the next pause is short again. */
const STABLE_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** How long a closing handshake may take before the socket is destroyed. */
const CLOSE_TIMEOUT_MS = 2_000;

/** What every part of the adapter needs. */
export interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  /** Returns 0..1; spreads the reconnects of many clients. */
  readonly random: () => number;
  readonly problems: Problems;
}

/** Why the broker cannot do its work; each outage is logged once, when it begins and when it ends. */
export class Problems {
  readonly #log: Log;
  readonly #outages = new Map<string, string>();
  readonly #others = new Map<string, string>();
  #hasRefused = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** The first of them; null when there is none. */
  get first(): string | null {
    for (const text of [...this.#outages.values(), ...this.#others.values()]) return text;
    return null;
  }

  /** A connection is not there. */
  reportOutage(purpose: string, address: Address, failure: Failure): void {
    const { reason, isRefusal } = failure;
    if (isRefusal && !this.#hasRefused) {
      this.#log.error({ address: address.label, reason }, 'RabbitMQ refuses the connection');
    } else if (this.#outages.size === 0) {
      this.#log.warn({ address: address.label, reason }, 'waiting for RabbitMQ');
    }
    this.#hasRefused ||= isRefusal;
    this.#outages.set(purpose, `RabbitMQ at ${address.label} is away: ${reason}`);
  }

  /** A connection is there. */
  endOutage(purpose: string, address: Address): void {
    if (!this.#outages.delete(purpose) || this.#outages.size > 0) return;
    this.#hasRefused = false;
    this.#log.info({ address: address.label }, 'RabbitMQ is there');
  }

  /** Anything else that stops some of the work; `key` says what. */
  report(key: string, text: string, level: 'warn' | 'error'): void {
    if (this.#others.get(key) === text) return;
    this.#others.set(key, text);
    this.#log[level]({ subject: key, reason: text }, 'broker problem');
  }

  /** That problem is over. */
  end(key: string): void {
    if (this.#others.delete(key)) this.#log.info({ subject: key }, 'broker problem is over');
  }
}

/** A connection that is opened again whenever it is lost. */
export class RabbitmqConnection {
  readonly #surroundings: Surroundings;
  readonly #addresses: readonly Address[];
  readonly #purpose: string;
  readonly #closing = new AbortController();
  readonly #done: Promise<void>;
  #model: ChannelModel | null = null;
  #waiters: { resolve: (model: ChannelModel) => void; reject: (error: Error) => void }[] = [];

  /** Begins to connect, to the first address that answers. */
  constructor(surroundings: Surroundings, addresses: readonly Address[], purpose: string) {
    this.#surroundings = surroundings;
    this.#addresses = addresses;
    this.#purpose = purpose;
    this.#done = this.#run();
  }

  /** The open connection; null during an outage. */
  get current(): ChannelModel | null {
    return this.#model;
  }

  /** The open connection, or the next one. Rejects with `Unavailable` when it is closed. */
  ready(): Promise<ChannelModel> {
    if (this.#model !== null) return Promise.resolve(this.#model);
    if (this.#closing.signal.aborted) return Promise.reject(closedError());
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /**
   * Runs `task` on the connection, and again whenever it ends or fails, until `signal` aborts or
   * the connection is closed. A `ConfigError` does not end it either: somebody may put it right.
   */
  async keepRunning(
    task: (model: ChannelModel) => Promise<void>,
    signal: AbortSignal,
    onFailure: (error: unknown) => void,
  ): Promise<void> {
    const { clock, random } = this.#surroundings;
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    for (let failures = 1; !stop.aborted; failures++) {
      const model = await this.ready().catch(() => null);
      if (model === null || stop.aborted) return;
      const startedAt = clock.monotonic();
      try {
        await task(model);
      } catch (error) {
        const isLost = model !== this.#model; // which is reported as an outage
        if (!stop.aborted && (!isLost || error instanceof ConfigError)) onFailure(error);
      }
      if (clock.monotonic() - startedAt > STABLE_MS) failures = 1;
      await sleep(clock, backoffMs(RETRY, failures, random), stop);
    }
  }

  /** Closes for good, at the latest after 2 s. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const { reject } of this.#waiters.splice(0)) reject(closedError());
    await this.#done;
  }

  async #run(): Promise<void> {
    const { clock, random, problems } = this.#surroundings;
    const { signal } = this.#closing;
    let failures = 0;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const address = this.#addresses[attempt % this.#addresses.length];
      assert(address !== undefined, 'there is an address to connect to');
      const startedAt = clock.monotonic();
      const error = await this.#connectOnce(address);
      if (signal.aborted) return;
      if (clock.monotonic() - startedAt > STABLE_MS + CONNECT_TIMEOUT_MS) failures = 0;
      problems.reportOutage(this.#purpose, address, explainFailure(error, address));
      failures++;
      const isRoundOver = failures % this.#addresses.length === 0;
      const rounds = Math.ceil(failures / this.#addresses.length);
      if (isRoundOver) await sleep(clock, backoffMs(RETRY, rounds, random), signal);
    }
  }

  /** Connects and resolves when the connection is over, with the reason. */
  async #connectOnce(address: Address): Promise<unknown> {
    const { clock, problems } = this.#surroundings;
    const socketEnd = new AbortController();
    const options = {
      noDelay: true,
      signal: socketEnd.signal,
      clientProperties: { connection_name: `ppalette ${this.#purpose}` },
    };
    const give = () => socketEnd.abort();
    const cancelTimeout = clock.setTimer(CONNECT_TIMEOUT_MS, give);
    this.#closing.signal.addEventListener('abort', give);
    let model: ChannelModel;
    try {
      model = await connect(address.url, options);
    } catch (error) {
      const isLate = socketEnd.signal.aborted;
      return isLate ? new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`) : error;
    } finally {
      cancelTimeout();
      this.#closing.signal.removeEventListener('abort', give);
    }
    const ended = this.#watch(model);
    problems.endOutage(this.#purpose, address);
    this.#model = model;
    for (const { resolve } of this.#waiters.splice(0)) resolve(model);
    const error = await this.#untilEnded(model, ended);
    this.#model = null;
    problems.end(`${this.#purpose} connection`);
    socketEnd.abort(); // amqplib only half-closes a socket whose peer has fallen silent
    return error;
  }

  /** Listens to the connection; resolves when it is over, with the reason. */
  #watch(model: ChannelModel): Promise<unknown> {
    const { problems } = this.#surroundings;
    const key = `${this.#purpose} connection`;
    let reason: unknown = new Error('the connection was closed');
    model.on('error', (error) => {
      reason = error;
    });
    model.on('blocked', (why) => {
      problems.report(key, `RabbitMQ takes no messages: ${why}`, 'warn');
    });
    model.on('unblocked', () => problems.end(key));
    return new Promise((resolve) => {
      model.once('close', (error) => {
        this.#model = null; // at once: nobody may be given a connection that is over
        resolve(error ?? reason);
      });
    });
  }

  /** Waits for the end, or ends it when that is asked for. */
  async #untilEnded(model: ChannelModel, ended: Promise<unknown>): Promise<unknown> {
    const closing = this.#closing.signal;
    await new Promise<void>((resolve) => {
      const finish = () => {
        closing.removeEventListener('abort', finish);
        resolve();
      };
      closing.addEventListener('abort', finish);
      if (closing.aborted) finish();
      void ended.then(finish);
    });
    if (!closing.aborted) return ended;
    void model.close().catch(() => undefined); // it may be over already
    const tooLate = new AbortController();
    await Promise.race([
      ended.then(() => tooLate.abort()),
      sleep(this.#surroundings.clock, CLOSE_TIMEOUT_MS, tooLate.signal),
    ]);
    return undefined;
  }
}

/** What callers get after `close`. */
export function closedError(): Unavailable {
  return new Unavailable('broker', 'The broker is closed.');
}
