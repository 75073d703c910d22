/**
 * Several greys over real RabbitMQ and PostgreSQL: one is killed, one stands still and wakes up again.
 * Every result is published several times. In the end the database holds what one grey, which was
 * given each result once and in order, makes of them.
 */

import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from '../../src/broker/broker.ts';
import { openMemoryBroker } from '../../src/broker/memory.ts';
import { openRabbitmqBroker } from '../../src/broker/rabbitmq.ts';
import { createTopology } from '../../src/broker/topology.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Database } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { changeConfiguration } from '../../src/database/queries/configuration.ts';
import { hostQueries } from '../../src/database/queries/hosts.ts';
import { pluginQueries } from '../../src/database/queries/plugins.ts';
import { suiteQueries } from '../../src/database/queries/suites.ts';
import { startCollector } from '../../src/grey/collector.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { createMetrics } from '../../src/lib/metrics.ts';
import { CHECK_RESULT, type CheckResult } from '../../src/messages/check-result.ts';
import { createEnvelope } from '../../src/messages/envelope.ts';
import { CHECK_STATES } from '../../src/model/check.ts';
import { DEFAULT_POLICY } from '../../src/model/check-policy.ts';
import { NAGIOS_SEMANTICS } from '../../src/nagios/state/semantics.ts';
import { needs } from '../servers/needs.ts';
import { startPpalette } from '../servers/program.ts';
import { type RabbitmqServer, startRabbitmq } from '../servers/rabbitmq.ts';
import { type RunningProcess, type TempFolder, tempFolder, waitFor } from '../servers/temp.ts';
import { createTestDatabase, type TestDatabase } from '../servers/test-database.ts';
import { createMemoryDatabase, hostSpec, pluginSpec, QUEUE_NAMES } from '../site.ts';

const SHARDS = 2;
const HOSTS = 40;
const PLUGINS = 5;
/** Results of each check in each part of the test. */
const ROUNDS = 40;
/** Of the messages of a part, for after a grey was stopped: however quick it was, work is left. */
const LATE_COUNT = 6_000;
const INTERVAL_MS = 60_000;
const BEGIN = Date.UTC(2026, 0, 1);
const SETTINGS = { clock: systemClock, log: silentLog(), random: Math.random };

describe.skipIf(needs('rabbitmq', 'postgres'))('several greys', () => {
  const envelope = createEnvelope(null);
  const topology = createTopology({ ...QUEUE_NAMES, prefix: 'ppalette.' });
  const running: RunningProcess[] = [];
  let folder: TempFolder;
  let rabbitmq: RabbitmqServer;
  let created: TestDatabase;
  let database: Database;
  let broker: Broker;
  /** By host and plugin. */
  let checks: Map<string, number>;

  const startGrey = async (name: string) => {
    const data = join(folder.path, name);
    await mkdir(data);
    const grey = await startPpalette(['grey'], {
      cwd: data,
      env: {
        PPALETTE_DATA: data,
        PPALETTE_DATABASE__URL: created.url,
        PPALETTE_BROKER__URL: rabbitmq.url,
        PPALETTE_GREY__SHARDS: String(SHARDS),
        PPALETTE_RRD__DRIVER: 'none',
      },
    });
    running.push(grey);
    await waitFor(name, () => grey.output().includes('grey collects results'), 30_000);
    return grey;
  };
  const countResults = async (among = database) => {
    const row = await among.db
      .selectFrom('result')
      .select((builder) => builder.fn.countAll().as('count'))
      .executeTakeFirstOrThrow();
    return Number(row.count);
  };
  const publish = (results: readonly CheckResult[]) =>
    Promise.all(
      results.map((result) =>
        broker.publish(
          topology.results(shardOf(result.host)),
          envelope.seal(CHECK_RESULT, result.id, result),
        ),
      ),
    );
  const waitUntilStored = (parts: number) =>
    waitFor(
      `the results of ${parts} parts`,
      async () => (await countResults()) === parts * HOSTS * PLUGINS * ROUNDS,
      60_000,
    );

  beforeAll(async () => {
    [folder, rabbitmq, created] = await Promise.all([
      tempFolder(),
      startRabbitmq(),
      createTestDatabase('postgres'),
    ]);
    database = openPostgres(created.url, { poolSize: 4, log: silentLog() });
    await migrate(database);
    checks = await addSite(database);
    broker = await openRabbitmqBroker({
      ...SETTINGS,
      ...{ urls: [rabbitmq.url], deadQueue: topology.dead, eventsExchange: topology.events },
      maxOutstanding: 1_000_000,
    });
  });
  afterAll(async () => {
    // One may stand still.
    for (const grey of running) grey.kill();
    await broker?.close();
    await database?.close();
    await rabbitmq?.[Symbol.asyncDispose]();
    await created?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  test('a killed one is replaced within five seconds', async () => {
    const victim = await startGrey('one');
    await startGrey('two');
    const results = withRepetitions(resultsOf(checks, 0));
    await publish(results.slice(0, -LATE_COUNT));
    await waitFor('the first to be at work', async () => (await countResults()) > 0);
    victim.kill();
    const killedAt = performance.now();
    await victim.exited;
    const stored = await countResults();
    await publish(results.slice(-LATE_COUNT));
    await waitFor('the second to go on', async () => (await countResults()) > stored);
    expect(performance.now() - killedAt).toBeLessThan(5_000);
    await waitUntilStored(1);
  }, 120_000);

  test('one that stood still writes nothing once another has taken over', async () => {
    const [, sleeper] = running;
    const next = await startGrey('three');
    const results = withRepetitions(resultsOf(checks, 1));
    await publish(results.slice(0, -LATE_COUNT));
    const first = HOSTS * PLUGINS * ROUNDS;
    await waitFor('the second to be at work', async () => (await countResults()) > first);
    process.kill(sleeper?.pid ?? 0, 'SIGSTOP');
    await publish(results.slice(-LATE_COUNT));
    await waitUntilStored(2);
    const end = BEGIN + 2 * ROUNDS * INTERVAL_MS;
    const written = await readHistory(database, end);
    process.kill(sleeper?.pid ?? 0, 'SIGCONT');
    await waitFor('a refusal', () =>
      sleeper?.output().includes('another grey took the shard over, batch not stored'),
    );
    await publish(withRepetitions(resultsOf(checks, 2)));
    await waitUntilStored(3);
    expect(differences(await readHistory(database, end), written)).toEqual([]);
    expect(next.output()).not.toContain('batch not stored');
  }, 120_000);

  test('states, results, stretches and events are those of one grey and no repetition', async () => {
    const reference = await createMemoryDatabase();
    try {
      await storeOnce(reference);
      const expected = await readHistory(reference);
      expect(expected.length).toBeGreaterThan(3 * HOSTS * PLUGINS * ROUNDS);
      expect(differences(await readHistory(database), expected)).toEqual([]);
    } finally {
      await reference.close();
    }
  }, 120_000);

  async function storeOnce(reference: Database): Promise<void> {
    const known = await addSite(reference);
    const own = openMemoryBroker({ ...SETTINGS, deadQueue: topology.dead });
    const options = { ...SETTINGS, broker: own, topology, envelope, database: reference };
    const results = [0, 1, 2].flatMap((part) => resultsOf(known, part));
    for (const result of results) {
      const message = envelope.seal(CHECK_RESULT, result.id, result);
      await own.publish(topology.results(0), message);
    }
    const { config } = await loadConfig({ environment: {}, flags: { data: folder.path } });
    const collector = await startCollector({
      ...options,
      ...{ shards: 1, holder: 'reference', keepsHistory: true, onStored: () => {} },
      ...{ semantics: { ...NAGIOS_SEMANTICS, ...config.semantics }, metrics: createMetrics() },
    });
    const isStored = async () => (await countResults(reference)) === results.length;
    await waitFor('the reference', isStored, 60_000);
    await collector.stop();
    await own.close();
  }
});

function shardOf(host: string): number {
  return Number(host.slice(1)) % SHARDS;
}

/** Hosts `h0`, `h1` ... with the plugins `p0`, `p1` ...; resolves to the checks by both names. */
async function addSite(database: Database): Promise<Map<string, number>> {
  const names = (letter: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${letter}${index}`);
  await changeConfiguration(database, { at: 1, actor: 'test' }, async (change) => {
    const policy = { ...DEFAULT_POLICY, maxCheckAttempts: 3 };
    const suite = { name: 'all', description: '', hosts: [], plugins: [], subnets: [] };
    await suiteQueries.insert(change, randomUUID(), suite);
    for (const name of names('p', PLUGINS)) {
      await pluginQueries.insert(
        change,
        randomUUID(),
        pluginSpec(name, { suites: ['all'], policy }),
      );
    }
    for (const name of names('h', HOSTS)) {
      await hostQueries.insert(change, randomUUID(), hostSpec(name, { suites: ['all'] }));
    }
  });
  const rows = await database.db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .select(['check_pair.check_id', 'host.name as host', 'plugin.name as plugin'])
    .execute();
  return new Map(rows.map((row) => [`${row.host} ${row.plugin}`, row.check_id]));
}

/** The same for the same part: of each check one result a round, with states as from a die. */
function resultsOf(checks: ReadonlyMap<string, number>, part: number): CheckResult[] {
  const results: CheckResult[] = [];
  for (let round = part * ROUNDS; round < (part + 1) * ROUNDS; round++) {
    for (const [names, checkId] of [...checks].sort()) {
      const [host = '', plugin = ''] = names.split(' ');
      const die = hash(`${names} ${Math.floor(round / 3)}`) % 10;
      const exitCode = die < 6 ? 0 : die % 4;
      const scheduledAt = BEGIN + round * INTERVAL_MS;
      results.push({
        id: `${names} ${round}`.replaceAll(' ', '-'),
        ...{ checkId, scheduledAt, startedAt: scheduledAt + 5, finishedAt: scheduledAt + 10 },
        ...{ worker: 'violet', host, plugin, keepHistory: true, intervalMs: INTERVAL_MS },
        ...{ state: CHECK_STATES[exitCode] ?? 'ok', exitCode, output: `${names} is ${exitCode}` },
        ...{ longOutput: '', perfdata: [] },
      });
    }
  }
  return results;
}

/** Each result once in order, and again 1 to 4 times somewhere behind. */
function withRepetitions(results: readonly CheckResult[]): CheckResult[] {
  const dated = results.flatMap((result, index) => {
    const again = Array.from({ length: 1 + (hash(result.id) % 4) }, (_, copy) => ({
      result,
      place: index + 1 + (hash(`${result.id} ${copy}`) % 2_000),
    }));
    return [{ result, place: index }, ...again];
  });
  return dated.sort((one, other) => one.place - other.place).map(({ result }) => result);
}

function hash(text: string): number {
  let value = 17;
  for (const character of text) value = (value * 31 + character.charCodeAt(0)) % 1_000_003;
  return (value * 7_919) % 1_000_003;
}

/** All that grey wrote about results due before `before`, by names instead of numbers. */
async function readHistory(database: Database, before = Number.MAX_SAFE_INTEGER) {
  const { db } = database;
  const named = await db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .select(['check_pair.check_id', 'host.name as host', 'plugin.name as plugin'])
    .execute();
  const nameOf = new Map(named.map((row) => [row.check_id, `${row.host} ${row.plugin}`]));
  type Row = { readonly check_id: number | null; readonly collected_at?: number | null };
  // When a batch was collected is of that run alone.
  const readable = (rows: readonly Row[]) =>
    rows
      .map(({ check_id, collected_at: _collectedAt, ...rest }) => {
        return `${nameOf.get(check_id ?? 0)} ${JSON.stringify(rest)}`;
      })
      .sort();
  const states =
    before === Number.MAX_SAFE_INTEGER
      ? [
          ...(await db.selectFrom('check_state').selectAll().execute()),
          ...(await db.selectFrom('check_memory').selectAll().execute()),
        ]
      : [];
  const results = db.selectFrom('result').selectAll().where('scheduled_at', '<', before);
  const stretches = db.selectFrom('state_interval').selectAll().where('from_at', '<', before);
  const events = db
    .selectFrom('event')
    .select(['check_id', 'at', 'type', 'payload'])
    .where('check_id', 'is not', null)
    .where('at', '<', before);
  return [
    ...readable(states),
    ...readable(await results.execute()),
    ...readable(await stretches.execute()),
    ...readable(await events.execute()),
  ];
}

/** The first lines that only one of them has. */
function differences(found: readonly string[], expected: readonly string[]): string[] {
  const count = (lines: readonly string[]) => {
    const counts = new Map<string, number>();
    for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
    return counts;
  };
  const [inFound, inExpected] = [count(found), count(expected)];
  return [...new Set([...found, ...expected])]
    .filter((line) => inFound.get(line) !== inExpected.get(line))
    .sort()
    .slice(0, 6)
    .map((line) => `${inFound.get(line) ?? 0} instead of ${inExpected.get(line) ?? 0}: ${line}`);
}
