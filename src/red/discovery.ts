/**
 * The beginning of a discovery's way: a subnet -> slices of addresses on the broker. The rows of the
 * database are all that it goes by: whoever holds the schedule sends what no row tells of yet, so a
 * discovery outlives the red that began it, and what was lost on the way is sent again.
 */

import type { Broker } from '../broker/broker.ts';
import type { Topology } from '../broker/topology.ts';
import { type Database, ForeignKeyViolation, UniqueViolation } from '../database/database.ts';
import {
  type AutomaticSubnet,
  type Discovery,
  endDiscovery,
  insertDiscovery,
  listAutomaticSubnets,
  listRunning,
  listSlices,
} from '../database/queries/discoveries.ts';
import { subnetQueries } from '../database/queries/subnets.ts';
import { hostRanges } from '../lib/address-ranges.ts';
import { type Clock, repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { DISCOVERY_SLICE, type DiscoverySlice, SLICE_SIZE } from '../messages/discovery.ts';
import type { Envelope } from '../messages/envelope.ts';
import { Conflict } from '../model/errors.ts';
import type { Stored, Subnet } from '../model/objects.ts';
import { lastDueAt, rhythmOf } from './due-time.ts';

/**
 * Slices of one discovery on their way at the same time: few, since what is not sent need not be
 * stopped. More when the workers are quick: while a look finds an eighth of them counted, twice as
 * many, which comes to what is done in 8 to 16 s.
 */
const FIRST_WINDOW = 32;
const MAX_WINDOW = 1_024;
const QUICK_SHARE = 1 / 8;
/** Discoveries that are carried on at the same time; others wait for their turn. */
const MAX_RUNNING = 50;
const LOOK_MS = 1_000;
/** A slice that was not begun by then vanishes from its queue. */
const SLICE_LIFE_MS = 90_000;
/** Then a slice is sent again: its life, and the time of a run that was begun at its end. */
const RESEND_MS = 120_000;
/** A discovery of which nothing was heard for so long is given up. */
const PATIENCE_MS = 180_000;

/** What the discovery works with. */
export interface DiscoveryOptions {
  readonly database: Database;
  readonly broker: Broker;
  readonly topology: Topology;
  readonly envelope: Envelope;
  /** Whether this red holds the schedule. */
  readonly isActive: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Begins a discovery of a subnet; its id. Throws `Conflict` when one is running. */
export async function beginDiscovery(
  database: Database,
  subnet: Stored<Subnet>,
  { requestedBy, at }: { readonly requestedBy: string | null; readonly at: number },
): Promise<string> {
  const total = hostRanges(subnet.spec.cidr, subnet.spec.exclude).count;
  const start = { subnet, sliceSize: SLICE_SIZE, total, requestedBy, at };
  try {
    return await database.transaction((sql) => insertDiscovery(sql, start));
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error;
    throw new Conflict(`A discovery of "${subnet.spec.name}" is running already.`);
  }
}

/** Starts carrying discoveries on, and beginning those that are due. */
export function startDiscoveries(options: DiscoveryOptions): { stop(): Promise<void> } {
  const { database, clock, log, isActive } = options;
  const underway = new Map<string, Underway>();
  let outage = false;

  const carryOn = async () => {
    const running = await listRunning(database, MAX_RUNNING);
    const ids = new Set(running.map(({ id }) => id));
    for (const id of underway.keys()) if (!ids.has(id)) underway.delete(id);
    for (const discovery of running) {
      if (!isActive()) return;
      const known = underway.get(discovery.id);
      const own = known ?? createUnderway(clock.monotonic());
      underway.set(discovery.id, own);
      await advance(discovery, own, options);
    }
    if (running.length < MAX_RUNNING) await beginDue(options, MAX_RUNNING - running.length);
  };
  const look = async () => {
    if (!isActive()) return underway.clear();
    await carryOn();
    outage = false;
  };
  const onError = (error: unknown) => {
    if (!outage) log.warn({ error }, 'discoveries cannot be carried on, trying on');
    outage = true;
  };
  return repeat(clock, LOOK_MS, look, onError);
}

/** What is known of a running discovery beyond its row. Instants are monotonic. */
interface Underway {
  /** When each slice was sent last, that is not counted yet. */
  readonly sentAt: Map<number, number>;
  /** How many may be in `sentAt`. */
  window: number;
  countedSlices: number;
  /** When more slices were counted, or this red began to care. */
  heardAt: number;
}

function createUnderway(now: number): Underway {
  return { sentAt: new Map(), window: FIRST_WINDOW, countedSlices: 0, heardAt: now };
}

/** Sends what may be sent of a running discovery, or ends it. */
async function advance(
  discovery: Discovery & { readonly isWanted: boolean },
  own: Underway,
  options: DiscoveryOptions,
): Promise<void> {
  const { database, clock } = options;
  if (!discovery.isWanted) {
    return end(discovery, 'cancelled', 'Automatic discovery was turned off.', options);
  }
  const counted = new Set(await listSlices(database, discovery.id));
  const now = clock.monotonic();
  if (counted.size > own.countedSlices) own.heardAt = now;
  own.countedSlices = counted.size;
  const sliceCount = Math.ceil(discovery.total / discovery.sliceSize);
  if (now - own.heardAt > PATIENCE_MS) {
    const missing = `${sliceCount - counted.size} of ${sliceCount} slices are missing`;
    const remedy = `start a violet that serves the zone "${discovery.zone}", or see "ppadm show workers"`;
    const problem = `No worker answered for ${PATIENCE_MS / 60_000} minutes, ${missing}: ${remedy}.`;
    return end(discovery, 'failed', problem, options);
  }
  let returnedCount = 0;
  for (const [slice, sentAt] of own.sentAt) {
    if (counted.has(slice)) returnedCount++;
    if (counted.has(slice) || now - sentAt > RESEND_MS) own.sentAt.delete(slice);
  }
  const isQuick = returnedCount >= own.window * QUICK_SHARE;
  if (isQuick) own.window = Math.min(own.window * 2, MAX_WINDOW);
  const ranges = hostRanges(discovery.cidr, discovery.exclude);
  for (let slice = 0; slice < sliceCount && own.sentAt.size < own.window; slice++) {
    if (counted.has(slice) || own.sentAt.has(slice)) continue;
    const addresses = ranges.slice(slice * discovery.sliceSize, discovery.sliceSize);
    await send(discovery, { slice, addresses }, options);
    own.sentAt.set(slice, now);
  }
}

/** Throws `Unavailable` without the broker; then it is tried at the next look. */
async function send(
  discovery: Discovery,
  part: Pick<DiscoverySlice, 'slice' | 'addresses'>,
  { broker, topology, envelope, clock }: DiscoveryOptions,
): Promise<void> {
  const expiresAt = clock.now() + SLICE_LIFE_MS;
  const slice = { discovery: discovery.id, ...part, expiresAt };
  const message = envelope.seal(DISCOVERY_SLICE, `${discovery.id}-${part.slice}`, slice, expiresAt);
  await broker.publish(topology.discoveries(discovery.zone), message);
}

async function end(
  { id, subnet }: Discovery,
  state: 'failed' | 'cancelled',
  problem: string,
  { database, clock, log }: DiscoveryOptions,
): Promise<void> {
  const at = clock.now();
  const isEnded = await database.transaction((sql) =>
    endDiscovery(sql, id, { state, problem, at }),
  );
  if (isEnded) log.warn({ discovery: id, subnet, problem }, `discovery ${state}`);
}

/** Begins what the subnets' intervals ask for, the longest overdue first, at most `limit`. */
async function beginDue({ database, clock, log }: DiscoveryOptions, limit: number): Promise<void> {
  const now = clock.now();
  const due = (await listAutomaticSubnets(database))
    .filter((subnet) => isDue(subnet, now))
    .sort((one, other) => (one.lastStartedAt ?? 0) - (other.lastStartedAt ?? 0))
    .slice(0, limit);
  for (const { id } of due) {
    const subnet = await subnetQueries.find(database, id);
    if (!subnet?.spec.autoDiscovery) continue;
    try {
      const discovery = await beginDiscovery(database, subnet, { requestedBy: null, at: now });
      log.info({ discovery, subnet: subnet.spec.name }, 'discovery begun');
    } catch (error) {
      // Somebody else began one, or the subnet was deleted meanwhile.
      const isOvertaken = error instanceof Conflict || error instanceof ForeignKeyViolation;
      if (!isOvertaken) throw error;
    }
  }
}

/** As for checks, `k * interval + phase` (ARCHITECTURE.md, decision 1); one that never ran is due at once. */
function isDue({ id, intervalMs, lastStartedAt }: AutomaticSubnet, now: number): boolean {
  return (
    lastStartedAt === null || lastStartedAt < lastDueAt(rhythmOf(id, 'discovery', intervalMs), now)
  );
}
