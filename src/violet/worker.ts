/**
 * The spine of violet: a request -> its outcome -> a result that the broker has confirmed -> ack.
 * A worker that dies before the ack leaves its request to another.
 */

import { ACK, type Broker, type Delivery, type Settlement } from '../broker/broker.ts';
import type { Topology } from '../broker/topology.ts';
import { backoffMs } from '../lib/backoff.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../lib/metrics.ts';
import { StopSource } from '../lib/stop-signal.ts';
import { CHECK_REQUEST, type CheckRequest } from '../messages/check-request.ts';
import { CHECK_RESULT, type CheckResult } from '../messages/check-result.ts';
import type { Envelope } from '../messages/envelope.ts';
import type { Outcome } from '../model/check.ts';
import { PoisonMessage, Unavailable } from '../model/errors.ts';
import type { ReadingSettings } from '../nagios/exit-code.ts';
import { readOutcome } from '../nagios/plugin-output.ts';
import { Intake } from './intake.ts';
import { RequestsInHand } from './requests-in-hand.ts';
import { Slots } from './slots.ts';
import { Suspects } from './suspects.ts';
import { createWorkerMetrics } from './worker-metrics.ts';

const RETRY = { firstMs: 200, maxMs: 10_000 };
/** Slots for people's requests: this part of the others, on top of them. */
const NOW_SHARE = 1 / 8;
/**
 * Requests in hand for each slot, so that those of a host at its limit do not stop the others. It
 * bounds the results that wait for a broker which is away, too: their requests are still in hand.
 */
const PREFETCH_SHARE = 2;
/** How long a worker that stops waits for a broker that is away; its requests run elsewhere then. */
const STOP_PATIENCE_MS = 5_000;

/** What a check needs of the worker's machine: a program of its own there, or next to nothing. */
export type CheckKind = 'program' | 'light';

/** What the worker works with. */
export interface WorkerOptions {
  /** This worker's id. */
  readonly id: string;
  readonly zones: readonly string[];
  /** Where checks run, over all zones: those that start a program here, and those that do not. */
  readonly slots: Readonly<Record<CheckKind, Slots>>;
  readonly broker: Broker;
  readonly topology: Topology;
  readonly envelope: Envelope;
  /** Rejects with `Unavailable` when the run was ended from here and says nothing of its target. */
  readonly execute: (request: CheckRequest) => Promise<Outcome>;
  readonly settings: ReadingSettings;
  readonly clock: Clock;
  /** 0..1 */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** How the worker does, for its heartbeat. */
export interface WorkerFigures {
  /** Checks running now. */
  readonly running: number;
  /** Requests in hand that wait for a slot. */
  readonly waiting: number;
  /** Checks finished since the start. */
  readonly finished: number;
  /** Of these, those that ran out of time, and those that could not be started. */
  readonly timedOut: number;
  readonly notStarted: number;
  /** Results on their way that the broker has not confirmed; many when it is away. */
  readonly unsent: number;
  readonly consumers: number;
}

/** A running worker. */
export interface Worker {
  figures(): WorkerFigures;
  /** Changes the number of slots, and of the requests in hand with it. One call at a time for each. */
  resize(kind: CheckKind, count: number): Promise<void>;
  /** Takes no more; resolves when what runs has ended and its results are confirmed. */
  stop(): Promise<void>;
}

/** Starts taking requests of every zone. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { broker, topology, envelope, clock, log } = options;
  const nowCount = Math.max(2, Math.ceil(options.slots.program.count * NOW_SHARE));
  // A person who asks for one check is not held up by what else runs there.
  const now = new Slots(nowCount, { perHost: nowCount, perPlugin: nowCount });
  const slots = { ...options.slots, now };
  const sumOf = (figure: 'running' | 'waiting') =>
    Object.values(slots).reduce((sum, one) => sum + one[figure], 0);
  const counts = { finished: 0, timedOut: 0, notStarted: 0, unsent: 0 };
  const count = createWorkerMetrics(options.metrics, {
    slots,
    unsent: () => counts.unsent,
  });
  const suspects = new Suspects();
  const inHand = new RequestsInHand(() => count.repeated.add());
  const stopping = new StopSource();

  const publishResult = async (request: CheckRequest, result: CheckResult) => {
    const message = envelope.seal(CHECK_RESULT, result.id, result);
    counts.unsent++;
    try {
      for (let failures = 1; ; failures++) {
        try {
          const queue = topology.results(request.shard);
          await broker.publish(queue, message, { isPatient: true });
          return log.debug({ requestId: request.id }, 'result confirmed');
        } catch (error) {
          if (!(error instanceof Unavailable) || stopping.aborted) throw error;
          if (failures === 1)
            log.warn({ error, requestId: request.id }, 'result not sent, trying on');
          await sleep(clock, backoffMs(RETRY, failures, options.random), stopping);
        }
      }
    } finally {
      counts.unsent--;
    }
  };

  const runOnce = async (request: CheckRequest, receivedAt: number): Promise<CheckResult> => {
    const startedAt = clock.now();
    log.debug({ requestId: request.id }, 'check started');
    const outcome = await options.execute(request);
    const reading = readOutcome(outcome, options.settings);
    const finishedAt = clock.now();
    suspects.note(request.host.address, { state: reading.state, tookMs: finishedAt - startedAt });
    counts.finished++;
    if (outcome.kind === 'timedOut') counts.timedOut++;
    if (outcome.kind === 'notStarted') counts.notStarted++;
    count.run(request, outcome, { startedAt, finishedAt });
    log.debug({ requestId: request.id, state: reading.state, output: reading.output }, 'check run');
    return {
      id: request.id,
      checkId: request.checkId,
      scheduledAt: request.scheduledAt,
      receivedAt,
      startedAt,
      finishedAt,
      worker: options.id,
      host: request.host.name,
      plugin: request.plugin.name,
      keepHistory: request.keepHistory,
      state: reading.state,
      exitCode: reading.exitCode,
      output: reading.output,
      longOutput: reading.longOutput,
      perfdata: [...reading.perfdata],
      ...(request.sentAt === undefined ? {} : { sentAt: request.sentAt }),
      ...(request.intervalMs === undefined ? {} : { intervalMs: request.intervalMs }),
      ...(request.isFreshnessCheck === true ? { isFreshnessCheck: true } : {}),
      ...(outcome.kind === 'timedOut' ? { isTimedOut: true } : {}),
    };
  };

  const runInTime = async (
    request: CheckRequest,
    receivedAt: number,
  ): Promise<CheckResult | 'expired'> =>
    clock.now() >= request.expiresAt ? 'expired' : runOnce(request, receivedAt);

  const serve = async (request: CheckRequest, free: Slots): Promise<Settlement> => {
    const receivedAt = clock.now();
    log.debug({ requestId: request.id, host: request.host.name }, 'request received');
    const { address } = request.host;
    const owner = { host: address, plugin: request.plugin.name, isSuspect: suspects.has(address) };
    try {
      // The result is sent when the slot is free again: an absent broker holds up no check.
      const result = await free.run(owner, () => runInTime(request, receivedAt));
      if (result === 'expired') {
        count.expired.add();
        log.debug({ requestId: request.id }, 'request expired before it had a slot');
        return { kind: 'expired' };
      }
      if (result !== undefined) {
        await publishResult(request, result);
        return ACK;
      }
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      log.warn({ error, requestId: request.id }, 'stopped before a result was sent, handed back');
      return { kind: 'requeue' };
    }
    if (stopping.aborted) return { kind: 'requeue' };
    count.refused.add();
    log.debug({ requestId: request.id }, 'request given up, too many wait for its host or plugin');
    return { kind: 'expired' };
  };

  const handleRequest = async (delivery: Delivery, free: Slots): Promise<Settlement> => {
    let request: CheckRequest;
    try {
      request = envelope.open(CHECK_REQUEST, delivery);
    } catch (error) {
      if (!(error instanceof PoisonMessage)) throw error;
      count.dead.add();
      log.warn({ error, messageId: delivery.id }, 'request not understood, dead-lettered');
      return { kind: 'dead', reason: error.message };
    }
    return inHand.serveOnce(request.id, () => serve(request, free));
  };

  const intakes: { readonly intake: Intake; readonly kind: keyof typeof slots }[] = [];
  for (const zone of options.zones) {
    for (const [queue, kind] of [
      [topology.checks(zone), 'program'],
      [topology.checksLight(zone), 'light'],
      [topology.checksNow(zone), 'now'],
    ] as const) {
      const intake = new Intake((concurrency) =>
        broker.consumeEach(queue, { concurrency }, (delivery) =>
          handleRequest(delivery, slots[kind]),
        ),
      );
      await intake.follow(slots[kind].count * PREFETCH_SHARE);
      intakes.push({ intake, kind });
    }
  }
  return {
    figures: () => ({
      running: sumOf('running'),
      waiting: sumOf('waiting'),
      ...counts,
      consumers: intakes.reduce((sum, { intake }) => sum + intake.consumerCount, 0),
    }),
    async resize(kind, count) {
      slots[kind].resize(count);
      const own = intakes.filter((one) => one.kind === kind);
      for (const { intake } of own) await intake.follow(count * PREFETCH_SHARE);
    },
    async stop() {
      const stopped = Promise.all(intakes.map(({ intake }) => intake.stop()));
      stopping.abort();
      for (const one of Object.values(slots)) one.close();
      await Promise.race([stopped, hopeless(broker, clock, stopped)]);
    },
  };
}

/** Resolves when the broker is away though it was given time, or when `done` is; never rejects. */
async function hopeless(broker: Broker, clock: Clock, done: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  void done.finally(() => over.abort()).catch(() => undefined);
  do await sleep(clock, STOP_PATIENCE_MS, over.signal);
  while (!over.signal.aborted && broker.problem() === null);
}
