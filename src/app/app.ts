/**
 * The composition root: opens the ports and starts the roles, from the sink to the source; `stop`
 * walks back, so that what is on its way arrives. Long and straight on purpose: it is the map.
 */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { addBrokerMetrics } from '../broker/broker-metrics.ts';
import { createTopology } from '../broker/topology.ts';
import type { Config } from '../config/schema.ts';
import type { Database } from '../database/database.ts';
import { createRate, startFiguresReport } from '../database/figures-report.ts';
import { startLease } from '../database/lease.ts';
import { migrate } from '../database/migrations/migrate.ts';
import { agreeOnSetting } from '../database/queries/settings.ts';
import { watchStatements } from '../database/statement-metrics.ts';
import { startCollector } from '../grey/collector.ts';
import { startDiscoveryCollector } from '../grey/discovery.ts';
import { startHandlerOutbox } from '../grey/handler-outbox.ts';
import { startHeartbeats } from '../grey/heartbeat.ts';
import { startPerfdata } from '../grey/perfdata.ts';
import { startRetention } from '../grey/retention.ts';
import { startStatistics } from '../grey/statistics.ts';
import { createWriteFailures } from '../grey/write-failures.ts';
import { sleep } from '../lib/clock.ts';
import { Lifecycle } from '../lib/lifecycle.ts';
import { createMetrics, type Metrics } from '../lib/metrics.ts';
import { createEnvelope } from '../messages/envelope.ts';
import { EVENT } from '../messages/event.ts';
import { parseArchives } from '../model/archive-span.ts';
import { ConfigError, PoisonMessage } from '../model/errors.ts';
import { Agenda } from '../red/agenda.ts';
import { createApi } from '../red/api/api.ts';
import { listen } from '../red/api/server.ts';
import { createCatalogues } from '../red/catalogue.ts';
import { addCheckMetrics } from '../red/check-metrics.ts';
import { startDiscoveries } from '../red/discovery.ts';
import { startDowntimePlanner } from '../red/downtimes.ts';
import { startDueChanges } from '../red/due-changes.ts';
import { createEventFeed } from '../red/event-feed.ts';
import { startExecutionHolds } from '../red/execution-holds.ts';
import { startFreshness } from '../red/freshness.ts';
import { RequestTrail } from '../red/request-trail.ts';
import { createScheduleReport } from '../red/schedule-report.ts';
import { startScheduler } from '../red/scheduler.ts';
import { MAX_TOLD, startSilenceWatch } from '../red/silence.ts';
import { addSiteMetrics } from '../red/site-metrics.ts';
import { createSkippedChecks } from '../red/skipped-checks.ts';
import { createStoredResults } from '../red/stored-results.ts';
import { startSync } from '../red/sync.ts';
import { startUptimeWatch } from '../red/uptime.ts';
import { withRrdMetrics } from '../rrd/metered.ts';
import type { RrdStore } from '../rrd/rrd.ts';
import {
  type AdapterContext,
  brokerLabel,
  isEmbedded,
  makeFolder,
  openBroker,
  openDatabase,
  openRrd,
} from './adapters.ts';
import { readListening } from './listening.ts';
import { startObserving } from './observe.ts';
import { readSemantics } from './semantics.ts';
import { type AppContext, readRamUsedKib, type Shared } from './shared.ts';
import { ensureAdminToken } from './starter-site.ts';
import { readVersion } from './version.ts';
import { startViolet } from './violet.ts';

/** What a process does. */
export type Role = 'red' | 'violet' | 'grey';

/** A running application. */
export interface App {
  /** Null without red. */
  readonly api: Api | null;
  /** Where a violet or a grey without red shows its metrics; null when nowhere. */
  readonly metricsUrl: string | null;
  readonly metrics: Metrics;
  /** Drains and stops; later calls wait for the first. */
  stop(): Promise<void>;
}

/** A served API. */
export interface Api {
  readonly url: string;
  /** The file with a token of an administrator. */
  readonly tokenFile: string;
  readonly database: Database;
  /** Tells every service that this version of the configuration was committed. */
  announceChange(version: number): void;
}

/** All of a stop, running checks included. */
const STOP_DEADLINE_MS = 30_000;

/** Starts the roles. What was started before a failure is stopped again. */
export async function startApp(
  config: Config,
  roles: readonly Role[],
  context: AppContext,
): Promise<App> {
  const { clock, log } = context;
  const lifecycle = new Lifecycle(clock);
  const stop = () =>
    lifecycle.stop(STOP_DEADLINE_MS, (step, problem) =>
      log.error({ error: problem, step }, 'a part did not stop as it should'),
    );
  const metrics = createMetrics();
  const version = readVersion();
  try {
    const adapters: AdapterContext = context;
    const usesDatabase = roles.includes('red') || roles.includes('grey');
    await makeFolder(config.data, 'its data');

    // First, so that a start that waits for something can be seen from outside.
    const needs = new Map<string, () => Promise<string | null> | string | null>([
      ['start', () => 'it has not got all yet that it needs'],
    ]);
    const metricsUrl = await startObserving({
      ...{ ...context, config, roles, version, metrics, lifecycle },
      needs: () => Object.fromEntries(needs),
    });

    const watch = usesDatabase ? watchStatements(metrics, clock) : undefined;
    const database = usesDatabase ? await openDatabase(config, adapters, watch) : null;
    if (database) {
      lifecycle.onStop('database', () => database.close());
      needs.set('database', () => database.ping().then(() => null));
      const applied = await migrate(database);
      if (applied.length > 0) log.info({ applied }, 'schema brought up to date');
      if (!isEmbedded(config)) await agreeOnShards(database, config.grey.shards);
    }
    const store = usesDatabase ? await openRrd(config, adapters) : null;
    const rrd = store && withRrdMetrics(store, metrics, clock);
    if (rrd) lifecycle.onStop('statistics', () => rrd.close());

    const topology = createTopology(config.broker);
    const broker = await openBroker(config, topology, adapters);
    lifecycle.onStop('broker', () => broker.close());
    needs.set('broker', () => broker.problem());
    addBrokerMetrics(metrics, broker);

    const shared: Shared = {
      ...context,
      config,
      lifecycle,
      metrics,
      envelope: createEnvelope(config.security.messageKey || null),
      topology,
      broker,
      version,
      // One grey takes everything here, and fewer, larger batches cost less.
      shards: isEmbedded(config) ? 1 : config.grey.shards,
    };
    if (roles.includes('grey') && database && rrd) await startGrey(shared, database, rrd);
    if (roles.includes('violet')) await startViolet(shared);
    const api =
      roles.includes('red') && database && rrd ? await startRed(shared, database, rrd) : null;
    needs.delete('start');
    return { api, metricsUrl, metrics, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startGrey(shared: Shared, database: Database, rrd: RrdStore): Promise<void> {
  const { config, lifecycle, broker, topology } = shared;
  const holder = `${hostname()}:${process.pid}:${randomUUID()}`;
  const failures = createWriteFailures(shared.clock, shared.metrics);
  const archives = parseArchives(config.rrd.archives);
  const keeping = { ...shared, database, rrd, archives, failures };
  const heartbeats = await startHeartbeats(keeping);
  lifecycle.onStop('heartbeats', () => heartbeats.stop());
  const intervalMs = config.grey.statsInterval * 1_000;
  let storedCount = 0;
  const readResultRate = createRate(shared.clock, () => storedCount);
  const read = () => ({
    figures: { resultsPerSecond: readResultRate() },
    problem: rrd.problem() ?? failures.problem(),
  });
  const report = startFiguresReport({ ...shared, database, role: 'grey', intervalMs, read });
  lifecycle.onStop('figures of grey', () => report.stop());
  const statistics = await startStatistics({
    ...keeping,
    intervalMs,
    holder,
    readRamUsedKib,
  });
  lifecycle.onStop('common statistics', () => statistics.stop());
  const retention = await startRetention({
    ...shared,
    database,
    rrd,
    days: config.grey.retention,
    holder,
  });
  lifecycle.onStop('retention', () => retention.stop());
  const perfdata = startPerfdata(keeping);
  lifecycle.onStop('performance data', () => perfdata.stop());
  const outbox = await startHandlerOutbox({
    ...shared,
    database,
    holder: randomUUID(),
    timeoutMs: config.semantics.eventHandlerTimeout * 1_000,
    isBrokerForgetful: isEmbedded(config),
  });
  lifecycle.onStop('event handlers handed out', () => outbox.stop());
  const collector = await startCollector({
    ...shared,
    database,
    onStored(results) {
      storedCount += results.length;
      perfdata.add(results);
    },
    holder,
    keepsHistory: config.grey.history,
    semantics: readSemantics(config.semantics),
  });
  lifecycle.onStop('collector', () => collector.stop());
  const discovered = await startDiscoveryCollector({ ...shared, database });
  lifecycle.onStop('discovered hosts', () => discovered.stop());
  shared.log.info({ shards: shared.shards }, 'grey collects results');
  if (!isEmbedded(config)) return;
  // What is left in a queue of this process would be gone with it.
  lifecycle.onStop('queued results', async () => {
    for (let shard = 0; shard < shared.shards; shard++) {
      while ((await broker.depth(topology.results(shard))) > 0) await sleep(shared.clock, 10);
    }
  });
}

async function startRed(shared: Shared, database: Database, rrd: RrdStore): Promise<Api> {
  const { config, lifecycle, broker, envelope, clock, log } = shared;
  const listening = await readListening(config.red);
  const agenda = new Agenda();
  const catalogues = createCatalogues();
  const trail = new RequestTrail();
  let onGained = () => {};
  const lease = await startLease({
    database,
    name: 'schedule',
    holder: `${hostname()}:${process.pid}:${randomUUID()}`,
    clock,
    log,
    onGained: () => onGained(),
  });
  lifecycle.onStop('lease', () => lease.stop());
  const { isHeld } = lease;
  let onBegun = () => {};
  const watch = await startUptimeWatch({ ...shared, database, isHeld, onBegun: () => onBegun() });
  onGained = () => void watch.begin();
  lifecycle.onStop('uptime', () => watch.stop());
  const isActive = () => watch.uptime() !== null;
  const semantics = readSemantics(config.semantics);
  const holds = startExecutionHolds({ ...shared, database, semantics });
  await holds.reload();
  const scheduler = await startScheduler({
    ...shared,
    agenda,
    catalogues,
    isActive,
    findHold: holds.findHold,
    onHeld: createSkippedChecks({ ...shared, semantics }),
    trail,
  });
  const { checks, maxCheckSeries: maxSeries } = config.metrics;
  const shown = { ...shared, database, catalogues, isActive };
  addSiteMetrics(shown);
  if (checks) addCheckMetrics({ ...shown, maxSeries });
  let isRead = false;
  const sync = startSync({
    ...shared,
    database,
    agenda,
    catalogues,
    isActive,
    onChanged() {
      scheduler.wake();
      void holds.reload();
    },
  });
  onBegun = () => sync.resume();
  void sync.ready.then(() => {
    isRead = true;
  });
  const storedResults = createStoredResults({ sql: database, clock, log });
  const feed = createEventFeed({ sql: database, clock, log });
  const hints = await broker.subscribe((delivery) => {
    try {
      const { event } = envelope.open(EVENT, delivery);
      if (event.kind === 'configChanged') {
        sync.wake();
        feed.announce([]);
      } else if (event.kind === 'checksWanted') {
        for (const [checkId, at] of event.checks) scheduler.bringForward(checkId, at);
      } else {
        const results = event.checks.map(([checkId, scheduledAt]) => ({ checkId, scheduledAt }));
        for (const result of results) trail.note('stored', result, clock.now());
        holds.noteStored(event.checks.map(([checkId]) => checkId));
        storedResults.announce(results);
        feed.announce(results);
      }
    } catch (error) {
      if (!(error instanceof PoisonMessage)) throw error;
      log.warn({ error }, 'hint not understood');
    }
  });
  lifecycle.onStop('hints', () => hints.stop());
  lifecycle.onStop('waiting requests', () => storedResults.stop());
  lifecycle.onStop('events', () => feed.stop());
  lifecycle.onStop('synchronisation', () => sync.stop());
  lifecycle.onStop('scheduler', () => scheduler.stop());
  lifecycle.onStop('held checks', () => holds.stop());

  const report = startFiguresReport({
    ...{ database, clock, log, role: 'red' },
    intervalMs: config.grey.statsInterval * 1_000,
    read: createScheduleReport(clock, { figures: scheduler.figures, isActive }),
  });
  lifecycle.onStop('figures of red', () => report.stop());
  const { calendars } = catalogues;
  const telling = { ...shared, database, isActive };
  const downtimes = startDowntimePlanner(telling);
  lifecycle.onStop('downtimes', () => downtimes.stop());
  const dueChanges = startDueChanges(telling);
  lifecycle.onStop('changes by time', () => dueChanges.stop());
  const { uptime } = watch;
  const { expiredAtOf } = scheduler;
  const explaining = { uptime, calendars, holds, expiredAtOf, maxTold: MAX_TOLD };
  const silence = startSilenceWatch({ ...telling, ...explaining });
  lifecycle.onStop('silence', () => silence.stop());
  const freshness = startFreshness({ ...telling, uptime, calendars, semantics, trail });
  lifecycle.onStop('freshness', () => freshness.stop());
  const discoveries = startDiscoveries({ ...shared, database, isActive });
  lifecycle.onStop('discoveries', () => discoveries.stop());

  const announceChange = (version: number) => {
    sync.wake();
    const hint = envelope.seal(EVENT, randomUUID(), { event: { kind: 'configChanged', version } });
    void broker.broadcast(hint);
  };
  const server = await createApi({
    ...shared,
    database,
    rrd,
    brokerLabel: brokerLabel(config),
    settings: config.semantics,
    storedResults,
    feed,
    trail,
    ...listening,
    onChanged: announceChange,
    schedule: {
      isActive,
      startProblem: () => (isRead ? null : 'the schedule is being read'),
      jobCount: () => agenda.count,
      dueAtOf: (checkId) => scheduler.dueAtOf(checkId),
      figures: () => scheduler.figures(),
    },
  });
  const tokenFile = await ensureAdminToken(database, config.data, clock.now());
  const url = await listen(server, listening.host, listening.port);
  lifecycle.onStop('API', () => server.close());
  log.info({ url }, 'red serves the API');
  return { url, tokenFile, database, announceChange };
}

/** Red and grey must count the same number of result queues, or results would lie in one forever. */
async function agreeOnShards(database: Database, shards: number): Promise<void> {
  const agreed = await agreeOnSetting(database, 'grey.shards', String(shards));
  if (agreed === String(shards)) return;
  throw new ConfigError(
    `grey.shards is ${shards} here, but this site was set up with ${agreed}: use ${agreed} in every configuration.`,
  );
}
