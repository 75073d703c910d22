/**
 * The spine of grey: a batch of results of one shard -> states -> one transaction -> ack. What is
 * acknowledged is committed; what was delivered twice changes nothing.
 */

import { randomUUID } from 'node:crypto';
import type { Insertable } from 'kysely';
import {
  ACK,
  type Broker,
  type Consumer,
  type Delivery,
  type Settlement,
} from '../broker/broker.ts';
import type { Topology } from '../broker/topology.ts';
import { type Database, ForeignKeyViolation } from '../database/database.ts';
import { findExistingChecks, writeBatch } from '../database/queries/check-states.ts';
import type { EventEntry } from '../database/queries/events.ts';
import type { StateStart } from '../database/queries/state-intervals.ts';
import type { CheckStateTable, ResultTable } from '../database/schema.ts';
import { backoffMs } from '../lib/backoff.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { CounterMetric, Metrics } from '../lib/metrics.ts';
import { CHECK_RESULT, type CheckResult } from '../messages/check-result.ts';
import type { Envelope } from '../messages/envelope.ts';
import { EVENT } from '../messages/event.ts';
import { CHECK_STATES } from '../model/check.ts';
import { PoisonMessage, Unavailable } from '../model/errors.ts';
import { type CheckState, evaluate } from '../nagios/evaluate.ts';
import { States } from './states.ts';

/** Results stored in one transaction at most. */
const MAX_BATCH = 1_000;
const RETRY = { firstMs: 200, maxMs: 10_000 };
const LATENCY_BUCKETS_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What the collector works with. */
export interface CollectorOptions {
  readonly broker: Broker;
  readonly topology: Topology;
  readonly envelope: Envelope;
  readonly database: Database;
  readonly shards: number;
  /** Told of results once they are stored. */
  readonly onStored: (results: readonly CheckResult[]) => void;
  /** Whether results of hosts that want history are kept. */
  readonly keepsHistory: boolean;
  readonly clock: Clock;
  /** 0..1 */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Starts collecting from every shard; the broker decides which shards this grey gets. */
export async function startCollector(
  options: CollectorOptions,
): Promise<{ stop(): Promise<void> }> {
  const { metrics } = options;
  const counters: Counters = {
    stored: metrics.counter('ppalette_grey_results_total', 'Results stored.'),
    repeated: metrics.counter(
      'ppalette_grey_repeated_results_total',
      'Results that were no newer than the known state.',
    ),
    orphaned: metrics.counter(
      'ppalette_grey_orphaned_results_total',
      'Results of checks that were deleted meanwhile.',
    ),
    dead: metrics.counter('ppalette_grey_dead_letters_total', 'Messages that nobody understands.'),
    observeLatency: metrics.histogram(
      'ppalette_grey_store_latency_seconds',
      'From the due time of a check to its stored result.',
      LATENCY_BUCKETS_S,
    ),
  };
  const stopping = new AbortController();
  const consumers: Consumer[] = [];
  for (let shard = 0; shard < options.shards; shard++) {
    const collector = new ShardCollector(options, counters, stopping.signal);
    consumers.push(
      await options.broker.consumeBatches(
        options.topology.results(shard),
        { maxCount: MAX_BATCH, onReset: () => collector.reset() },
        (deliveries) => collector.collect(deliveries),
      ),
    );
  }
  return {
    async stop() {
      const stopped = Promise.all(consumers.map((consumer) => consumer.stop()));
      stopping.abort();
      await stopped;
    },
  };
}

interface Counters {
  readonly stored: CounterMetric;
  readonly repeated: CounterMetric;
  readonly orphaned: CounterMetric;
  readonly dead: CounterMetric;
  readonly observeLatency: (valueS: number) => void;
}

/** What a batch of results comes to. */
interface Evaluation {
  readonly states: ReadonlyMap<number, CheckState | null>;
  readonly stateRows: readonly Insertable<CheckStateTable>[];
  readonly resultRows: readonly Insertable<ResultTable>[];
  readonly events: readonly EventEntry[];
  readonly stateStarts: readonly StateStart[];
  readonly repeatedCount: number;
}

class ShardCollector {
  readonly #options: CollectorOptions;
  readonly #counters: Counters;
  readonly #stopping: AbortSignal;
  readonly #states = new States();

  constructor(options: CollectorOptions, counters: Counters, stopping: AbortSignal) {
    this.#options = options;
    this.#counters = counters;
    this.#stopping = stopping;
  }

  /** Another grey may have owned the shard meanwhile. */
  reset(): void {
    this.#states.clear();
  }

  /** Stores a batch. Rejects only when told to stop while the database is away. */
  async collect(deliveries: readonly Delivery[]): Promise<Settlement[]> {
    const settlements: Settlement[] = [];
    const results: CheckResult[] = [];
    for (const delivery of deliveries) {
      const opened = this.#open(delivery);
      settlements.push(opened.settlement);
      if (opened.result) results.push(opened.result);
    }
    if (results.length > 0) await this.#storeUntilDone(results);
    return settlements;
  }

  #open(delivery: Delivery): { settlement: Settlement; result?: CheckResult } {
    const { envelope, log } = this.#options;
    try {
      return { settlement: ACK, result: envelope.open(CHECK_RESULT, delivery) };
    } catch (error) {
      if (!(error instanceof PoisonMessage)) throw error;
      this.#counters.dead.add();
      log.warn({ error, messageId: delivery.id }, 'result not understood, dead-lettered');
      return { settlement: { kind: 'dead', reason: error.message } };
    }
  }

  async #storeUntilDone(batch: readonly CheckResult[]): Promise<void> {
    const { clock, log, random } = this.#options;
    let results = batch;
    for (let failures = 1; ; failures++) {
      try {
        return await this.#store(results);
      } catch (error) {
        this.#states.clear();
        if (error instanceof ForeignKeyViolation) {
          results = await this.#dropOrphans(results);
          continue;
        }
        if (!(error instanceof Unavailable) || this.#stopping.aborted) throw error;
        if (failures === 1) log.warn({ error }, 'results cannot be stored, trying on');
        await sleep(clock, backoffMs(RETRY, failures, random), this.#stopping);
      }
    }
  }

  async #store(results: readonly CheckResult[]): Promise<void> {
    const { database, keepsHistory } = this.#options;
    const checkIds = new Set(results.map((result) => result.checkId));
    const before = await this.#states.load(database, checkIds);
    const evaluation = evaluateBatch(before, results, keepsHistory);
    await database.transaction((sql) =>
      writeBatch(sql, {
        states: evaluation.stateRows,
        results: evaluation.resultRows,
        events: evaluation.events,
        stateStarts: evaluation.stateStarts,
      }),
    );
    this.#states.keep(evaluation.states);
    this.#announce(evaluation.stateRows);
    this.#options.onStored(results);
    const now = this.#options.clock.now();
    for (const result of results) this.#counters.observeLatency((now - result.scheduledAt) / 1_000);
    this.#counters.stored.add(results.length - evaluation.repeatedCount);
    this.#counters.repeated.add(evaluation.repeatedCount);
  }

  /** A hint to whoever waits or watches; the database is the truth. */
  #announce(rows: readonly Insertable<CheckStateTable>[]): void {
    if (rows.length === 0) return;
    const { broker, envelope } = this.#options;
    const checks = rows.map((row): [number, number] => [row.check_id, row.scheduled_at]);
    const hint = envelope.seal(EVENT, randomUUID(), { event: { kind: 'resultsStored', checks } });
    void broker.broadcast(hint);
  }

  async #dropOrphans(results: readonly CheckResult[]): Promise<CheckResult[]> {
    const ids = [...new Set(results.map((result) => result.checkId))];
    const existing = await findExistingChecks(this.#options.database, ids);
    const kept = results.filter((result) => existing.has(result.checkId));
    this.#counters.orphaned.add(results.length - kept.length);
    return kept;
  }
}

/** Applies results in their order. Pure. */
function evaluateBatch(
  before: ReadonlyMap<number, CheckState | null>,
  results: readonly CheckResult[],
  keepsHistory: boolean,
): Evaluation {
  const states = new Map(before);
  const stateRows = new Map<number, Insertable<CheckStateTable>>();
  const resultRows = new Map<string, Insertable<ResultTable>>();
  const events: EventEntry[] = [];
  const stateStarts: StateStart[] = [];
  let repeatedCount = 0;
  for (const result of results) {
    const former = states.get(result.checkId) ?? null;
    const state = evaluate(former, result);
    const row = toRow(result);
    if (keepsHistory && result.keepHistory) {
      resultRows.set(`${result.checkId}-${result.scheduledAt}`, row);
    }
    if (state === null) {
      repeatedCount++;
      continue;
    }
    states.set(result.checkId, state);
    if (former?.state !== state.state) {
      events.push(toStateChange(result, former));
      const { checkId, output } = result;
      const fromAt = state.lastStateChangeAt;
      stateStarts.push({ checkId, fromAt, state: state.state, output });
    }
    stateRows.set(result.checkId, { ...row, last_state_change_at: state.lastStateChangeAt });
  }
  return {
    states,
    stateRows: [...stateRows.values()],
    resultRows: [...resultRows.values()],
    events,
    stateStarts,
    repeatedCount,
  };
}

function toStateChange(result: CheckResult, former: CheckState | null): EventEntry {
  const { checkId, host, plugin, output } = result;
  const from = former?.state ?? 'pending';
  const payload = { host, plugin, from, to: result.state, output };
  return { at: result.finishedAt, type: 'stateChange', checkId, payload };
}

function toRow(result: CheckResult): Insertable<ResultTable> {
  return {
    check_id: result.checkId,
    scheduled_at: result.scheduledAt,
    state: CHECK_STATES.indexOf(result.state),
    exit_code: result.exitCode,
    output: result.output,
    long_output: result.longOutput,
    perfdata: JSON.stringify(result.perfdata),
    started_at: result.startedAt,
    finished_at: result.finishedAt,
    worker: result.worker,
  };
}
