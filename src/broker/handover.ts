/**
 * From messages that an adapter has fetched to handlers, and back as settlements: the rules that are
 * the same for every broker. One by one (`EachHandover`) or in batches (`BatchHandover`).
 */

import { assert } from '../lib/assert.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { CancelTimer, Clock } from '../lib/clock.ts';
import { Deque } from '../lib/deque.ts';
import type { Log } from '../lib/log.ts';
import { Unavailable } from '../model/errors.ts';
import { type Delivery, MAX_DELIVERIES, type Settlement } from './broker.ts';

/** Pauses after batches that failed, so that a bug or an outage does not keep the machine busy. */
const RETRY = { firstMs: 100, maxMs: 2_000 };
/** Messages handed over before timers and sockets get their turn. */
const TURN_LIMIT = 500;
/** The longest reason, in characters: headers have little room. */
const MAX_REASON_LENGTH = 1_000;

/** A message as its adapter holds it, from fetched until settled. */
export interface Held {
  delivery: Delivery;
  /** How often it was handed to a handler before, by any consumer. */
  deliveryCount: number;
  /** Why the last batch with it failed: now it comes alone, to find the culprit. Null = it did not. */
  failure: string | null;
}

/** What both ways of handing over need from the adapter. */
export interface HandoverOptions<H extends Held> {
  readonly queueName: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Passes settlements on, one for each message; never fails. */
  readonly settle: (held: readonly H[], settlements: readonly Settlement[]) => Promise<void> | void;
  /** Called when there is room again. */
  readonly onRoom?: () => void;
}

/** Hands messages to one consumer's handler. */
export interface Handover<H extends Held> {
  /** How many more messages would reach the handler without waiting for others. */
  readonly room: number;
  /** Takes a message to hand over, after those offered before. */
  offer(held: H): void;
  /** Forgets what was not handed over: the broker will deliver it again. */
  reset(): void;
  /** Hands nothing over any more. */
  halt(): void;
  /** Takes back what was not handed over, in order. */
  takeLeft(): H[];
  /** Resolves when no handler runs and everything that was handed over is settled. */
  idle(): Promise<void>;
}

/** Up to `concurrency` handlers at a time, one message each. */
export class EachHandover<H extends Held> implements Handover<H> {
  readonly #options: HandoverOptions<H>;
  readonly #concurrency: number;
  readonly #handle: (delivery: Delivery) => Promise<Settlement>;
  readonly #waiting = new Deque<H>();
  readonly #idle = new IdleSignal();
  #running = 0;
  #turnCount = 0;
  #halted = false;

  constructor(
    options: HandoverOptions<H>,
    concurrency: number,
    handle: (delivery: Delivery) => Promise<Settlement>,
  ) {
    this.#options = options;
    this.#concurrency = concurrency;
    this.#handle = handle;
  }

  get room(): number {
    return this.#halted ? 0 : this.#concurrency - this.#running - this.#waiting.count;
  }

  offer(held: H): void {
    this.#waiting.push(held);
    this.#pump();
  }

  reset(): void {
    this.#waiting.drain();
  }

  halt(): void {
    this.#halted = true;
  }

  takeLeft(): H[] {
    return this.#waiting.drain();
  }

  async idle(): Promise<void> {
    if (this.#running > 0) await this.#idle.wait();
  }

  #pump(): void {
    while (!this.#halted && this.#running < this.#concurrency && this.#waiting.count > 0) {
      if (!this.#takeTurn()) return;
      const held = this.#waiting.shift();
      if (held !== undefined) void this.#run(held);
    }
  }

  /** Handlers that never wait for anything real would keep timers and sockets waiting for ever. */
  #takeTurn(): boolean {
    if (this.#turnCount === 0) {
      setImmediate(() => {
        this.#turnCount = 0;
        this.#pump();
      });
    }
    return this.#turnCount++ < TURN_LIMIT;
  }

  async #run(held: H): Promise<void> {
    this.#running++;
    const settlement = findEnd(held, this.#options) ?? (await this.#ask(held));
    const settled = this.#options.settle([held], [settlement]);
    if (settled !== undefined) await settled;
    this.#running--;
    if (this.#running === 0) this.#idle.set();
    this.#pump();
    this.#options.onRoom?.();
  }

  async #ask(held: H): Promise<Settlement> {
    held.deliveryCount++;
    try {
      return await this.#handle(held.delivery);
    } catch (error) {
      const { log, queueName } = this.#options;
      log.warn(
        { error, queue: queueName, messageId: held.delivery.id },
        'message handler failed, dead-lettered',
      );
      return { kind: 'dead', reason: describeReason(error) };
    }
  }
}

/** How batches are made and handled. */
export interface BatchHandling {
  readonly maxCount: number;
  /** From the beginning of one batch to that of the next at least, unless it was full. */
  readonly minGapMs?: number | undefined;
  readonly onReset?: (() => void) | undefined;
  readonly handle: (deliveries: readonly Delivery[]) => Promise<readonly Settlement[]>;
}

/** One handler at a time, with what is there. */
export class BatchHandover<H extends Held> implements Handover<H> {
  readonly #options: HandoverOptions<H>;
  readonly #handling: BatchHandling;
  readonly #waiting = new Deque<H>();
  readonly #idle = new IdleSignal();
  #isRunning = false;
  #isScheduled = false;
  #halted = false;
  #isReset = false;
  #epoch = 0;
  #failureCount = 0;
  #cancelRetry: CancelTimer | null = null;
  #cancelRest: CancelTimer | null = null;

  constructor(options: HandoverOptions<H>, handling: BatchHandling) {
    this.#options = options;
    this.#handling = handling;
  }

  get room(): number {
    if (this.#halted || this.#isBusy()) return 0;
    return this.#handling.maxCount - this.#waiting.count;
  }

  offer(held: H): void {
    this.#waiting.push(held);
    this.#schedule();
  }

  reset(): void {
    this.#waiting.drain();
    this.#epoch++;
    this.#isReset = true;
  }

  halt(): void {
    this.#halted = true;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#cancelRest?.();
    this.#cancelRest = null;
  }

  takeLeft(): H[] {
    return this.#waiting.drain();
  }

  async idle(): Promise<void> {
    if (this.#isRunning) await this.#idle.wait();
  }

  /** After everything that is happening now, so that what arrives together is handled together. */
  #schedule(): void {
    if (this.#isBusy() || this.#isScheduled || this.#halted || this.#waiting.count === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (!this.#halted) void this.#run();
    });
  }

  #isBusy(): boolean {
    return this.#isRunning || this.#cancelRetry !== null || this.#cancelRest !== null;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    const begunAt = this.#options.clock.monotonic();
    await this.#settleEnded();
    const batch = this.#takeBatch();
    if (batch.length > 0) await this.#handle(batch);
    this.#isRunning = false;
    // What did not fit into a full one is not to wait for company.
    const isFull = batch.length === this.#handling.maxCount;
    if (!isFull) this.#restUntil(begunAt + (this.#handling.minGapMs ?? 0));
    this.#idle.set();
    this.#schedule();
    this.#options.onRoom?.();
  }

  /** `at`: by the monotonic clock, since a clock that is set back must not hold batches up. */
  #restUntil(at: number): void {
    const { clock, onRoom } = this.#options;
    const leftMs = at - clock.monotonic();
    if (leftMs <= 0 || this.#halted) return;
    this.#cancelRest = clock.setTimer(leftMs, () => {
      this.#cancelRest = null;
      this.#schedule();
      onRoom?.();
    });
  }

  /** Before the batch, in their order: an adapter may settle "everything up to here" at once. */
  async #settleEnded(): Promise<void> {
    for (;;) {
      const held = this.#waiting.first;
      const end = held && findEnd(held, this.#options);
      if (!held || !end) return;
      this.#waiting.shift();
      await this.#options.settle([held], [end]);
    }
  }

  #takeBatch(): H[] {
    const batch: H[] = [];
    while (!this.#halted && batch.length < this.#handling.maxCount) {
      const held = this.#waiting.first;
      if (held === undefined || isOver(held, this.#options.clock.now())) break;
      if (held.failure !== null && batch.length > 0) break;
      this.#waiting.shift();
      batch.push(held);
      if (held.failure !== null) break;
    }
    return batch;
  }

  async #handle(batch: readonly H[]): Promise<void> {
    const epoch = this.#epoch;
    let settlements: readonly Settlement[];
    try {
      if (this.#isReset) this.#handling.onReset?.();
      this.#isReset = false;
      for (const held of batch) held.deliveryCount++;
      settlements = await this.#handling.handle(batch.map((held) => held.delivery));
      assert(settlements.length === batch.length, 'a batch gets one settlement for each delivery');
    } catch (error) {
      if (epoch === this.#epoch) this.#retryLater(batch, error);
      return;
    }
    this.#failureCount = 0;
    await this.#options.settle(batch, settlements);
  }

  #retryLater(batch: readonly H[], error: unknown): void {
    const { clock, log, queueName } = this.#options;
    if (++this.#failureCount === 1) {
      log.warn({ error, queue: queueName, count: batch.length }, 'batch failed, trying again');
    }
    for (const held of batch.toReversed()) {
      if (error instanceof Unavailable) held.deliveryCount--;
      else held.failure = describeReason(error);
      held.delivery = { ...held.delivery, redelivered: true };
      this.#waiting.unshift(held);
    }
    if (this.#halted) return;
    const pauseMs = backoffMs(RETRY, this.#failureCount, () => 1); // nobody else to keep apart from
    this.#cancelRetry = clock.setTimer(pauseMs, () => {
      this.#cancelRetry = null;
      this.#schedule();
    });
  }
}

/** Wakes everybody who waits for the next time that nothing runs. */
class IdleSignal {
  #wakers: (() => void)[] = [];

  wait(): Promise<void> {
    return new Promise((resolve) => this.#wakers.push(resolve));
  }

  set(): void {
    for (const wake of this.#wakers.splice(0)) wake();
  }
}

/** Text of an error for a dead letter's reason; cut where it is too long for a header. */
export function describeReason(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.slice(0, MAX_REASON_LENGTH);
}

function isOver(held: Held, now: number): boolean {
  const { expiresAt } = held.delivery;
  return held.deliveryCount >= MAX_DELIVERIES || (expiresAt !== undefined && expiresAt <= now);
}

/** The end of a message that must not be handed over any more; null = it may be. */
function findEnd(held: Held, { clock, log, queueName }: HandoverOptions<never>): Settlement | null {
  if (!isOver(held, clock.now())) return null;
  if (held.deliveryCount < MAX_DELIVERIES) return { kind: 'expired' };
  const reason = held.failure ?? `handed over ${MAX_DELIVERIES} times and never settled`;
  log.warn({ queue: queueName, messageId: held.delivery.id, reason }, 'message given up');
  return { kind: 'dead', reason };
}
