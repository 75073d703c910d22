/**
 * The spine of red: checks that are due -> requests on the broker. It never waits for a worker; what
 * becomes of a request is grey's to learn.
 */

import type { Broker } from '../broker/broker.ts';
import type { Topology } from '../broker/topology.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { FAST_BUCKETS_S, type Metrics } from '../lib/metrics.ts';
import { CHECK_REQUEST, type CheckRequest } from '../messages/check-request.ts';
import type { Envelope } from '../messages/envelope.ts';
import { timingOf } from '../model/overrides.ts';
import type { Agenda, AgendaEntry } from './agenda.ts';
import { type Catalogues, calendarOf } from './catalogue.ts';
import { createRequest, type Occasion, queueOf } from './check-request.ts';
import { followingDueAt, NEVER, queueLimitAt, rhythmOf } from './due-time.ts';
import type { Hold } from './execution-holds.ts';
import { startExpiredRequests } from './expired-requests.ts';
import { followingFittedAt, isDueInside, lastStartAt } from './period-due-time.ts';
import { parseRequestId, type RequestTrail } from './request-trail.ts';
import type { HeldCheck } from './skipped-checks.ts';

/** Requests handed out before the loop lets others run. */
const BURST = 1_000;
/** Requests that may wait for their confirm; beyond, a check is missed rather than queued up here. */
const MAX_UNCONFIRMED = 50_000;
/** The longest sleep, so that a jump of the wall clock is noticed. */
const MAX_SLEEP_MS = 1_000;
/** Latest figures from which the median lateness is taken. */
const LATENESS_SAMPLES = 1_001;

/** What the scheduler works with. */
export interface SchedulerOptions {
  readonly agenda: Agenda;
  readonly catalogues: Catalogues;
  readonly broker: Broker;
  readonly topology: Topology;
  readonly envelope: Envelope;
  readonly shards: number;
  readonly isActive: () => boolean;
  /** Why a check must not be run now; null when it may. */
  readonly findHold: (checkId: number, now: number) => Hold | null;
  /** Told of each check that was due and held. */
  readonly onHeld: (held: HeldCheck) => void;
  readonly trail: RequestTrail;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** How the schedule does. */
export interface SchedulerFigures {
  readonly requested: number;
  readonly missed: number;
  /** Sent minus due of the last requests, median and 99th percentile; null before the first. */
  readonly latenessMs: number | null;
  readonly latenessP99Ms: number | null;
}

/** A running scheduler. */
export interface Scheduler {
  /** Looks at the agenda again: something in it may be due earlier now. */
  wake(): void;
  /** Runs a check at that time, unless it is due before; one that is not scheduled is left alone. */
  bringForward(checkId: number, at: number): void;
  /** When a check is due next; undefined when it is not scheduled. */
  dueAtOf(checkId: number): number | undefined;
  /** Due time of the newest request of a check that expired; undefined when none is known. */
  expiredAtOf(checkId: number): number | undefined;
  figures(): SchedulerFigures;
  stop(): Promise<void>;
}

/** Starts handing out what is due. */
export async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const { agenda, catalogues, broker, topology, envelope, clock, log, trail } = options;
  const lateness: number[] = [];
  let requested = 0;
  let missed = 0;
  let unconfirmed = 0;
  let outage = false;
  let stopped = false;
  let cancelTimer = () => {};
  const count = createCounters(options.metrics, {
    jobs: () => agenda.count,
    unconfirmed: () => unconfirmed,
  });

  const miss = (reason: MissedReason, id: string) => {
    missed++;
    count.missed.add(1, { reason });
    const request = parseRequestId(id);
    if (request) trail.note(reason === 'expired' ? 'expired' : 'missed', request, clock.now());
    log.debug({ requestId: id, reason }, 'check missed');
  };

  const send = async (request: CheckRequest & Occasion, zone: string) => {
    unconfirmed++;
    const { sentAt } = request;
    try {
      const waitsUntil = queueLimitAt(request.scheduledAt, request.expiresAt);
      const message = envelope.seal(CHECK_REQUEST, request.id, request, waitsUntil);
      trail.note('sent', request, sentAt);
      log.debug({ requestId: request.id, zone, host: request.host.name }, 'check request sent');
      await broker.publish(queueOf(request, zone, topology), message);
      outage = false;
      requested++;
      const confirmedAt = clock.now();
      trail.note('confirmed', request, confirmedAt);
      log.debug({ requestId: request.id }, 'check request confirmed');
      count.requests.add();
      count.observeLateness((sentAt - request.scheduledAt) / 1_000);
      count.observeConfirm((confirmedAt - sentAt) / 1_000);
      lateness[requested % LATENESS_SAMPLES] = confirmedAt - request.scheduledAt;
    } catch (error) {
      if (!outage) log.warn({ error, zone }, 'check requests cannot be sent, checks are missed');
      outage = true;
      miss('broker', request.id);
    } finally {
      unconfirmed--;
    }
  };

  const handOut = (entry: AgendaEntry, now: number) => {
    const host = catalogues.hosts.at(entry.hostIndex);
    const plugin = catalogues.plugins.at(entry.pluginIndex);
    if (!host || !plugin) {
      agenda.remove(entry.checkId);
      return;
    }
    const timing = timingOf(plugin, host.overrides[plugin.name]);
    const rhythm = rhythmOf(host.id, plugin.id, timing.intervalMs);
    const calendar = calendarOf(catalogues, plugin);
    const { checkId, dueAt } = entry;
    agenda.set({ ...entry, dueAt: followingFittedAt(rhythm, calendar, { dueAt, now }) });
    if (!options.isActive() || !isDueInside(calendar, dueAt)) return;
    const hold = options.findHold(checkId, now);
    if (hold !== null) {
      count.held.add();
      options.onHeld({ hold, dueAt, host, plugin });
      return;
    }
    const expiresAt = lastStartAt(calendar, {
      dueAt,
      expiresAt: followingDueAt(rhythm, dueAt, dueAt),
    });
    const id = `${checkId}-${dueAt}`;
    if (expiresAt <= now) return miss('late', id);
    if (unconfirmed >= MAX_UNCONFIRMED) return miss('broker', id);
    const occasion = { id, checkId, scheduledAt: dueAt, expiresAt, sentAt: clock.now() };
    void send(createRequest(occasion, { host, plugin, timing }, options.shards), host.zone);
  };

  const runDue = () => {
    cancelTimer();
    if (stopped) return;
    const now = clock.now();
    for (let count = 0; count < BURST; count++) {
      const first = agenda.first();
      if (!first || first.dueAt > now) break;
      handOut(first, now);
    }
    const next = agenda.first();
    const delayMs = next
      ? Math.min(Math.max(next.dueAt - clock.now(), 0), MAX_SLEEP_MS)
      : MAX_SLEEP_MS;
    cancelTimer = clock.setTimer(delayMs, runDue);
  };

  const expired = await startExpiredRequests({
    ...options,
    onExpired: (id) => miss('expired', id),
  });
  runDue();
  return {
    wake: runDue,
    expiredAtOf: (checkId) => expired.newestOf(checkId),
    bringForward(checkId, at) {
      const entry = agenda.find(checkId);
      if (entry === undefined || entry.dueAt <= at || entry.dueAt === NEVER) return;
      const plugin = catalogues.plugins.at(entry.pluginIndex);
      const dueAt = Math.max(at, clock.now());
      // Outside its period the next regular run is the retry.
      if (!plugin || !isDueInside(calendarOf(catalogues, plugin), dueAt)) return;
      agenda.set({ ...entry, dueAt });
      runDue();
    },
    dueAtOf(checkId) {
      const entry = agenda.find(checkId);
      const plugin = entry && catalogues.plugins.at(entry.pluginIndex);
      if (!plugin || entry.dueAt === NEVER) return undefined;
      return isDueInside(calendarOf(catalogues, plugin), entry.dueAt) ? entry.dueAt : undefined;
    },
    figures() {
      const sorted = lateness.filter((value) => value !== undefined).sort((a, b) => a - b);
      const latenessMs = sorted[sorted.length >> 1] ?? null;
      const latenessP99Ms = sorted[Math.floor(sorted.length * 0.99)] ?? null;
      return { requested, missed, latenessMs, latenessP99Ms };
    },
    async stop() {
      stopped = true;
      cancelTimer();
      await expired.stop();
    },
  };
}

type MissedReason = (typeof MISSED_REASONS)[number];

const MISSED_REASONS = ['late', 'broker', 'expired'] as const;

function createCounters(
  metrics: Metrics,
  figures: Readonly<Record<'jobs' | 'unconfirmed', () => number>>,
) {
  metrics.gauge('ppalette_red_scheduled_checks', 'Checks in the schedule.', figures.jobs);
  metrics.gauge(
    'ppalette_red_unconfirmed_requests',
    'Check requests that the broker has not confirmed yet.',
    figures.unconfirmed,
  );
  return {
    requests: metrics.counter(
      'ppalette_red_requests_total',
      'Check requests that the schedule sent.',
    ),
    held: metrics.counter(
      'ppalette_red_held_checks_total',
      'Checks that were due and not run, since what they depend on has failed or their host is not up.',
    ),
    missed: metrics.counter(
      'ppalette_red_missed_checks_total',
      'Checks that were due and did not run, by reason.',
      ['reason'],
      MISSED_REASONS,
    ),
    observeLateness: metrics.histogram(
      'ppalette_red_schedule_lateness_seconds',
      'From the due time of a check to the sending of its request.',
      FAST_BUCKETS_S,
    ),
    observeConfirm: metrics.histogram(
      'ppalette_red_request_confirm_seconds',
      'From the sending of a request to its confirmation by the broker.',
      FAST_BUCKETS_S,
    ),
  };
}
