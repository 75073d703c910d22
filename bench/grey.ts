/**
 * The collector of grey: results stored a second, with state and history, and its processor time for
 * one, beside a bare batched upsert and insert of the same rows on the same database.
 */

import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import Table from 'cli-table3';
import { sql } from 'kysely';
import { openMemoryBroker } from '../src/broker/memory.ts';
import { createTopology } from '../src/broker/topology.ts';
import type { Database } from '../src/database/database.ts';
import { migrate } from '../src/database/migrations/migrate.ts';
import { changeConfiguration } from '../src/database/queries/configuration.ts';
import { hostQueries } from '../src/database/queries/hosts.ts';
import { pluginQueries } from '../src/database/queries/plugins.ts';
import { suiteQueries } from '../src/database/queries/suites.ts';
import { chunksOf } from '../src/database/queries/upsert.ts';
import { startCollector } from '../src/grey/collector.ts';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { createMetrics } from '../src/lib/metrics.ts';
import { CHECK_RESULT, type CheckResult } from '../src/messages/check-result.ts';
import { createEnvelope } from '../src/messages/envelope.ts';
import { CHECK_STATES } from '../src/model/check.ts';
import { NAGIOS_SEMANTICS } from '../src/nagios/state/semantics.ts';
import { hostSpec, pluginSpec, QUEUE_NAMES } from '../test/site.ts';

/** What was measured of one database. */
export interface GreyRow {
  readonly database: string;
  readonly storedPerSecond: number;
  /** Of a bare upsert of states and insert of results. */
  readonly barePerSecond: number;
  /** Of this process. */
  readonly cpuMsPerResult: number;
  readonly bareCpuMsPerResult: number;
  /** What the states in memory take. */
  readonly mibPer10kChecks: number;
}

/** A database to measure, empty. */
export interface GreyTarget {
  readonly name: string;
  open(): Promise<Database>;
}

const CHECKS_PER_HOST = 10;
const BATCH = 1_000;
const BEGIN = Date.UTC(2026, 0, 1);
const INTERVAL_MS = 60_000;
/** Of 100 results, how many change the state of their check. */
const CHANGING = 2;
const SETTINGS = { clock: systemClock, log: silentLog(), random: Math.random };

/** Measures each database with `checks` checks, `rounds` results of each, and prints a table. */
export async function benchGrey(
  targets: readonly GreyTarget[],
  size: { readonly checks: number; readonly rounds: number },
): Promise<GreyRow[]> {
  const rows: GreyRow[] = [];
  for (const target of targets) {
    process.stderr.write(`grey on ${target.name} ...\n`);
    const database = await target.open();
    try {
      rows.push(await measure(target.name, database, size));
    } finally {
      await database.close();
    }
  }
  print(rows);
  return rows;
}

function print(rows: readonly GreyRow[]): void {
  const table = new Table({
    head: ['grey', 'stored/s', 'bare/s', 'of bare', 'CPU ms', 'bare CPU ms', 'MiB/10k checks'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.database,
      row.storedPerSecond.toFixed(0),
      row.barePerSecond.toFixed(0),
      `${((row.storedPerSecond / row.barePerSecond) * 100).toFixed(0)} %`,
      row.cpuMsPerResult.toFixed(3),
      row.bareCpuMsPerResult.toFixed(3),
      row.mibPer10kChecks.toFixed(1),
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}

async function measure(
  name: string,
  database: Database,
  { checks, rounds }: { readonly checks: number; readonly rounds: number },
): Promise<GreyRow> {
  await migrate(database);
  const known = await addSite(database, checks);
  const numbers = Array.from({ length: rounds }, (_, index) => index + 1);
  await collect(
    database,
    known.map((check) => resultOf(check, 0)),
  );
  const own = await collect(
    database,
    numbers.flatMap((round) => known.map((check) => resultOf(check, round))),
  );
  const bareBatches = numbers.flatMap((round) => {
    const results = known.map((check) => ({ check, result: resultOf(check, rounds + round) }));
    return [...chunksOf(results, BATCH)].map((batch) =>
      batch.flatMap(({ check, result }) => rowsOf(check, result)),
    );
  });
  const bare = await timed(async () => {
    for (const batch of bareBatches) await storeBare(database, batch);
  });
  const count = rounds * checks;
  return {
    database: name,
    storedPerSecond: (count / own.wallMs) * 1_000,
    barePerSecond: (count / bare.wallMs) * 1_000,
    cpuMsPerResult: own.cpuMs / count,
    bareCpuMsPerResult: bare.cpuMs / count,
    mibPer10kChecks: (own.keptBytes / 2 ** 20 / checks) * 10_000,
  };
}

async function timed(work: () => Promise<void>) {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await work();
  const wallMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wallMs, cpuMs: (user + system) / 1_000 };
}

/** Stores results that wait in a queue when a collector is started. */
async function collect(database: Database, results: readonly CheckResult[]) {
  const collected = await collectAndHold(database, results);
  const held = usedBytes();
  await collected.release();
  const { wallMs, cpuMs } = collected;
  return { wallMs, cpuMs, keptBytes: held - usedBytes() };
}

async function collectAndHold(database: Database, results: readonly CheckResult[]) {
  const topology = createTopology(QUEUE_NAMES);
  const envelope = createEnvelope(null);
  const broker = openMemoryBroker({ ...SETTINGS, deadQueue: topology.dead });
  for (const result of results) {
    await broker.publish(topology.results(0), envelope.seal(CHECK_RESULT, result.id, result));
  }
  let storedCount = 0;
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const onStored = (stored: readonly CheckResult[]) => {
    storedCount += stored.length;
    if (storedCount === results.length) finish();
  };
  const collectors: { stop(): Promise<void> }[] = [];
  const times = await timed(async () => {
    const collector = await startCollector({
      ...{ ...SETTINGS, broker, topology, envelope, database, shards: 1, holder: 'bench' },
      ...{ keepsHistory: true, semantics: NAGIOS_SEMANTICS, metrics: createMetrics(), onStored },
    });
    collectors.push(collector);
    await finished;
  });
  return {
    ...times,
    async release() {
      for (const collector of collectors.splice(0)) await collector.stop();
      await broker.close();
    },
  };
}

/** What the program's objects take, those left over not counted. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

interface KnownCheck {
  readonly checkId: number;
  /** Of the host's own state, which its host check's results are stored for too; else null. */
  readonly hostObjectId: number | null;
  readonly host: string;
  readonly plugin: string;
}

async function addSite(database: Database, checks: number): Promise<KnownCheck[]> {
  await changeConfiguration(database, { at: 1, actor: 'bench' }, async (change) => {
    const suite = { name: 'all', description: '', hosts: [], plugins: [], subnets: [] };
    await suiteQueries.insert(change, randomUUID(), suite);
    for (let number = 0; number < CHECKS_PER_HOST; number++) {
      // One of a host's checks tells whether the host is up, as on a real site.
      const hostCheck = number === 0;
      const spec = pluginSpec(`plugin-${number}`, { suites: ['all'], hostCheck });
      await pluginQueries.insert(change, randomUUID(), spec);
    }
    for (let number = 0; number < checks / CHECKS_PER_HOST; number++) {
      const spec = hostSpec(`host-${number}`, { suites: ['all'] });
      await hostQueries.insert(change, randomUUID(), spec);
    }
  });
  const rows = await database.db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .select(['check_pair.check_id', 'check_pair.host_id', 'plugin.host_check'])
    .select(['host.name as host', 'plugin.name as plugin'])
    .execute();
  const objects = await database.db
    .selectFrom('check_pair')
    .select(['check_pair.check_id', 'check_pair.host_id'])
    .where('check_pair.plugin_id', 'is', null)
    .execute();
  const objectIds = new Map(objects.map((row) => [row.host_id, row.check_id]));
  return rows.map((row) => ({
    checkId: row.check_id,
    hostObjectId: row.host_check === 1 ? (objectIds.get(row.host_id) ?? null) : null,
    host: row.host,
    plugin: row.plugin,
  }));
}

function resultOf({ checkId, host, plugin }: KnownCheck, round: number): CheckResult {
  const isProblem = (checkId * 7 + round) % (200 / CHANGING) === 0;
  const scheduledAt = BEGIN + round * INTERVAL_MS;
  const value = ((checkId * 31 + round * 17) % 1_000) / 1_000;
  return {
    ...{ id: randomUUID(), checkId, scheduledAt, startedAt: scheduledAt + 5 },
    ...{ finishedAt: scheduledAt + 30, worker: 'violet-1', host, plugin, keepHistory: true },
    intervalMs: INTERVAL_MS,
    ...{ state: isProblem ? 'critical' : 'ok', exitCode: isProblem ? 2 : 0 },
    ...{ output: `TCP OK - ${value} second response time on port 80`, longOutput: '' },
    perfdata: [{ label: 'time', value, unit: 's', warn: null, crit: null, min: 0, max: 10 }],
  };
}

/** The same rows as the collector's. */
function rowsOf({ checkId, hostObjectId }: KnownCheck, result: CheckResult): BareRows[] {
  const own = bareRows(checkId, result);
  return hostObjectId === null ? [own] : [own, bareRows(hostObjectId, result)];
}

function bareRows(id: number, result: CheckResult) {
  const row = {
    ...{ check_id: id, scheduled_at: result.scheduledAt },
    ...{ state: CHECK_STATES.indexOf(result.state), exit_code: result.exitCode },
    ...{ output: result.output, long_output: '', perfdata: JSON.stringify(result.perfdata) },
    ...{ sent_at: null, received_at: null, started_at: result.startedAt },
    ...{ finished_at: result.finishedAt, collected_at: BEGIN, worker: result.worker },
  };
  const state = {
    ...{ ...row, last_state_change_at: result.finishedAt, state_type: 1, attempt: 1 },
    ...{ max_check_attempts: 1, last_hard_state_change_at: result.finishedAt },
  };
  return { row, state: { ...state, is_passive: 0 as const } };
}

type BareRows = ReturnType<typeof bareRows>;

/** What anybody would write: two statements of many rows in one transaction. */
async function storeBare(database: Database, batch: readonly BareRows[]): Promise<void> {
  const { kind } = database.traits;
  const states = batch.map(({ state }) => state);
  await database.transaction(async ({ db }) => {
    const columns = Object.keys(states[0] ?? {}).filter((name) => name !== 'check_id');
    const insert = db.insertInto('check_state').values(states);
    if (kind !== 'mariadb') {
      const values = columns.map((name) => [name, sql.ref(`excluded.${name}`)]);
      await insert
        .onConflict((conflict) =>
          conflict.column('check_id').doUpdateSet(Object.fromEntries(values)),
        )
        .execute();
    } else {
      const values = columns.map((name) => [name, sql`values(${sql.ref(name)})`]);
      await insert.onDuplicateKeyUpdate(Object.fromEntries(values)).execute();
    }
    await db
      .insertInto('result')
      .values(batch.map(({ row }) => row))
      .execute();
  });
}
