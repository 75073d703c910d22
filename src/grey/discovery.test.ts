import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../test/servers/temp.ts';
import { addCheck, createMemoryDatabase, QUEUE_NAMES } from '../../test/site.ts';
import { addSubnet, changeSubnet, deleteSubnet } from '../../test/subnets.ts';
import type { Broker } from '../broker/broker.ts';
import { openMemoryBroker } from '../broker/memory.ts';
import { createTopology } from '../broker/topology.ts';
import type { Database } from '../database/database.ts';
import { readAgendaChecks } from '../database/queries/agenda.ts';
import { listAudit } from '../database/queries/audit.ts';
import { getConfigVersion, listChanges } from '../database/queries/configuration.ts';
import { findDiscovery, insertDiscovery } from '../database/queries/discoveries.ts';
import { listEventsAfter } from '../database/queries/events.ts';
import { hostQueries } from '../database/queries/hosts.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { createMetrics, type Metrics } from '../lib/metrics.ts';
import { SLICE_RESULT, type SliceResult } from '../messages/discovery.ts';
import { createEnvelope } from '../messages/envelope.ts';
import { EVENT } from '../messages/event.ts';
import { DEFAULT_HOST_POLICY } from '../model/check-policy.ts';
import type { Subnet } from '../model/objects.ts';
import { startDiscoveryCollector } from './discovery.ts';

const shared = { clock: systemClock, log: silentLog() };
const topology = createTopology(QUEUE_NAMES);
const envelope = createEnvelope(null);
const PAGE = { limit: 100, sort: [], cursor: null };

let database: Database;
let broker: Broker;
let metrics: Metrics[];
let hints: unknown[];
let collectors: { stop(): Promise<void> }[];

beforeEach(async () => {
  database = await createMemoryDatabase();
  broker = openMemoryBroker({ ...shared, deadQueue: topology.dead });
  metrics = [createMetrics(), createMetrics()];
  hints = [];
  await broker.subscribe((delivery) => hints.push(envelope.open(EVENT, delivery).event));
  const ports = { ...shared, broker, topology, envelope, database };
  // Two of them, as in a site with two greys.
  collectors = await Promise.all(
    metrics.map((own) => startDiscoveryCollector({ ...ports, metrics: own })),
  );
});
afterEach(async () => {
  await Promise.all(collectors.map((collector) => collector.stop()));
  await broker.close();
  await database.close();
});

/** A discovery of 127 slices of two addresses each. */
async function begin(fields: Partial<Subnet> = {}) {
  const subnet = await addSubnet(database, 'office', fields);
  const start = { subnet, sliceSize: 2, total: 254, requestedBy: 'me', at: 5 };
  const id = await database.transaction((sql) => insertDiscovery(sql, start));
  return { id, subnet };
}

const named = (address: string, name: string | null = null) => ({ address, name });
const send = (discovery: string, slice: number, answered: SliceResult['answered'] = []) => {
  const result = { discovery, slice, worker: 'violet-1', answered };
  return broker.publish(topology.discovered, envelope.seal(SLICE_RESULT, `${slice}`, result));
};
const scannedOf = async (id: string) => (await findDiscovery(database, id))?.scanned;
/** Slices handled so far, whatever became of them. */
const countHandled = async () => {
  const texts = await Promise.all(metrics.map((own) => own.format()));
  const counts = texts.join('\n').matchAll(/^ppalette_grey_discovery_slices_total\{.*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
};
const settled = (id: string, scanned: number) =>
  waitFor(`${scanned} addresses`, async () => (await scannedOf(id)) === scanned);

describe('a slice with answers', () => {
  test('adds hosts as the API would, with the checks of the suites', async () => {
    await addCheck(database, 'web');
    const { id } = await begin({ suites: ['web'], zone: 'dmz' });
    await send(id, 0, [named('192.0.2.1', 'www.example'), named('192.0.2.2')]);
    await settled(id, 2);
    const host = await hostQueries.find(database, 'www.example');
    expect(host?.spec).toEqual({
      ...{ name: 'www.example', address: '192.0.2.1', maintenance: true, history: false },
      ...{ zone: 'dmz', subnet: 'office', suites: ['web'], login: 'violet', sshPort: 22 },
      ...{
        labels: {},
        vars: {},
        hostCheck: null,
        eventHandlerPeriod: null,
        parents: [],
        overrides: {},
      },
      policy: DEFAULT_HOST_POLICY,
    });
    for await (const checks of readAgendaChecks(database, [host?.id ?? ''])) {
      expect(checks).toHaveLength(1);
    }
    const { items } = await listAudit(database, PAGE, { actor: 'discovery' });
    expect(items.map(({ name }) => name).sort()).toEqual(['192.0.2.2', 'www.example']);
    expect(items[0]).toMatchObject({ action: 'create', kind: 'host', before: null });
    const version = await getConfigVersion(database);
    expect(hints).toEqual([{ kind: 'configChanged', version }]);
    expect(await listChanges(database, version - 1, version)).toMatchObject({
      hostIds: expect.arrayContaining([host?.id]),
    });
    const events = await listEventsAfter(database, 0, 100);
    expect(events.map(({ type }) => type).slice(-3)).toEqual([
      ...['configuration', 'configuration', 'discovery'],
    ]);
    expect(events.at(-1)?.payload).toMatchObject({ id, scanned: 2, found: 2, addedCount: 2 });
  });

  test('that are known changes no configuration', async () => {
    await addCheck(database, 'known', { host: { address: '192.0.2.1' } });
    const { id } = await begin();
    const version = await getConfigVersion(database);
    await send(id, 0, [named('192.0.2.1', 'www.example')]);
    await settled(id, 2);
    expect(await findDiscovery(database, id)).toMatchObject({ known: ['known'], addedCount: 0 });
    expect(await getConfigVersion(database)).toBe(version);
  });

  test('counts once, however often and to whom it is delivered', async () => {
    const { id } = await begin();
    for (let count = 0; count < 6; count++) {
      await send(id, 7, [named('192.0.2.15')]);
      await send(id, 8);
    }
    await waitFor('all to be handled', async () => (await countHandled()) === 12);
    expect(await findDiscovery(database, id)).toMatchObject({ scanned: 4, addedCount: 1 });
    expect((await hostQueries.list(database, PAGE, {})).total).toBe(1);
  });
});

describe('the last slice', () => {
  test('ends the discovery, and notes the hosts of the subnet that were silent', async () => {
    const { id } = await begin({ exclude: ['192.0.2.9/32'] });
    const host = (name: string, address: string, subnet: string | null = 'office') =>
      addCheck(database, name, { host: { address, subnet } });
    await host('silent', '192.0.2.3');
    await host('excluded', '192.0.2.9');
    await host('elsewhere', '198.51.100.1');
    await host('named', 'named.example');
    await host('foreign', '192.0.2.4', null);
    for (let slice = 0; slice < 127; slice++) {
      await send(id, slice, slice === 5 ? [named('192.0.2.11')] : []);
    }
    await waitFor('the end', async () => (await findDiscovery(database, id))?.state === 'done');
    expect(await findDiscovery(database, id)).toMatchObject({
      ...{ scanned: 254, added: ['192.0.2.11'], gone: ['silent'], goneCount: 1 },
    });
    expect(await hostQueries.find(database, 'silent')).toBeDefined();
  });
});

describe('a slice that nobody waits for', () => {
  test.each([127, 1_000])('with the number %i counts nothing', async (slice) => {
    const { id } = await begin();
    await send(id, slice, [named('10.9.9.9')]);
    await send(id, 0);
    await settled(id, 2);
    expect((await hostQueries.list(database, PAGE, {})).total).toBe(0);
  });

  test('of a subnet that was deleted adds nothing', async () => {
    const { id, subnet } = await begin();
    await deleteSubnet(database, subnet);
    await send(id, 0, [named('192.0.2.1')]);
    await send('never-begun', 0, [named('192.0.2.1')]);
    await waitFor('both to be handled', async () => (await countHandled()) === 2);
    expect((await hostQueries.list(database, PAGE, {})).total).toBe(0);
  });

  test('that nobody understands is dead-lettered', async () => {
    const { id } = await begin();
    await broker.publish(topology.discovered, { id: 'x', headers: {}, body: Buffer.from('{') });
    await send(id, 0);
    await settled(id, 2);
    expect(await broker.peekDead(10)).toHaveLength(1);
  });
});

test('hosts get the suites that the subnet has when they are found', async () => {
  await addCheck(database, 'web');
  const { id, subnet } = await begin();
  await changeSubnet(database, subnet, { suites: ['web'] });
  await send(id, 0, [named('192.0.2.1')]);
  await settled(id, 2);
  expect((await hostQueries.find(database, '192.0.2.1'))?.spec.suites).toEqual(['web']);
});
