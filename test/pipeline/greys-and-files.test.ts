/** Two greys with one rrdcached: whatever they share, each value is written once. */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openMemoryBroker } from '../../src/broker/memory.ts';
import { createTopology } from '../../src/broker/topology.ts';
import type { Database } from '../../src/database/database.ts';
import { startCollector } from '../../src/grey/collector.ts';
import { startHeartbeats } from '../../src/grey/heartbeat.ts';
import { startPerfdata } from '../../src/grey/perfdata.ts';
import { startStatistics } from '../../src/grey/statistics.ts';
import { createWriteFailures } from '../../src/grey/write-failures.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { createMetrics } from '../../src/lib/metrics.ts';
import { CHECK_RESULT, type CheckResult } from '../../src/messages/check-result.ts';
import { createEnvelope } from '../../src/messages/envelope.ts';
import { HEARTBEAT, type Heartbeat } from '../../src/messages/heartbeat.ts';
import { NAGIOS_SEMANTICS } from '../../src/nagios/state/semantics.ts';
import { DEFAULT_SPANS } from '../../src/rrd/archives.ts';
import { checkFileName } from '../../src/rrd/check-series.ts';
import type { RrdStore } from '../../src/rrd/rrd.ts';
import { openRrdcached } from '../../src/rrd/rrdcached.ts';
import { workerFileName } from '../../src/rrd/series.ts';
import { needs } from '../servers/needs.ts';
import { startRrdcached } from '../servers/rrdcached.ts';
import { type RunningProcess, type TempFolder, tempFolder, waitFor } from '../servers/temp.ts';
import { addCheck, createMemoryDatabase, QUEUE_NAMES } from '../site.ts';

const COUNT = 30;
const START_S = Math.floor(Date.now() / 60_000) * 60 - 3_600;
const shared = { clock: systemClock, log: silentLog(), random: Math.random };
const topology = createTopology(QUEUE_NAMES);
const envelope = createEnvelope(null);

describe.skipIf(needs('rrdcached'))('two greys with one rrdcached', () => {
  let folder: TempFolder;
  let daemon: RunningProcess;
  let socket: string;
  let database: Database;
  let stores: RrdStore[];
  const started: { stop(): Promise<void> }[] = [];

  beforeEach(async () => {
    folder = await tempFolder();
    const paths = { folder: join(folder.path, 'rrd'), own: join(folder.path, 'own') };
    for (const path of Object.values(paths)) await mkdir(path);
    socket = join(paths.own, 'socket');
    daemon = await startRrdcached(paths, `unix:${socket}`);
    const options = { ...shared, address: `unix:${socket}`, folder: paths.folder };
    stores = [openRrdcached(options), openRrdcached(options)];
    database = await createMemoryDatabase();
  });
  afterEach(async () => {
    for (const each of started.splice(0)) await each.stop();
    for (const store of stores) await store.close();
    await database.close();
    await daemon.stop();
    await folder[Symbol.asyncDispose]();
  });

  /** What a grey keeps files with. */
  const keepingOf = (rrd: RrdStore) => {
    const metrics = createMetrics();
    const failures = createWriteFailures(systemClock, metrics);
    return { ...shared, database, rrd, archives: DEFAULT_SPANS, metrics, failures };
  };

  const countUpdates = async (): Promise<number> => {
    const connection = connect(socket);
    await once(connection, 'connect');
    connection.end('STATS\n');
    let text = '';
    for await (const part of connection) text += String(part);
    return Number(/UpdatesReceived: (\d+)/.exec(text)?.[1]);
  };

  const lastRow = async (name: string) => {
    const [store] = stores;
    const span = { fromS: START_S, toS: START_S + COUNT * 60, stepS: 60 } as const;
    return (await store?.fetch(name, { ...span, consolidation: 'AVERAGE' }))?.rows.at(-1);
  };

  test('write each heartbeat and each result once', async () => {
    const broker = openMemoryBroker({ ...shared, deadQueue: topology.dead });
    for (const rrd of stores) {
      const keeping = keepingOf(rrd);
      started.push(await startHeartbeats({ ...keeping, broker, topology, envelope }));
      const perfdata = startPerfdata(keeping);
      started.push(
        await startCollector({
          ...{ ...keeping, broker, topology, envelope, shards: 1, keepsHistory: false },
          semantics: NAGIOS_SEMANTICS,
          holder: randomUUID(),
          onStored: (results) => perfdata.add(results),
        }),
        perfdata,
      );
    }
    const { checkId } = await addCheck(database, 'a');
    for (let index = 1; index <= COUNT; index++) {
      const at = (START_S + index * 60) * 1_000;
      const heartbeat: Heartbeat = {
        ...{ worker: 'violet-1', hostname: 'h', version: '1', zones: ['default'] },
        status: 'running',
        ...{ sentAt: at, startedAt: 1, intervalMs: 60_000, workerCount: index },
        ...{ workerAlive: 1, consumersCount: 1, consumersAlive: 1, publishersCount: 1 },
        ...{ publishersAlive: 1, inputQueueSize: 0, throughput: 1, maxThroughput: 1 },
        ramUsedKib: 1,
      };
      await broker.publish(topology.heartbeats, envelope.seal(HEARTBEAT, `h${index}`, heartbeat));
      const perfdata = [
        { label: 'x', value: index, unit: '', warn: null, crit: null, min: null, max: null },
      ];
      const result: CheckResult = {
        state: 'ok',
        ...{ id: `r${index}`, checkId, scheduledAt: at, startedAt: at, finishedAt: at },
        ...{ worker: 'violet-1', host: 'a', plugin: 'a', keepHistory: false, intervalMs: 60_000 },
        ...{ exitCode: 0, output: '', longOutput: '', perfdata },
      };
      await broker.publish(topology.results(0), envelope.seal(CHECK_RESULT, result.id, result));
      // One at a time: of many in one batch the newest heartbeat alone is kept.
      await waitFor('the values', async () => (await countUpdates()) >= 2 * index);
    }
    expect(await countUpdates()).toBe(2 * COUNT);
    expect((await lastRow(workerFileName('violet-1')))?.[0]).toBe(COUNT);
    expect(await lastRow(checkFileName(checkId, 0))).toEqual([COUNT]);
    await broker.close();
  });

  test('write the common statistics once, and go on when the one that writes stops', async () => {
    const own = { intervalMs: 1_000, readRamUsedKib: () => 1 };
    const [first, second] = await Promise.all(
      stores.map((rrd, index) =>
        startStatistics({ ...keepingOf(rrd), ...own, holder: `grey-${index}` }),
      ),
    );
    if (second) started.push(second);
    await waitFor('some values', async () => (await countUpdates()) >= 6);
    await first?.stop();
    const before = await countUpdates();
    await waitFor('values of the other', async () => (await countUpdates()) >= before + 6);
    await second?.stop();
    const [store] = stores;
    const span = { fromS: Date.now() / 1_000 - 600, toS: Date.now() / 1_000, stepS: 1 };
    const series = await store?.fetch('common', { ...span, consolidation: 'AVERAGE' });
    const known = series?.rows.filter((row) => row[4] !== null).length ?? 0;
    // Each step is written once, to each of the two files.
    expect((await countUpdates()) / 2).toBeLessThanOrEqual(known + 1);
  });
});
