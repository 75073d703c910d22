/**
 * The totals that are kept up with what changes are those of a full count, after any history of
 * changes, results, commands, repeated messages, takeovers and countings that collide.
 */

import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ACK, type Broker } from '../../src/broker/broker.ts';
import { openMemoryBroker } from '../../src/broker/memory.ts';
import { createTopology } from '../../src/broker/topology.ts';
import type { Database } from '../../src/database/database.ts';
import { openMariadb } from '../../src/database/mariadb.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { changeConfiguration } from '../../src/database/queries/configuration.ts';
import { hasLabels } from '../../src/database/queries/host-labels.ts';
import { hostQueries } from '../../src/database/queries/hosts.ts';
import { pluginQueries } from '../../src/database/queries/plugins.ts';
import { suiteQueries } from '../../src/database/queries/suites.ts';
import { foldTallies, repairTallies } from '../../src/database/queries/tallies.ts';
import { countEverything, sumCheckTallies } from '../../src/database/queries/tally-sums.ts';
import { readTotals, sumTotals } from '../../src/database/queries/totals.ts';
import { startCollector } from '../../src/grey/collector.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { createMetrics } from '../../src/lib/metrics.ts';
import {
  CHECK_COMMAND,
  type CheckCommand,
  COMMAND_ID_PREFIX,
} from '../../src/messages/check-command.ts';
import { CHECK_RESULT } from '../../src/messages/check-result.ts';
import { createEnvelope } from '../../src/messages/envelope.ts';
import { CHECK_STATES } from '../../src/model/check.ts';
import { DEFAULT_POLICY } from '../../src/model/check-policy.ts';
import { NAGIOS_SEMANTICS } from '../../src/nagios/state/semantics.ts';
import { needs } from '../servers/needs.ts';
import { createTestDatabase } from '../servers/test-database.ts';
import { createMemoryDatabase, hostSpec, pluginSpec, QUEUE_NAMES } from '../site.ts';

const SUITES = ['one', 'two'];
const index = (count: number) => fc.nat({ max: count - 1 });
const suites = fc.subarray(SUITES);
const which = fc.nat({ max: 1_000 });

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('host'),
      n: index(4),
      maintenance: fc.boolean(),
      suites,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('plugin'),
      n: index(3),
      isPing: fc.boolean(),
      suites,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('deleteHost'), n: index(4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('deletePlugin'), n: index(3) }) },
  { weight: 9, arbitrary: fc.record({ kind: fc.constant('result'), which, state: index(4) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat'), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('acknowledge'), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('downtime'), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel'), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('takeover') }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('fold'), folders: fc.integer({ min: 1, max: 2 }) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const policy = { ...DEFAULT_POLICY, maxCheckAttempts: 2, stalking: [] };
const origin = { at: 1, actor: 'test' };
const envelope = createEnvelope(null);
const topology = createTopology(QUEUE_NAMES);

/** A site whose hosts and plugins have numbers, with a collector behind a broker. */
class NumberedSite {
  readonly #database: Database;
  readonly #broker: Broker;
  #collector: { stop(): Promise<void> } | undefined;
  /** Told when the oldest messages are stored. */
  readonly #waiting: (() => void)[] = [];
  #at = 1_000;
  #last: (() => Promise<void>) | undefined;

  constructor(database: Database) {
    this.#database = database;
    const log = silentLog();
    const broker = openMemoryBroker({ clock: systemClock, log, deadQueue: topology.dead });
    const consumeBatches = broker.consumeBatches.bind(broker);
    this.#broker = Object.assign(broker, {
      consumeBatches: ((queue, options, handle) =>
        consumeBatches(queue, options, async (deliveries) => {
          const settlements = await handle(deliveries);
          expect(settlements.every((settlement) => settlement === ACK)).toBe(true);
          this.#waiting.splice(0, deliveries.length).forEach((resolve) => {
            resolve();
          });
          return settlements;
        })) satisfies Broker['consumeBatches'],
    });
  }

  async start(): Promise<void> {
    for (const name of SUITES) {
      const spec = { name, description: '', hosts: [], plugins: [], subnets: [] };
      await changeConfiguration(this.#database, origin, (change) =>
        suiteQueries.insert(change, randomUUID(), spec),
      );
    }
    await this.#takeOver();
  }

  async stop(): Promise<void> {
    await this.#collector?.stop();
    await this.#broker.close();
  }

  async #takeOver(): Promise<void> {
    await this.#collector?.stop();
    this.#collector = await startCollector({
      ...{ clock: systemClock, log: silentLog(), random: Math.random, metrics: createMetrics() },
      ...{ broker: this.#broker, topology, envelope, database: this.#database },
      ...{ shards: 1, keepsHistory: true, semantics: NAGIOS_SEMANTICS, onStored: () => {} },
      holder: randomUUID(),
    });
  }

  async apply(step: Step): Promise<void> {
    switch (step.kind) {
      case 'host':
        return this.#put(hostQueries, hostSpec(`h${step.n}`, { ...step, labels: labelsOf(step) }));
      case 'plugin':
        return this.#put(
          pluginQueries,
          pluginSpec(`p${step.n}`, {
            run: { builtin: step.isPing ? 'ping' : 'dummy' },
            suites: step.suites,
          }),
        );
      case 'deleteHost':
        return this.#delete(hostQueries, `h${step.n}`);
      case 'deletePlugin':
        return this.#delete(pluginQueries, `p${step.n}`);
      case 'result':
        return this.#sendResult(step.which, step.state);
      case 'repeat':
        return this.#last?.();
      case 'acknowledge': {
        const own = { id: randomUUID(), isSticky: false, isPersistent: false };
        const acknowledgement = { ...own, author: 'a', comment: 'c', expiresAt: null };
        return this.#command(step.which, { kind: 'acknowledge', notify: false, acknowledgement });
      }
      case 'downtime': {
        const times = { startAt: this.#at, endAt: this.#at + 1e9, isFixed: true, durationMs: 0 };
        const downtime = { id: 'd', ...times, triggeredBy: null, author: 'a', comment: 'c' };
        await this.#command(step.which, { kind: 'scheduleDowntime', downtime });
        return this.#command(step.which, { kind: 'startDowntime', id: 'd' });
      }
      case 'cancel':
        return this.#command(step.which, { kind: 'cancelDowntime', id: 'd' });
      case 'takeover':
        return this.#takeOver();
      case 'fold': {
        const folds = Array.from({ length: step.folders }, () => foldTallies(this.#database));
        await Promise.all(folds);
      }
    }
  }

  async #put<Spec extends { readonly name: string }>(
    queries: typeof hostQueries | typeof pluginQueries,
    spec: Spec,
  ): Promise<void> {
    // biome-ignore lint/suspicious/noExplicitAny: of either kind
    const any = queries as any;
    await changeConfiguration(this.#database, origin, async (change) => {
      const found = await queries.find(change, spec.name);
      if (found) await any.update(change, found.id, spec);
      else await any.insert(change, randomUUID(), spec);
    });
  }

  async #delete(queries: typeof hostQueries | typeof pluginQueries, name: string): Promise<void> {
    await changeConfiguration(this.#database, origin, async (change) => {
      const found = await queries.find(change, name);
      if (found) await queries.delete(change, found.id);
    });
  }

  /** One of the checks there are. */
  async #find(number: number): Promise<number | undefined> {
    const rows = await this.#database.db
      .selectFrom('check_pair')
      .select('check_pair.check_id')
      .orderBy('check_pair.check_id')
      .execute();
    return rows[number % Math.max(1, rows.length)]?.check_id;
  }

  async #sendResult(number: number, code: number): Promise<void> {
    const checkId = await this.#find(number);
    if (checkId === undefined) return;
    this.#at += 10;
    const at = this.#at;
    const result = {
      ...{ id: `r${at}`, checkId, scheduledAt: at, startedAt: at, finishedAt: at, worker: 'w' },
      ...{ host: 'h', plugin: 'p', keepHistory: false, intervalMs: 60_000, policy },
      ...{ state: CHECK_STATES[code] ?? 'ok', exitCode: code, output: '', longOutput: '' },
      perfdata: [],
    };
    await this.#send(() => envelope.seal(CHECK_RESULT, result.id, result));
  }

  async #command(number: number, command: CheckCommand['command']): Promise<void> {
    const checkId = await this.#find(number);
    if (checkId === undefined) return;
    this.#at += 10;
    const at = this.#at;
    const id = `${COMMAND_ID_PREFIX}${at}`;
    const facts = { id, checkId, at, host: 'h', plugin: 'p', intervalMs: 60_000, policy };
    await this.#send(() => envelope.seal(CHECK_COMMAND, id, { ...facts, command }));
  }

  async #send(seal: () => ReturnType<typeof envelope.seal>): Promise<void> {
    this.#last = async () => {
      const stored = new Promise<void>((resolve) => this.#waiting.push(resolve));
      await this.#broker.publish(topology.results(0), seal());
      await stored;
    };
    await this.#last();
  }
}

async function emptySite(database: Database): Promise<void> {
  const tables = ['host', 'plugin', 'suite', 'tally', 'host_tally', 'tally_mark'] as const;
  for (const table of tables) await database.db.deleteFrom(table).execute();
  await database.db
    .updateTable('tally_progress')
    .set({ config_version: null })
    .where('tally_progress.id', '=', 1)
    .execute();
}

/** Of hosts that all, most, half and few have. */
const LABELS = ['any', 'most', 'half', 'few'];

function labelsOf({ n, maintenance }: { n: number; maintenance: boolean }) {
  const has = [true, n > 0, n % 2 === (maintenance ? 0 : 1), n === 2];
  return Object.fromEntries(LABELS.flatMap((label, at) => (has[at] ? [[label, 'yes']] : [])));
}

/** The checks of hosts with a label, from the tallies, are those that there are. */
async function expectCountsByLabel(database: Database): Promise<void> {
  for (const label of LABELS) {
    const condition = hasLabels(label);
    const { count, problems } = await database.db
      .selectFrom('check_pair')
      .innerJoin('host', 'host.id', 'check_pair.host_id')
      .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
      .select([
        sql<number>`count(*)`.as('count'),
        sql<number>`count(case when check_state.state > 0 then 1 end)`.as('problems'),
      ])
      .where('check_pair.plugin_id', 'is not', null)
      .where(condition)
      .executeTakeFirstOrThrow();
    const sumOf = (areProblems: boolean) =>
      sumCheckTallies(database, Number.POSITIVE_INFINITY, { condition, areProblems });
    const tallies = await sumOf(false);
    if (tallies === null) return; // Before anything is counted in.
    const sum = (counts: typeof tallies) => counts.reduce((total, one) => total + one.count, 0);
    const found = [sum(tallies), sum((await sumOf(true)) ?? [])];
    expect(found, label).toEqual([Number(count), Number(problems)]);
  }
}

async function expectFullCounts(database: Database, history: readonly Step[]): Promise<void> {
  await emptySite(database);
  const site = new NumberedSite(database);
  await site.start();
  try {
    for (const step of history) {
      await site.apply(step);
      const full = sumTotals(await countEverything(database));
      expect(await readTotals(database)).toEqual(full);
      await expectCountsByLabel(database);
    }
    await foldTallies(database);
    expect(await sumCheckTallies(database, 0)).not.toBeNull();
    await expectCountsByLabel(database);
    expect(await repairTallies(database)).toBe(0);
  } finally {
    await site.stop();
  }
}

async function expectAlways(database: Database, numRuns: number): Promise<void> {
  try {
    await migrate(database);
    const histories = fc.array(step, { minLength: 10, maxLength: 60, size: 'max' });
    const property = fc.asyncProperty(histories, (history) => expectFullCounts(database, history));
    await fc.assert(property, { numRuns, endOnFailure: true });
  } finally {
    await database.close();
  }
}

describe('totals come to the full count after any history', { timeout: 120_000 }, () => {
  test('SQLite', async () => {
    await expectAlways(await createMemoryDatabase(), 50);
  });

  test.skipIf(needs('postgres'))('PostgreSQL', async () => {
    await using created = await createTestDatabase('postgres');
    await expectAlways(openPostgres(created.url, { poolSize: 5, log: silentLog() }), 4);
  });

  test.skipIf(needs('mariadb'))('MariaDB', async () => {
    await using created = await createTestDatabase('mariadb');
    await expectAlways(openMariadb(created.url, { poolSize: 5 }), 4);
  });
});

/** The same database, but before each select from `table` something else happens. */
function overtake(db: Database['db'], table: string, act: () => Promise<unknown>): Database['db'] {
  const delayed = (builder: object): object =>
    new Proxy(builder, {
      get(target, key) {
        const own = Reflect.get(target, key);
        if (typeof own !== 'function') return own;
        return (...args: unknown[]) => {
          if (key === 'execute') return act().then(() => own.apply(target, args));
          return delayed(own.apply(target, args));
        };
      },
    });
  return new Proxy(db, {
    get(target, key) {
      const own = Reflect.get(target, key, target);
      if (key !== 'selectFrom') return own;
      return (from: string) => {
        const builder: object = own.call(target, from);
        return from === table ? delayed(builder) : builder;
      };
    },
  });
}

describe('totals that came to be wrong', () => {
  let database: Database;
  let site: NumberedSite;
  beforeEach(async () => {
    database = await createMemoryDatabase();
    site = new NumberedSite(database);
    await site.start();
    const steps: Step[] = [
      { kind: 'host', n: 0, maintenance: false, suites: ['one'] },
      { kind: 'host', n: 1, maintenance: true, suites: ['one'] },
      { kind: 'plugin', n: 0, isPing: false, suites: ['one'] },
      { kind: 'result', which: 0, state: 2 },
    ];
    for (const step of steps) await site.apply(step);
    await foldTallies(database);
  });
  afterEach(async () => {
    await site.stop();
    await database.close();
  });

  test.each(['tally', 'host_tally'])(
    'do not come of a count that overtakes a reader of %s',
    async (table) => {
      await site.apply({ kind: 'result', which: 0, state: 0 });
      const full = sumTotals(await countEverything(database));
      // Whoever reads it has just read that a host waits, which has been counted in since.
      const overtaken = {
        ...database,
        db: overtake(database.db, table, () => foldTallies(database)),
      };
      expect(await readTotals(overtaken)).toEqual(full);
      await site.apply({ kind: 'result', which: 0, state: 2 });
      const condition = sql<boolean>`host.name <> ''`;
      expect(await sumCheckTallies(overtaken, 10, { condition })).toEqual(
        await sumCheckTallies(database, 10),
      );
    },
  );

  test.each([
    ['the count of one host', 'update host_tally set count = count + 5'],
    ['the counts of hosts that are gone', "update host_tally set host_id = 'gone'"],
    ['the missing counts of hosts', 'delete from host_tally'],
    ['a sum', 'update tally set count = count + 5'],
    ['missing sums', 'delete from tally'],
  ])('in %s are found and put right by the repair', async (_, damage) => {
    const full = sumTotals(await countEverything(database));
    expect(await readTotals(database)).toEqual(full);
    await sql.raw(damage).execute(database.db);
    await foldTallies(database);
    expect(await repairTallies(database)).toBeGreaterThan(0);
    expect(await readTotals(database)).toEqual(full);
    expect(await repairTallies(database)).toBe(0);
  });
});
