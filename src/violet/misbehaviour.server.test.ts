/**
 * Everything that a plugin can do wrong, as a whole worker meets it: a correct result, and the only
 * slot free for the next check. With each way to start plugins.
 */

import {
  chmod,
  copyFile,
  mkdir,
  open as openFile,
  readdir,
  readFile,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestIcmp } from '../../test/icmp.ts';
import { openTestSsh } from '../../test/remote.ts';
import { type TempFolder, tempFolder, waitFor } from '../../test/servers/temp.ts';
import { QUEUE_NAMES } from '../../test/site.ts';
import { ACK } from '../broker/broker.ts';
import { openMemoryBroker } from '../broker/memory.ts';
import { createTopology } from '../broker/topology.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { createMetrics } from '../lib/metrics.ts';
import { CHECK_REQUEST, type CheckRequest } from '../messages/check-request.ts';
import { CHECK_RESULT, type CheckResult } from '../messages/check-result.ts';
import { createEnvelope } from '../messages/envelope.ts';
import { createExecute, type Execute } from './execute.ts';
import { openChildProcessExecutor } from './executor/child-process.ts';
import type { Executor } from './executor/executor.ts';
import { openHelperExecutor } from './executor/helper.ts';
import { loadLibc } from './executor/libc.ts';
import { openPosixSpawnExecutor } from './executor/posix-spawn.ts';
import { openPluginFolders } from './plugins/plugin-folder.ts';
import { Slots } from './slots.ts';
import { startWorker } from './worker.ts';

const FIXTURES = join(import.meta.dirname, '../../test/fixtures/plugins');
const HELPER = join(import.meta.dirname, '../../dist/violet/executor/helper-process.js');
const shared = { clock: systemClock, log: silentLog(), random: Math.random };
const envelope = createEnvelope(null);
const topology = createTopology(QUEUE_NAMES);
const CUT = '[output cut]';
/** Where an ELF file names its kind of machine, and one that nobody has here. */
const MACHINE_AT = 18;
const S390 = 22;

const NO_LIMITS = {
  ...{ cpuS: null, memoryBytes: null, openFiles: null, fileBytes: null, processes: null },
};

async function openSpawn(): Promise<Executor> {
  const libc = await loadLibc();
  if (libc === null) throw new Error('posix_spawn is not to be had: npm ci on Linux');
  return openPosixSpawnExecutor({ ...shared, libc, limits: [], areLocal: () => true });
}

const openHelper = () =>
  openHelperExecutor({
    ...{ ...shared, file: HELPER },
    settings: {
      ...{ executor: 'auto', limits: NO_LIMITS, nice: 0, user: null },
      log: { level: 'error', format: 'json' },
    },
  });

/** What the request asks for beyond the script, and what is stored of it. */
type Row = readonly [
  title: string,
  script: string,
  request: Partial<CheckRequest>,
  expected: Partial<Record<keyof CheckResult, unknown>>,
];

const timedOut = (timeoutMs: number) => ({
  ...{ state: 'critical', exitCode: 2 },
  output: `(timed out after ${(timeoutMs / 1_000).toFixed(2)} seconds)`,
});
const notStarted = (state: string, exitCode: number, text: RegExp) => ({
  ...{ state, exitCode, longOutput: '', perfdata: [] },
  output: expect.stringMatching(new RegExp(`^\\(not started.*${text.source}`)),
});
const text = (pattern: RegExp) => expect.stringMatching(pattern);
const long = { name: 'h', address: '192.0.2.1', vars: { long: 'x'.repeat(65_536) } };

const ROWS: readonly Row[] = [
  ['hangs', 'check_hang', { timeoutMs: 400 }, timedOut(400)],
  ['ignores SIGTERM', 'check_ignores_term', { timeoutMs: 400 }, timedOut(400)],
  ['closes its output and runs on', 'check_closes_output', { timeoutMs: 400 }, timedOut(400)],
  [
    ...(['forks a daemon that keeps its output open', 'check_leaves_daemon', {}] as const),
    { state: 'warning', output: text(/^\d+$/) },
  ],
  [
    ...(['forks one of another session', 'check_leaves_session', {}] as const),
    { state: 'warning', output: text(/^\d+$/) },
  ],
  [
    ...(['prints nothing', 'check_silent', {}] as const),
    { state: 'ok', output: '(the plugin printed nothing)', longOutput: '' },
  ],
  [
    ...(['prints 1 GB', 'check_prints_gigabyte', {}] as const),
    { state: 'warning', output: 'line of output', longOutput: text(/\n\[output cut\]$/) },
  ],
  [
    ...(['prints one line of 200 MB', 'check_floods', {}] as const),
    { state: 'warning', output: text(/^x{8179} \[output cut\]$/), longOutput: CUT },
  ],
  [
    ...(['prints for ever', 'check_prints_forever', { timeoutMs: 1_500 }] as const),
    { ...timedOut(1_500), longOutput: text(/^(y\n){1000,}/) },
  ],
  [
    ...(['prints no text', 'check_bad_bytes', {}] as const),
    { state: 'ok', output: 'AB\ufffdC', longOutput: '\ufffd' },
  ],
  [
    ...(['crashes after good news', 'check_dies', { params: 'SEGV' }] as const),
    { state: 'unknown', output: 'OK - all is well', longOutput: '(ended by signal SIGSEGV)' },
  ],
  [
    ...(['is killed', 'check_dies', { params: 'KILL' }] as const),
    { state: 'unknown', exitCode: 3, longOutput: '(ended by signal SIGKILL)' },
  ],
  ['is missing', 'check_absent', {}, notStarted('critical', 127, /There is no plugin/)],
  ['is not executable', 'check_not_executable', {}, notStarted('critical', 126, /chmod \+x/)],
  ['is a folder', 'check_folder', {}, notStarted('critical', 126, /no.* regular file/)],
  ['is a link out of the folders', 'check_leaves', {}, notStarted('unknown', 3, /is a link to/)],
  ['is a path', '../../bin/sh', {}, notStarted('unknown', 3, /not the plain name/)],
  [
    ...(['has a bad interpreter', 'check_bad_interpreter', {}] as const),
    notStarted('critical', 126, /interpreter/),
  ],
  ['is being written', 'check_busy', {}, notStarted('unknown', 3, /is writing to it/)],
  [
    ...(['is for another kind of machine', 'check_foreign', {}] as const),
    notStarted('critical', 126, /in no format that this machine can run/),
  ],
  [
    ...(['gets more than the system lets through', 'check_argv'] as const),
    { params: '"$_HOSTLONG$$_HOSTLONG$$_HOSTLONG$"', host: long },
    notStarted('unknown', 3, /arguments are too long/),
  ],
  [
    ...(['gets NUL', 'check_argv'] as const),
    { params: '$_HOSTNUL$', host: { ...long, vars: { nul: 'a\0b' } } },
    notStarted('unknown', 3, /NUL character/),
  ],
  [
    ...(['gets a quote that is not closed', 'check_argv', { params: "'" }] as const),
    notStarted('unknown', 3, /is not closed/),
  ],
];

describe.each<[string, () => Promise<Executor>]>([
  ['posix_spawn', openSpawn],
  ['child_process', async () => openChildProcessExecutor(shared)],
  ['the helper', openHelper],
])('with %s, a plugin that', (_name, open) => {
  let folder: TempFolder;
  let executor: Executor;
  let execute: Execute;
  let busy: Awaited<ReturnType<typeof openFile>>;

  beforeAll(async () => {
    folder = await tempFolder();
    const plugins = join(folder.path, 'plugins');
    const path = (name: string) => join(plugins, name);
    await mkdir(path('check_folder'), { recursive: true });
    await symlink('/bin/true', path('check_leaves'));
    await copyFile('/bin/true', path('check_busy'));
    busy = await openFile(path('check_busy'), 'r+');
    await copyFile('/bin/true', path('check_foreign'));
    const foreign = await openFile(path('check_foreign'), 'r+');
    await foreign.write(Buffer.of(S390), 0, 1, MACHINE_AT);
    await foreign.close();
    await writeFile(path('check_fine'), '#!/bin/sh\necho fine\n');
    await chmod(path('check_fine'), 0o755);
    executor = await open();
    execute = createExecute({
      ...{ ...shared, executor, ssh: openTestSsh(), userMacros: {} },
      icmp: openTestIcmp(null),
      pluginFolders: await openPluginFolders([FIXTURES, plugins], shared),
      environment: { PATH: '/usr/bin:/bin', LANG: 'C' },
      maxOutputBytes: 65_536,
    });
  });
  afterAll(async () => {
    await executor.close();
    await busy.close();
    await folder[Symbol.asyncDispose]();
  });

  /** A worker with one slot, and what it makes of requests one after the other. */
  async function runAll(...requests: readonly CheckRequest[]): Promise<CheckResult[]> {
    const broker = openMemoryBroker({ ...shared, deadQueue: topology.dead });
    const worker = await startWorker({
      ...{ ...shared, broker, topology, envelope, execute, metrics: createMetrics() },
      ...{ id: 'violet-1', zones: ['default'], settings: { serviceCheckTimeoutState: 'critical' } },
      slots: {
        program: new Slots(1, { perHost: 9, perPlugin: 9 }),
        light: new Slots(1, { perHost: 9, perPlugin: 9 }),
      },
    });
    const results: CheckResult[] = [];
    await broker.consumeEach(topology.results(0), { concurrency: 1 }, async (delivery) => {
      results.push(envelope.open(CHECK_RESULT, delivery));
      return ACK;
    });
    for (const request of requests) {
      const message = envelope.seal(CHECK_REQUEST, request.id, request);
      await broker.publish(topology.checks('default'), message);
    }
    await waitFor('all results', () => results.length === requests.length, 60_000);
    expect(worker.figures()).toMatchObject({ running: 0, waiting: 0, unsent: 0 });
    await worker.stop();
    await broker.close();
    return results;
  }

  const requestFor = (checkId: number, script: string, changes: Partial<CheckRequest> = {}) => ({
    ...{ id: `${checkId}`, checkId, shard: 0, keepHistory: false, timeoutMs: 60_000, params: '' },
    ...{ scheduledAt: Date.now(), expiresAt: Date.now() + 600_000, run: { script } },
    ...{ host: { name: 'h', address: '192.0.2.1', vars: {} }, plugin: { name: 'p' } },
    ...changes,
  });

  test.concurrent.each(ROWS)(
    '%s',
    { timeout: 90_000 },
    async (_title, script, changes, expected) => {
      const requests = [requestFor(1, script, changes), requestFor(2, 'check_fine')];
      const [result, next] = await runAll(...requests);
      expect(result).toMatchObject(expected);
      expect(result?.longOutput.length).toBeLessThanOrEqual(65_536);
      expect(next).toMatchObject({ state: 'ok', output: 'fine' });
    },
  );

  test('prints a gigabyte takes no more memory than one that does not', async () => {
    await runAll(requestFor(1, 'check_fine'));
    const restMb = await readResidentMb();
    let peakMb = restMb;
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        peakMb = Math.max(peakMb, await readResidentMb());
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    await runAll(requestFor(1, 'check_prints_gigabyte'), requestFor(2, 'check_floods'));
    isOver = true;
    await watching;
    // The whole output would be 200 and 1,000 MB; the rest is what the collector has not freed yet.
    expect(peakMb - restMb).toBeLessThan(64);
  }, 90_000);
});

/** Of this process and its helpers. */
async function readResidentMb(): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const sizes = await Promise.all(
    pids.map(async (pid) => {
      const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
      const status = await read('status');
      const isChild = status.includes(`\nPPid:\t${process.pid}\n`);
      const isOurs =
        pid === String(process.pid) ||
        (isChild && (await read('cmdline')).includes('helper-process'));
      return isOurs ? Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1_024 : 0;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
