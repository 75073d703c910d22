import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../test/servers/temp.ts';
import { addCheck, createMemoryDatabase, deleteHost, QUEUE_NAMES } from '../../test/site.ts';
import type { Broker, OutgoingMessage } from '../broker/broker.ts';
import { openMemoryBroker } from '../broker/memory.ts';
import { createTopology } from '../broker/topology.ts';
import type { Database } from '../database/database.ts';
import { readCheckStates } from '../database/queries/check-states.ts';
import { listResults } from '../database/queries/checks.ts';
import { readCheckCode } from '../database/queries/state-codes.ts';
import { systemClock } from '../lib/clock.ts';
import { bytesOf } from '../lib/lazy-bytes.ts';
import { silentLog } from '../lib/log.ts';
import { createMetrics, type Metrics } from '../lib/metrics.ts';
import { CHECK_RESULT, type CheckResult } from '../messages/check-result.ts';
import { createEnvelope } from '../messages/envelope.ts';
import { NAGIOS_SEMANTICS } from '../nagios/state/semantics.ts';
import { startCollector } from './collector.ts';

const shared = { clock: systemClock, log: silentLog(), random: Math.random };
const topology = createTopology(QUEUE_NAMES);
const envelope = createEnvelope(null);

let database: Database;
let broker: Broker;
let metrics: Metrics;
let collector: { stop(): Promise<void> };
beforeEach(async () => {
  database = await createMemoryDatabase();
  broker = openMemoryBroker({ ...shared, deadQueue: topology.dead });
  metrics = createMetrics();
  const options = { ...shared, broker, topology, envelope, database, metrics };
  collector = await startCollector({
    ...options,
    shards: 1,
    holder: 'test',
    keepsHistory: true,
    semantics: NAGIOS_SEMANTICS,
    onStored: () => {},
  });
});
afterEach(async () => {
  await collector.stop();
  await broker.close();
  await database.close();
});

function result(
  checkId: number,
  scheduledAt: number,
  fields: Partial<CheckResult> = {},
): CheckResult {
  return {
    id: `${checkId}-${scheduledAt}`,
    checkId,
    scheduledAt,
    startedAt: scheduledAt + 5,
    finishedAt: scheduledAt + 10,
    worker: 'violet-1',
    host: 'h',
    plugin: 'p',
    keepHistory: true,
    state: 'ok',
    exitCode: 0,
    output: 'fine',
    longOutput: '',
    perfdata: [],
    ...fields,
  };
}

const send = (message: OutgoingMessage) => broker.publish(topology.results(0), message);
const sendResult = (value: CheckResult) => send(envelope.seal(CHECK_RESULT, value.id, value));
const stateOf = async (checkId: number) => (await readCheckStates(database, [checkId]))[0];
const historyOf = (checkId: number) =>
  listResults(
    database,
    [checkId],
    { from: 0, to: Number.MAX_SAFE_INTEGER, limit: 1_000 },
    readCheckCode,
  );

/** Results are handled in order, so when this one is stored, so are those before it. */
async function sendMark(): Promise<void> {
  const { checkId } = await addCheck(database, `mark-${Math.random()}`.replace('.', '-'));
  await sendResult(result(checkId, 1));
  await waitFor('the mark to be stored', async () => (await stateOf(checkId)) !== undefined);
}

describe('collector', () => {
  test('a result becomes a state and a row of history', async () => {
    const { checkId } = await addCheck(database, 'a');
    const perfdata = [
      { label: 'x', value: 1.5, unit: 's', warn: '2', crit: null, min: 0, max: null },
    ];
    await sendResult(result(checkId, 1_000, { state: 'warning', exitCode: 1, perfdata }));
    const row = await waitFor('the state', () => stateOf(checkId));
    expect(row).toMatchObject({ state: 1, output: 'fine', last_state_change_at: 1_010 });
    expect(await historyOf(checkId)).toMatchObject([{ state: 'warning', perfdata }]);
  });

  test('delivered five times, it counts once', async () => {
    const { checkId } = await addCheck(database, 'a');
    for (let count = 0; count < 5; count++) await sendResult(result(checkId, 1_000));
    await sendMark();
    expect(await historyOf(checkId)).toHaveLength(1);
    expect(await metrics.format()).toMatch(/repeated_results_total 4/);
  });

  test('a late result goes to history and leaves the newer state alone', async () => {
    const { checkId } = await addCheck(database, 'a');
    await sendResult(result(checkId, 2_000, { state: 'critical' }));
    await sendResult(result(checkId, 1_000, { state: 'ok' }));
    await sendMark();
    expect(await stateOf(checkId)).toMatchObject({ state: 2, scheduled_at: 2_000 });
    expect((await historyOf(checkId)).map((run) => run.scheduledAt)).toEqual([2_000, 1_000]);
  });

  test('history is kept only where it is wanted', async () => {
    const { checkId } = await addCheck(database, 'a');
    await sendResult(result(checkId, 1_000, { keepHistory: false }));
    await sendMark();
    expect(await stateOf(checkId)).toBeDefined();
    expect(await historyOf(checkId)).toEqual([]);
  });

  test('a result of a deleted check leaves no trace, and its neighbours are stored', async () => {
    const ghost = await addCheck(database, 'ghost');
    const alive = await addCheck(database, 'alive');
    await deleteHost(database, ghost.hostId);
    await Promise.all([
      sendResult(result(ghost.checkId, 1_000)),
      sendResult(result(alive.checkId, 1_000)),
    ]);
    await sendMark();
    expect(await stateOf(ghost.checkId)).toBeUndefined();
    expect(await historyOf(ghost.checkId)).toEqual([]);
    expect(await stateOf(alive.checkId)).toBeDefined();
    expect(await metrics.format()).toMatch(/orphaned_results_total 1/);
  });

  test('what nobody understands is dead-lettered with the reason, neighbours are stored', async () => {
    const { checkId } = await addCheck(database, 'a');
    await send({ id: 'bad', headers: {}, body: Buffer.from('rubbish') });
    const sealed = envelope.seal(CHECK_RESULT, 'new', result(checkId, 1));
    const newer = bytesOf(sealed.body).toString().replace('"version":1', '"version":9');
    await send({ ...sealed, body: Buffer.from(newer) });
    await sendResult(result(checkId, 1_000));
    await sendMark();
    expect(await stateOf(checkId)).toMatchObject({ scheduled_at: 1_000 });
    const reasons = (await broker.peekDead(10)).map((dead) =>
      Object.values(dead.headers).join(' '),
    );
    expect(reasons).toHaveLength(2);
    expect(reasons[0]).toContain('not JSON');
    expect(reasons[1]).toContain('version 9 is newer than 1');
    expect(await metrics.format()).toMatch(/grey_dead_letters_total 2/);
  });
});
