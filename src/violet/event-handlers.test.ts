import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder, waitFor } from '../../test/servers/temp.ts';
import { QUEUE_NAMES } from '../../test/site.ts';
import { ACK } from '../broker/broker.ts';
import { openMemoryBroker } from '../broker/memory.ts';
import { createTopology } from '../broker/topology.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { createMetrics } from '../lib/metrics.ts';
import { createEnvelope } from '../messages/envelope.ts';
import { HANDLER_REPORT, HANDLER_REQUEST, type HandlerReport } from '../messages/event-handler.ts';
import { startEventHandlers } from './event-handlers.ts';
import { openChildProcessExecutor } from './executor/child-process.ts';
import { openPluginFolders } from './plugins/plugin-folder.ts';

const topology = createTopology(QUEUE_NAMES);
const envelope = createEnvelope('key');
const shared = { clock: systemClock, log: silentLog() };

test('a handler that is delivered again while it runs is told again and not run again', async () => {
  await using folder = await tempFolder();
  const runs = join(folder.path, 'runs');
  const script = join(folder.path, 'restart');
  await writeFile(script, `#!/bin/sh\necho run >>${runs}\nsleep 0.3\necho restarted\n`);
  await chmod(script, 0o755);
  const broker = openMemoryBroker({ ...shared, deadQueue: topology.dead });
  const executor = openChildProcessExecutor(shared);
  const reports: HandlerReport[] = [];
  await broker.consumeEach(topology.results(2), { concurrency: 1 }, async (delivery) => {
    reports.push(envelope.open(HANDLER_REPORT, delivery));
    return ACK;
  });
  const handlers = await startEventHandlers({
    ...{ ...shared, broker, topology, envelope, id: 'violet-1', zones: ['default'] },
    plugins: {
      ...{ executor, environment: { PATH: '/usr/bin:/bin' }, maxOutputBytes: 1_000 },
      pluginFolders: await openPluginFolders([folder.path], shared),
    },
    userMacros: {},
    metrics: createMetrics(),
  });
  const now = Date.now();
  const request = {
    ...{ id: 'run', checkId: 1, level: 'object' as const, command: 'restart', at: now },
    ...{ expiresAt: now + 60_000, timeoutMs: 5_000, shard: 2, macros: {} },
    host: { name: 'web1', address: '192.0.2.1', vars: {} },
    plugin: { name: 'http' },
  };
  const publish = (id: string) =>
    broker.publish(topology.handlers('default'), envelope.seal(HANDLER_REQUEST, id, request));
  await Promise.all([publish('first'), publish('again')]);
  await waitFor('both reports', () => reports.length === 2);
  expect(reports[0]).toMatchObject({ id: 'run', exitCode: 0, output: 'restarted' });
  expect(reports[1]).toEqual(reports[0]);
  expect(await readFile(runs, 'utf8')).toBe('run\n');
  await handlers.stop();
  await executor.close();
  await broker.close();
});
