/**
 * The spine of grey: a batch of results of one shard -> states -> one transaction -> ack. What is
 * acknowledged is committed; what was delivered twice changes nothing.
 */

import { randomUUID } from 'node:crypto';
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
import { deleteHandlerRuns } from '../database/queries/event-handlers.ts';
import { type HostSight, readHostSights } from '../database/queries/host-neighbours.ts';
import type { HostFacts } from '../database/queries/object-facts.ts';
import { chunksOf } from '../database/queries/upsert.ts';
import { backoffMs } from '../lib/backoff.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../lib/metrics.ts';
import type { CheckResult } from '../messages/check-result.ts';
import type { Envelope } from '../messages/envelope.ts';
import { EVENT } from '../messages/event.ts';
import { PoisonMessage, Unavailable } from '../model/errors.ts';
import type { Semantics } from '../nagios/state/semantics.ts';
import { type CollectorMetrics, createCollectorMetrics } from './collector-metrics.ts';
import { type BatchEvaluation, evaluateBatch } from './evaluate-batch.ts';
import { listReportedRuns } from './handler-runs.ts';
import { type Input, objectIdOf, openInput } from './input.ts';
import { type KnownMasters, keyOf, readSights } from './masters.ts';
import type { Remembered } from './memory.ts';
import { Ownership, ShardLost } from './ownership.ts';
import { selectHostsToLookAbove } from './parents.ts';
import { type MonitoredObject, Policies } from './policies.ts';
import { readSilenceFacts } from './silence.ts';
import type { Site } from './situation.ts';
import { States } from './states.ts';
import { findWantedNeighbours, wakeWaiting } from './wake-neighbours.ts';

/** Inputs stored in one transaction at most. */
const MAX_BATCH = 1_000;
/** On SQLite nothing else goes on meanwhile: some 0.1 ms each. */
const MAX_SQLITE_BATCH = 300;
/** A commit waits for the disk however little is in it; on SQLite everything else waits with it. */
const MIN_GAP_MS = 40;
/** Checks told in one hint. */
const MAX_TOLD = 10_000;
const RETRY = { firstMs: 200, maxMs: 10_000 };

/** What the collector works with. */
export interface CollectorOptions {
  readonly broker: Broker;
  readonly topology: Topology;
  readonly envelope: Envelope;
  readonly database: Database;
  readonly shards: number;
  /** Of this grey, for people. */
  readonly holder: string;
  /** Told of results once they are stored. */
  readonly onStored: (results: readonly CheckResult[]) => void;
  /** Whether results of hosts that want history are kept. */
  readonly keepsHistory: boolean;
  readonly semantics: Semantics;
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
  const counters = createCollectorMetrics(options.metrics);
  const stopping = new AbortController();
  const consumers: Consumer[] = [];
  const isSqlite = options.database.traits.kind === 'sqlite';
  const batches = { maxCount: isSqlite ? MAX_SQLITE_BATCH : MAX_BATCH, minGapMs: MIN_GAP_MS };
  for (let shard = 0; shard < options.shards; shard++) {
    const collector = new ShardCollector(options, { shard, counters, stopping: stopping.signal });
    consumers.push(
      await options.broker.consumeBatches(
        options.topology.results(shard),
        { ...batches, onReset: () => collector.reset() },
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

class ShardCollector {
  readonly #options: CollectorOptions;
  readonly #counters: CollectorMetrics;
  readonly #stopping: AbortSignal;
  readonly #states = new States();
  readonly #policies = new Policies();
  readonly #site: Site;
  readonly #ownership: Ownership;

  constructor(
    options: CollectorOptions,
    one: {
      readonly shard: number;
      readonly counters: CollectorMetrics;
      readonly stopping: AbortSignal;
    },
  ) {
    const { database, holder: owner, clock, semantics } = options;
    this.#options = options;
    this.#counters = one.counters;
    this.#stopping = one.stopping;
    const onRefused = () => {
      one.counters.refused.add();
      options.log.warn({ shard: one.shard }, 'another grey took the shard over, batch not stored');
    };
    this.#ownership = new Ownership({ database, shard: one.shard, owner, clock, onRefused });
    this.#site = { semantics, startedAt: clock.now(), periods: this.#policies.periods };
  }

  /** Another grey may have owned the shard meanwhile. */
  reset(): void {
    this.#ownership.reset();
    this.#states.clear();
  }

  /** Stores a batch. Rejects when the shard is lost, or told to stop while the database is away. */
  async collect(deliveries: readonly Delivery[]): Promise<Settlement[]> {
    const collectedAt = this.#options.clock.now();
    const settlements: Settlement[] = [];
    const inputs: Input[] = [];
    for (const delivery of deliveries) {
      const opened = this.#open(delivery);
      settlements.push(opened.settlement);
      if (opened.input) inputs.push(opened.input);
    }
    if (inputs.length > 0) await this.#storeUntilDone(inputs, collectedAt);
    return settlements;
  }

  #open(delivery: Delivery): { settlement: Settlement; input?: Input } {
    const { envelope, log } = this.#options;
    try {
      const input = openInput(envelope, delivery);
      if (input.kind === 'result') log.debug({ requestId: delivery.id }, 'result received');
      return { settlement: ACK, input };
    } catch (error) {
      if (!(error instanceof PoisonMessage)) throw error;
      this.#counters.dead.add();
      log.warn({ error, messageId: delivery.id }, 'result not understood, dead-lettered');
      return { settlement: { kind: 'dead', reason: error.message } };
    }
  }

  async #storeUntilDone(batch: readonly Input[], collectedAt: number): Promise<void> {
    const { clock, log, random } = this.#options;
    let inputs = batch;
    for (let failures = 1; ; failures++) {
      try {
        return await this.#store(inputs, collectedAt);
      } catch (error) {
        this.#states.clear();
        if (error instanceof ForeignKeyViolation) {
          inputs = await this.#dropOrphans(inputs);
          continue;
        }
        if (error instanceof ShardLost) throw error;
        if (!(error instanceof Unavailable) || this.#stopping.aborted) throw error;
        this.#counters.failed.add();
        if (failures === 1) log.warn({ error }, 'results cannot be stored, trying on');
        await sleep(clock, backoffMs(RETRY, failures, random), this.#stopping);
      }
    }
  }

  async #store(inputs: readonly Input[], collectedAt: number): Promise<void> {
    const { database, keepsHistory, onStored, clock } = this.#options;
    const beganAt = clock.monotonic();
    if (await this.#ownership.ensure()) this.#states.clear();
    await this.#policies.refresh(database);
    const ids = new Set(inputs.map(objectIdOf));
    const objects = await this.#policies.loadObjects(database, ids);
    const known = inputs.filter((input) => objects.has(objectIdOf(input)));
    this.#counters.orphaned.add(inputs.length - known.length);
    if (known.length === 0) return;
    const before = await this.#states.load(database, kindsOf(objects));
    const above = await this.#lookAbove(known, objects, before);
    const masters = await this.#lookAtMasters(known, objects, before);
    const batch = { inputs: known, objects, before };
    const silence = await readSilenceFacts(database, this.#policies, batch);
    const around = { masters, silence, ...above };
    const context = { site: this.#site, keepsHistory, collectedAt, objects, ...around };
    const evaluation = evaluateBatch(before, known, context);
    await database.transaction(async (sql) => {
      await this.#ownership.hold(sql);
      await writeBatch(sql, {
        states: evaluation.stateRows,
        memories: evaluation.memoryRows,
        results: evaluation.resultRows,
        events: evaluation.events,
        stateStarts: evaluation.stateStarts,
        recounted: evaluation.recounted,
        handlerRuns: evaluation.handlerRuns,
      });
      await deleteHandlerRuns(sql, listReportedRuns(known));
    });
    this.#states.keep(evaluation.states);
    await this.#announce(evaluation, above.sights);
    const results = known.flatMap((input) => (input.kind === 'result' ? [input.result] : []));
    onStored(results.filter(({ checkId }) => objects.get(checkId)?.kind === 'check'));
    this.#counters.observeStore((clock.monotonic() - beganAt) / 1_000);
    this.#counters.observeBatch(inputs.length);
    this.#trace(results);
    this.#count(results, evaluation.repeatedCount);
  }

  /** The parents that may matter, as they are now; they may be another grey's. */
  async #lookAbove(
    inputs: readonly Input[],
    objects: ReadonlyMap<number, MonitoredObject>,
    before: ReadonlyMap<number, Remembered>,
  ) {
    const { database } = this.#options;
    const concerned = inputs.flatMap((input) => {
      const object = objects.get(objectIdOf(input));
      const isEventful =
        input.kind !== 'result' || input.result.state !== 'ok' || object?.kind === 'host';
      return object === undefined ? [] : [{ object, isEventful }];
    });
    const hosts = [...selectHostsToLookAbove(concerned, before).values()];
    const parentIds = new Set(hosts.flatMap((host) => host.parentIds));
    if (parentIds.size === 0) return NOTHING_ABOVE;
    return {
      parents: await this.#policies.loadHosts(database, parentIds),
      sights: await readHostSights(database, [...parentIds]),
    };
  }

  /** What the batch depends on, as it is now; it may be another grey's. */
  async #lookAtMasters(
    inputs: readonly Input[],
    objects: ReadonlyMap<number, MonitoredObject>,
    before: ReadonlyMap<number, Remembered>,
  ): Promise<KnownMasters> {
    const { database } = this.#options;
    const dependencies = await this.#policies.loadDependencies(database);
    if (dependencies.rules.length === 0) return { dependencies, sights: NO_MASTERS };
    const concerned = inputs.flatMap((input) => {
      const object = objects.get(objectIdOf(input));
      if (object === undefined || !isEventful(input, object, before)) return [];
      return [keyOf(object), keyOf(object.host)];
    });
    return { dependencies, sights: await readSights(database, dependencies, concerned) };
  }

  /** One line for each result is for whoever asks for it only. */
  #trace(results: readonly CheckResult[]): void {
    const { log } = this.#options;
    if (!log.isLevelEnabled('debug')) return;
    for (const { id } of results) log.debug({ requestId: id }, 'result stored');
  }

  /** Hints to whoever waits, watches or schedules; the database is the truth. */
  async #announce(
    evaluation: BatchEvaluation,
    sights: ReadonlyMap<string, HostSight>,
  ): Promise<void> {
    const { broker, envelope, log } = this.#options;
    const tell = (kind: Hint['kind'], checks: [number, number][]) => {
      for (const part of chunksOf(checks, MAX_TOLD)) {
        const event = { kind, checks: part };
        void broker.broadcast(envelope.seal(EVENT, randomUUID(), { event }));
      }
    };
    const stored = evaluation.stateRows.map((row): [number, number] => [
      row.check_id,
      row.scheduled_at,
    ]);
    tell('resultsStored', stored);
    tell('checksWanted', [...evaluation.wanted]);
    const context = { policies: this.#policies, ...this.#options };
    try {
      tell('checksWanted', [...(await findWantedNeighbours(context, evaluation.turns))]);
      await wakeWaiting(context, evaluation, sights);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      log.warn({ error }, 'neighbours of hosts cannot be told, they find out later');
    }
  }

  #count(results: readonly CheckResult[], repeatedCount: number): void {
    const now = this.#options.clock.now();
    for (const result of results) this.#counters.observeLatency((now - result.scheduledAt) / 1_000);
    this.#counters.stored.add(results.length - repeatedCount);
    this.#counters.repeated.add(repeatedCount);
  }

  async #dropOrphans(inputs: readonly Input[]): Promise<Input[]> {
    const ids = [...new Set(inputs.map(objectIdOf))];
    const existing = await findExistingChecks(this.#options.database, ids);
    const kept = inputs.filter((input) => existing.has(objectIdOf(input)));
    this.#counters.orphaned.add(inputs.length - kept.length);
    return kept;
  }
}

/** Whether an input may come to a notification, or to checks of masters. */
function isEventful(
  input: Input,
  { id, host }: MonitoredObject,
  before: ReadonlyMap<number, Remembered>,
): boolean {
  const isGood = (state: string | undefined) => state === 'ok' || state === 'up';
  if (input.kind !== 'result' || !isGood(input.result.state)) return true;
  return [id, host.objectId].some((one) => !isGood(before.get(one)?.state.state ?? 'ok'));
}

const NO_MASTERS: KnownMasters['sights'] = new Map();

const NOTHING_ABOVE = {
  parents: new Map<string, HostFacts>(),
  sights: new Map<string, HostSight>(),
};

/** The objects of a batch and their hosts. */
function kindsOf(objects: ReadonlyMap<number, MonitoredObject>): Map<number, Remembered['kind']> {
  const kinds = new Map<number, Remembered['kind']>();
  for (const { id, kind, host } of objects.values()) {
    kinds.set(id, kind);
    kinds.set(host.objectId, 'host');
  }
  return kinds;
}

/** What is told about checks: their ids, each with an instant. */
interface Hint {
  readonly kind: 'resultsStored' | 'checksWanted';
  readonly checks: [checkId: number, at: number][];
}
