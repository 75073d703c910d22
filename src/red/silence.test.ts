import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSimulatedClock, type SimulatedClock } from '../../test/simulated-clock.ts';
import { addCheck, createMemoryDatabase, QUEUE_NAMES } from '../../test/site.ts';
import { ACK, type Broker } from '../broker/broker.ts';
import { openMemoryBroker } from '../broker/memory.ts';
import { createTopology } from '../broker/topology.ts';
import type { Database } from '../database/database.ts';
import { writeWorkers } from '../database/queries/workers.ts';
import { silentLog } from '../lib/log.ts';
import { CHECK_COMMAND, type CheckCommand } from '../messages/check-command.ts';
import { createEnvelope } from '../messages/envelope.ts';
import { type SilenceWatchOptions, startSilenceWatch } from './silence.ts';

const START = 10_000_000_000;
const LOOK_MS = 15_000;
const MAX_TOLD = 5_000;
const topology = createTopology(QUEUE_NAMES);
const envelope = createEnvelope(null);

let database: Database;
let broker: Broker;
let clock: SimulatedClock;
let expiredAt: Map<number, number>;
let held: Set<number>;
let watch: ReturnType<typeof startSilenceWatch>;
beforeEach(async () => {
  clock = createSimulatedClock(START);
  database = await createMemoryDatabase();
  broker = openMemoryBroker({ clock, log: silentLog(), deadQueue: topology.dead });
  expiredAt = new Map();
  held = new Set();
  const options: SilenceWatchOptions = {
    ...{ database, broker, topology, envelope, shards: 1, clock, log: silentLog() },
    uptime: () => ({ startedAt: 0, stoppedAt: null }),
    calendars: new Map(),
    holds: {
      findHold: (checkId) =>
        held.has(checkId)
          ? { reason: 'dependency', explanation: 'It is.', objectId: checkId, isOfHost: false }
          : null,
    },
    expiredAtOf: (checkId) => expiredAt.get(checkId),
    maxTold: MAX_TOLD,
  };
  watch = startSilenceWatch(options);
});
afterEach(async () => {
  await watch.stop();
  await broker.close();
  await database.close();
});

/** The result of a check that was due then. */
const store = (checkIds: string, scheduledAt: number) =>
  sql`insert into check_state (check_id, state, exit_code, output, long_output, perfdata,
        scheduled_at, started_at, finished_at, worker, last_state_change_at, state_type, attempt,
        max_check_attempts, last_hard_state_change_at, is_passive)
      select check_id, 0, 0, '', '', '[]', ${scheduledAt}, 1, 1, 'w', 1, 1, 1, 1, 1, 0
      from check_pair where ${sql.raw(checkIds)}`.execute(database.db);

/** A worker that serves the zone of all hosts. */
const serve = () =>
  writeWorkers(database, [
    {
      ...{ id: 'w', hostname: 'h', version: '1', zones: ['default'], status: 'running' },
      ...{ startedAt: 1, heartbeatAt: clock.now(), intervalMs: 10_000, figures: {} },
    },
  ]);

const takeNotes = async () => {
  const notes: CheckCommand[] = [];
  await broker.consumeEach(topology.results(0), { concurrency: 1 }, async (delivery) => {
    notes.push(envelope.open(CHECK_COMMAND, delivery));
    return ACK;
  });
  return notes;
};

describe('silence', () => {
  test('of a whole site is told in a few looks, each bounded, and nobody twice', async () => {
    await addCheck(database, 'a');
    const numbers = (name: string, count: number) =>
      sql.raw(`${name}(n) as (select 1 union all select n + 1 from ${name} where n < ${count})`);
    // 20 checks on each of 300 hosts, and the first.
    const host = sql.raw(`login, ssh_port, maintenance, history, zone, subnet_id, labels, vars,
      host_check_id, policy, created_at, updated_at, version`);
    await sql`insert into host (id, name, address, ${host})
      with recursive ${numbers('many', 300)}
      select 'h' || n, 'h' || n, 'h' || n, ${host} from host, many`.execute(database.db);
    const plugin = sql.raw(`script, builtin, ssh, params, interval_ms, timeout_ms, policy,
      check_period_id, active_checks, passive_checks, freshness_ms, host_check, description,
      created_at, updated_at, version`);
    await sql`insert into plugin (id, name, ${plugin})
      with recursive ${numbers('some', 20)}
      select 'p' || n, 'p' || n, ${plugin} from plugin, some`.execute(database.db);
    await sql`insert into check_pair (host_id, plugin_id)
      select host.id, plugin.id from host, plugin where host.id like 'h%' and plugin.id like 'p%'`.execute(
      database.db,
    );
    await store('plugin_id is not null', START - 10_000_000);
    const count = 300 * 20 + 1;
    const depth = () => broker.depth(topology.results(0));
    // What ends by itself soon after a start is not told.
    await clock.advance(5 * LOOK_MS);
    expect(await depth()).toBe(0);
    await clock.advance(LOOK_MS);
    expect(await depth()).toBe(MAX_TOLD);
    await clock.advance(LOOK_MS);
    expect(await depth()).toBe(count);
  });

  test('has its reason: nobody serves the zone, requests expired, or nothing came', async () => {
    const { checkId } = await addCheck(database, 'a', { plugin: { intervalMs: 10_000 } });
    await store('plugin_id is not null', START - 100_000);
    const notes = await takeNotes();
    const reasonAfter = async (work: () => Promise<unknown> | unknown) => {
      notes.length = 0;
      await work();
      // Nobody takes the first word down here, so it is said again.
      await clock.advance(3 * LOOK_MS);
      return notes.map(({ command }) => command);
    };
    await clock.advance(5 * LOOK_MS);
    const scheduledAt = START - 100_000;
    const since = scheduledAt + 2 * 10_000 + 10_000 + 15_000;
    const told = { kind: 'notMeasured', scheduledAt, since };
    expect(await reasonAfter(() => {})).toContainEqual({ ...told, reason: 'noWorker' });
    expect(await reasonAfter(serve)).toContainEqual({ ...told, reason: 'noResult' });
    const expired = await reasonAfter(() => expiredAt.set(checkId, scheduledAt + 10_000));
    expect(expired).toContainEqual({ ...told, reason: 'expired' });
    const before = await reasonAfter(() => expiredAt.set(checkId, scheduledAt));
    expect(before).toContainEqual({ ...told, reason: 'noResult' });
    const dependent = await reasonAfter(() => held.add(checkId));
    expect(dependent).toContainEqual({ ...told, reason: 'dependency' });
  });
});
