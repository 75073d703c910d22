/**
 * The end of a discovery's way: what was found in a slice -> new hosts and progress, in one
 * transaction -> ack. A slice that comes twice counts once.
 */

import { randomUUID } from 'node:crypto';
import { ACK, type Broker, type Delivery, type Settlement } from '../broker/broker.ts';
import type { Topology } from '../broker/topology.ts';
import type { Database, Sql } from '../database/database.ts';
import { recordChange } from '../database/queries/audit.ts';
import { type Change, changeConfiguration } from '../database/queries/configuration.ts';
import { type Discovery, recordProgress } from '../database/queries/discoveries.ts';
import {
  countSlice,
  finishDiscovery,
  listAnswered,
  lockForSlice,
} from '../database/queries/discovery-progress.ts';
import { hostQueries, listHostsCalled, listHostsOfSubnet } from '../database/queries/hosts.ts';
import { subnetQueries } from '../database/queries/subnets.ts';
import { hostRanges } from '../lib/address-ranges.ts';
import { assert } from '../lib/assert.ts';
import type { Clock } from '../lib/clock.ts';
import { formatInstant } from '../lib/instant.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../lib/metrics.ts';
import { SLICE_RESULT, type SliceResult } from '../messages/discovery.ts';
import type { Envelope } from '../messages/envelope.ts';
import { EVENT } from '../messages/event.ts';
import { DEFAULT_HOST_POLICY } from '../model/check-policy.ts';
import { PoisonMessage } from '../model/errors.ts';
import type { Host } from '../model/objects.ts';
import { type Found, judgeFound } from './found-hosts.ts';

/** Results fetched at once; each is stored in a transaction of its own. */
const MAX_BATCH = 20;
/** In whose name hosts are added. */
const ACTOR = 'discovery';

/** A host that nobody has looked at yet: it is checked when somebody ends its maintenance. */
const NEW_HOST: Omit<Host, 'name' | 'address' | 'zone' | 'subnet' | 'suites'> = {
  login: 'violet',
  hostCheck: null,
  eventHandlerPeriod: null,
  parents: [],
  policy: DEFAULT_HOST_POLICY,
  overrides: {},
  sshPort: 22,
  maintenance: true,
  history: false,
  labels: {},
  vars: {},
};

/** What the collector of discoveries works with. */
export interface DiscoveryCollectorOptions {
  readonly broker: Broker;
  readonly topology: Topology;
  readonly envelope: Envelope;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Starts storing what is found. */
export function startDiscoveryCollector(
  options: DiscoveryCollectorOptions,
): Promise<{ stop(): Promise<void> }> {
  const { envelope, log, metrics } = options;
  const sliceCount = metrics.counter(
    'ppalette_grey_discovery_slices_total',
    'Slices of discoveries, by what became of them.',
    ['outcome'],
  );
  const hostCount = metrics.counter('ppalette_grey_discovered_hosts_total', 'Hosts added.');

  const collect = async (deliveries: readonly Delivery[]): Promise<Settlement[]> => {
    const settlements: Settlement[] = [];
    for (const delivery of deliveries) {
      try {
        const result = envelope.open(SLICE_RESULT, delivery);
        const addedCount = await storeSlice(options, result);
        sliceCount.add(1, { outcome: addedCount === null ? 'repeated' : 'stored' });
        hostCount.add(addedCount ?? 0);
        settlements.push(ACK);
      } catch (error) {
        if (!(error instanceof PoisonMessage)) throw error;
        sliceCount.add(1, { outcome: 'dead' });
        log.warn({ error, messageId: delivery.id }, 'slice not understood, dead-lettered');
        settlements.push({ kind: 'dead', reason: error.message });
      }
    }
    return settlements;
  };
  return options.broker.consumeBatches(
    options.topology.discovered,
    { maxCount: MAX_BATCH },
    collect,
  );
}

/** How many hosts were added; null when the slice counts no more. */
async function storeSlice(
  options: DiscoveryCollectorOptions,
  result: SliceResult,
): Promise<number | null> {
  const { database, clock, log } = options;
  const at = clock.now();
  // A change of the configuration makes everybody look, so there is none without a new host.
  const { fresh } = await findKnown(database, result);
  if (fresh.length === 0) {
    return database.transaction((sql) => addSlice(sql, { result, at, change: null }));
  }
  const changed = await changeConfiguration(database, { at, actor: ACTOR }, (change) =>
    addSlice(change, { result, at, change }),
  );
  announceChange(options, changed.version);
  log.info({ discovery: result.discovery, added: changed.result }, 'hosts added');
  return changed.result;
}

async function addSlice(
  sql: Sql,
  { result, at, change }: { result: SliceResult; at: number; change: Change | null },
): Promise<number | null> {
  const discovery = await lockForSlice(sql, result.discovery, result.slice);
  if (!discovery) return null;
  const offset = result.slice * discovery.sliceSize;
  const scanned = Math.min(discovery.sliceSize, discovery.total - offset);
  if (scanned <= 0) return null;
  const { fresh, known } = await findKnown(sql, result);
  if (change) await addHosts(change, discovery, fresh);
  const added = change ? fresh.map(({ name }) => name) : [];
  const answered = result.answered.map(({ address }) => address);
  const outcome = { slice: result.slice, scanned, answered, added, known };
  const isLast = await countSlice(sql, discovery, outcome);
  if (isLast) await finishDiscovery(sql, discovery, { gone: await listGone(sql, discovery), at });
  await recordProgress(sql, discovery.id, at);
  return added.length;
}

async function findKnown(sql: Sql, { answered }: SliceResult) {
  const texts = answered.flatMap(({ address, name }) => [
    address,
    ...(name === null ? [] : [name]),
  ]);
  return judgeFound(answered, await listHostsCalled(sql, texts));
}

/** Adds hosts as the API would. */
async function addHosts(
  change: Change,
  { subnetId, zone }: Discovery,
  fresh: readonly Found[],
): Promise<void> {
  const subnet = await subnetQueries.find(change, subnetId);
  assert(subnet, 'a running discovery has its subnet');
  const { name: subnetName, suites } = subnet.spec;
  for (const { name, address } of fresh) {
    const spec = { ...NEW_HOST, name, address, zone, subnet: subnetName, suites };
    const id = randomUUID();
    await hostQueries.insert(change, id, spec);
    const at = formatInstant(change.at);
    const { policy, ...fields } = spec;
    const { retryIntervalMs: retryInterval, ...numbers } = policy;
    const after = {
      id,
      ...fields,
      ...numbers,
      retryInterval,
      createdAt: at,
      updatedAt: at,
      version: change.version,
    };
    await recordChange(change, { action: 'create', kind: 'host', objectId: id, name, after });
  }
}

/** Names of the subnet's hosts that were asked and did not answer. */
async function listGone(sql: Sql, discovery: Discovery): Promise<string[]> {
  const ranges = hostRanges(discovery.cidr, discovery.exclude);
  const answered = await listAnswered(sql, discovery.id);
  const hosts = await listHostsOfSubnet(sql, discovery.subnetId);
  return hosts
    .filter(({ address }) => ranges.has(address) && !answered.has(address))
    .map(({ name }) => name);
}

/** A hint that the configuration changed; the database is the truth. */
function announceChange({ broker, envelope }: DiscoveryCollectorOptions, version: number): void {
  const hint = envelope.seal(EVENT, randomUUID(), { event: { kind: 'configChanged', version } });
  void broker.broadcast(hint);
}
