/**
 * The probes of services on threads of their own: what sockets, TLS and patterns cost uses another
 * processor, and a probe that computes for long holds up neither the broker nor the API. A thread that
 * is lost or stuck is replaced at the next run; what it was running is handed back, unless it never
 * ended a run: then the reason is the outcome.
 */

import type { EventLoopUtilization } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Outcome } from '../../model/check.ts';
import { Unavailable } from '../../model/errors.ts';
import { createStopped, type ProbeOrder, type ProbeRun, type StartProbe } from './run-probe.ts';
import { type FromThread, openThreadChannel, type ToThread } from './thread-channel.ts';

/** What threads are started with. */
export interface ProbeThreadsOptions {
  /** The compiled `probe-thread.js`. */
  readonly file: string;
  /** So many at most; each is started when those before it are busy. */
  readonly maxCount: number;
  /** Hides secrets in what is logged. */
  readonly mask: (text: string) => string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Runs probes of services. */
export interface ProbeThreads {
  readonly start: StartProbe;
  /** How many threads there are. */
  readonly count: number;
  /** Share of the time since the last reading in which the least busy thread was busy, 0 to 1. */
  readUse(): number;
  /** What runs is stopped. */
  close(): Promise<void>;
}

/** Runs of one thread from which on another one is worth its 10 MB. */
const BUSY_RUNS = 64;
/** After the latest end of a run: a thread that has said nothing by then is stuck. */
const SILENCE_MS = 5_000;
const WATCH_MS = 1_000;
const MAX_AUTO_COUNT = 4;

/** How many suit a machine with so many processors: one is left for the event loop. */
export function probeThreadCount(cores: number): number {
  return Math.min(MAX_AUTO_COUNT, cores - 1);
}

/** Threads that are started as they are needed. */
export function openProbeThreads({
  file,
  maxCount,
  mask,
  clock,
  log,
}: ProbeThreadsOptions): ProbeThreads {
  const threads = new Set<ProbeThread>();
  let isWatching = false;
  let isClosed = false;

  const startThread = () => {
    const thread = new ProbeThread(file, clock, {
      onLost(reason, becomes) {
        threads.delete(thread);
        log.warn(
          { reason: mask(reason) },
          `a thread of probes was lost, what it was running is ${becomes}`,
        );
      },
      onFault(fault) {
        log.error(
          { fault: mask(fault) },
          'a probe has a fault, please report it; its run ends by its time',
        );
      },
    });
    threads.add(thread);
    return thread;
  };

  const choose = (): ProbeThread => {
    let best: ProbeThread | undefined;
    for (const thread of threads) {
      if (best === undefined || thread.runningCount < best.runningCount) best = thread;
    }
    const isEnough = best !== undefined && best.runningCount < BUSY_RUNS;
    if (best === undefined || (!isEnough && threads.size < maxCount)) return startThread();
    return best;
  };

  const watch = () => {
    const now = clock.monotonic();
    for (const thread of threads) thread.endOverdue(now);
    isWatching = [...threads].some((thread) => thread.runningCount > 0);
    if (isWatching) clock.setTimer(WATCH_MS, watch);
  };

  return {
    start(order) {
      if (isClosed) return settled(Promise.reject(createStopped(order.builtin)));
      let thread: ProbeThread;
      try {
        thread = choose();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return settled(Promise.resolve(refuse(order, reason)));
      }
      if (!isWatching) {
        isWatching = true;
        clock.setTimer(WATCH_MS, watch);
      }
      return thread.start(order);
    },
    get count() {
      return threads.size;
    },
    readUse() {
      const uses = [...threads].map((thread) => thread.readUse());
      return threads.size < maxCount ? 0 : Math.min(...uses);
    },
    async close() {
      isClosed = true;
      await Promise.all([...threads].map((thread) => thread.close()));
    },
  };
}

/** As it was in the thread. */
function toFault(stack: string): Error {
  const [message] = stack.split('\n');
  return Object.assign(new Error(message), { stack });
}

function settled(outcome: ProbeRun['outcome']): ProbeRun {
  return { outcome, stop: () => undefined };
}

function refuse({ builtin }: ProbeOrder, reason: string): Outcome {
  const detail = `Probe ${builtin} was not started: no thread of violet runs it (${reason}).`;
  return { kind: 'notStarted', why: 'refused', detail };
}

/** A run whose end the thread has not told. */
interface PendingRun {
  readonly order: ProbeOrder;
  readonly overdueAt: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

interface ProbeThreadEvents {
  /** With what becomes of its runs. */
  onLost(reason: string, becomes: 'handed back' | 'answered'): void;
  /** Of a run that is not known. */
  onFault(fault: string): void;
}

class ProbeThread {
  readonly #worker: Worker;
  readonly #send: (message: ToThread) => void;
  readonly #clock: Clock;
  readonly #events: ProbeThreadEvents;
  readonly #pending = new Map<number, PendingRun>();
  #lastId = 0;
  #lastUse: EventLoopUtilization | undefined;
  #hasEndedRun = false;
  #isEnded = false;

  constructor(file: string, clock: Clock, events: ProbeThreadEvents) {
    this.#clock = clock;
    this.#events = events;
    this.#worker = new Worker(file, { name: 'probes' });
    this.#send = openThreadChannel<ToThread, FromThread>(this.#worker, (message) =>
      this.#receive(message),
    );
    this.#worker.on('error', (error) => this.#crash(error));
    this.#worker.on('exit', (code) => this.#crash(new Error(`it ended with ${code}`)));
  }

  get runningCount(): number {
    return this.#pending.size;
  }

  readUse(): number {
    const { performance } = this.#worker;
    const now = performance.eventLoopUtilization();
    const since = this.#lastUse;
    this.#lastUse = now;
    return since === undefined
      ? now.utilization
      : performance.eventLoopUtilization(now, since).utilization;
  }

  start(order: ProbeOrder): ProbeRun {
    const id = ++this.#lastId;
    const outcome = new Promise<Outcome>((resolve, reject) => {
      const overdueAt = this.#clock.monotonic() + order.timeoutMs + SILENCE_MS;
      this.#pending.set(id, { order, overdueAt, resolve, reject });
      this.#send([id, order]);
    });
    return { outcome, stop: () => this.#send([id, null]) };
  }

  #receive(message: FromThread): void {
    if (message[0] === null) {
      this.#events.onFault(message[2]);
      return;
    }
    const [id, outcome, fault] = message;
    this.#hasEndedRun = true;
    const run = this.#pending.get(id);
    this.#pending.delete(id);
    if (outcome !== null) run?.resolve(outcome);
    else run?.reject(fault === undefined ? createStopped(run.order.builtin) : toFault(fault));
  }

  /** Ends the thread when one of its runs should have ended long ago. */
  endOverdue(now: number): void {
    const overdue = [...this.#pending].filter(([, run]) => run.overdueAt <= now);
    if (overdue.length === 0) return;
    for (const [id, { order, resolve }] of overdue) {
      this.#pending.delete(id);
      resolve({ kind: 'timedOut', timeoutMs: order.timeoutMs, stdout: '' });
    }
    const names = overdue.map(([, { order }]) => `${order.builtin} of ${order.host.name}`);
    this.#lose(`it does not answer, probably because of ${[...new Set(names)].join(', ')}`);
    void this.#worker.terminate();
  }

  async close(): Promise<void> {
    this.#isEnded = true;
    this.#rejectAll(({ builtin }) => createStopped(builtin));
    await this.#worker.terminate();
  }

  /** Runs that would only crash the next thread, too, are answered: handed back they would come again at once. */
  #crash({ message, stack }: Error): void {
    const isUseless = !this.#hasEndedRun;
    if (isUseless) {
      for (const { order, resolve } of this.#pending.values()) resolve(refuse(order, message));
      this.#pending.clear();
    }
    this.#lose(stack ?? message, isUseless ? 'answered' : 'handed back');
  }

  #lose(reason: string, becomes: 'handed back' | 'answered' = 'handed back'): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#events.onLost(reason, becomes);
    this.#rejectAll(({ builtin }) => {
      return new Unavailable('executor', `The thread of probe ${builtin} was lost.`);
    });
  }

  #rejectAll(createError: (order: ProbeOrder) => Unavailable): void {
    for (const { order, reject } of this.#pending.values()) reject(createError(order));
    this.#pending.clear();
  }
}
