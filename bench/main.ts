/**
 * `npm run bench`: the whole pipeline in both modes, beside the machine's own rate of starting the
 * same plugin, measured in the same run, and the adapters of statistics. Prints tables and writes
 * bench/results/pipeline.json and statistics.json. `npm run bench -- --quick` measures for a shorter
 * time, `npm run bench -- --rrd` the statistics alone.
 */

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { Role } from '../src/app/app.ts';
import { startPostgres } from '../test/servers/postgres.ts';
import { type RabbitmqServer, startRabbitmq } from '../test/servers/rabbitmq.ts';
import { tempFolder } from '../test/servers/temp.ts';
import { measureRrd } from './rrd.ts';
import { type Achievement, type Load, measureSystem } from './system.ts';

const RESULTS = join(process.cwd(), 'bench', 'results');
const PLUGIN_FOLDER = '/usr/lib/nagios/plugins';
const CHECK_DUMMY = join(PLUGIN_FOLDER, 'check_dummy');
const SPAN = process.argv.includes('--quick')
  ? { warmUpS: 4, measureS: 6 }
  : { warmUpS: 10, measureS: 20 };
const HALF = 0.5;
const ALL_IN_ONE: Role[][] = [['grey', 'violet', 'red']];
const ONE_EACH: Role[][] = [['grey'], ['violet'], ['red']];

interface Row {
  readonly subject: string;
  readonly offeredPerSecond: number | null;
  readonly achieved: Achievement | { readonly checksPerSecond: number };
}

const rows: Row[] = [];

if (!process.argv.includes('--rrd')) await measurePipeline();
await measureStatistics();
process.exit(0);

async function measurePipeline(): Promise<void> {
  if (!existsSync(CHECK_DUMMY)) {
    process.stderr.write('check_dummy is missing: apt install monitoring-plugins-basic\n');
    process.exit(1);
  }
  const listener = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const plugin = { run: { script: 'check_dummy' }, params: '0 hi' };
  const tcp = { run: { builtin: 'tcp' }, params: `-H 127.0.0.1 -p ${port}` };

  rows.push({
    subject: 'starting check_dummy alone (child_process)',
    offeredPerSecond: null,
    achieved: { checksPerSecond: await measureSpawns(8, 3_000) },
  });
  const embedded = createEmbedded;
  const full = await measure('embedded, check_dummy, saturated', embedded, {
    ...plugin,
    perS: 1_200,
  });
  await measure('embedded, check_dummy, half load', embedded, {
    ...plugin,
    perS: full.checksPerSecond * HALF,
  });
  const fullTcp = await measure('embedded, built-in tcp, saturated', embedded, {
    ...tcp,
    perS: 5_000,
  });
  await measure('embedded, built-in tcp, half load', embedded, {
    ...tcp,
    perS: fullTcp.checksPerSecond * HALF,
  });

  const rabbitmq = await startRabbitmq();
  const postgres = await startPostgres();
  try {
    const distributed = createDistributed(rabbitmq, async () => postgres.url(await freshName()));
    const freshName = async () => {
      const name = `bench_${rows.length}`;
      await postgres.createDatabase(name);
      return name;
    };
    const spread = await measure('distributed, check_dummy, saturated', distributed, {
      ...plugin,
      perS: 1_000,
    });
    await measure('distributed, check_dummy, half load', distributed, {
      ...plugin,
      perS: spread.checksPerSecond * HALF,
    });
    await measure('distributed, built-in tcp, saturated', distributed, { ...tcp, perS: 4_000 });
  } finally {
    await rabbitmq[Symbol.asyncDispose]();
    await postgres[Symbol.asyncDispose]();
    listener.close();
  }
  writePipeline();
}

async function measureStatistics(): Promise<void> {
  process.stderr.write('statistics ...\n');
  const achieved = await measureRrd();
  const table = new Table({
    head: ['statistics', 'updates/s', 'bytes to disk per update'],
    style: { head: [], border: [] },
  });
  for (const { driver, updatesPerSecond, bytesPerUpdate } of achieved) {
    table.push([driver, updatesPerSecond.toFixed(0), bytesPerUpdate?.toFixed(0) ?? '']);
  }
  process.stdout.write(`${table.toString()}\n`);
  writeResults('statistics.json', { rows: achieved });
}

/** Processes and environment of one mode; `dispose` takes away what it left. */
type CreateMode = () => Promise<{
  environment: Record<string, string>;
  processes: Role[][];
  dispose: () => Promise<void>;
}>;

async function createEmbedded() {
  const folder = await tempFolder();
  return {
    environment: sharedEnvironment(folder.path),
    processes: ALL_IN_ONE,
    dispose: async () => folder[Symbol.asyncDispose](),
  };
}

function createDistributed(rabbitmq: RabbitmqServer, createUrl: () => Promise<string>): CreateMode {
  let count = 0;
  return async () => {
    const folder = await tempFolder();
    return {
      environment: {
        ...sharedEnvironment(folder.path),
        PPALETTE_BROKER__URL: rabbitmq.url,
        PPALETTE_BROKER__PREFIX: `bench${count++}.`,
        PPALETTE_DATABASE__URL: await createUrl(),
      },
      processes: ONE_EACH,
      dispose: async () => folder[Symbol.asyncDispose](),
    };
  };
}

function sharedEnvironment(data: string): Record<string, string> {
  return {
    PPALETTE_DATA: data,
    PPALETTE_RED__LISTEN: '127.0.0.1:0',
    PPALETTE_VIOLET__PLUGIN_PATHS: PLUGIN_FOLDER,
    PPALETTE_LOG__LEVEL: 'error',
  };
}

async function measure(
  subject: string,
  create: CreateMode,
  load: Pick<Load, 'run' | 'params'> & { perS: number },
): Promise<Achievement> {
  process.stderr.write(`${subject} ...\n`);
  const intervalS = 2;
  const mode = await create();
  try {
    const hostCount = Math.round(load.perS * intervalS);
    const achieved = await measureSystem(mode, { ...load, intervalS, hostCount }, SPAN);
    rows.push({ subject, offeredPerSecond: Math.round(load.perS), achieved });
    return achieved;
  } finally {
    await mode.dispose();
  }
}

/** Plugins started, awaited and read per second by this small process, `atOnce` at a time. */
async function measureSpawns(atOnce: number, spanMs: number): Promise<number> {
  const endAt = performance.now() + spanMs;
  let count = 0;
  const run = () =>
    new Promise<void>((resolve) => {
      const child = spawn(CHECK_DUMMY, ['0', 'hi'], { stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout.resume();
      child.stderr.resume();
      child.once('close', () => resolve());
    });
  const worker = async () => {
    while (performance.now() < endAt) {
      await run();
      count++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return count / (spanMs / 1_000);
}

function writePipeline(): void {
  const table = new Table({
    head: ['subject', 'offered/s', 'checks/s', 'CPU ms', 'median <= s', 'p99 <= s', 'memory MB'],
    style: { head: [], border: [] },
  });
  for (const { subject, offeredPerSecond, achieved } of rows) {
    const system = 'memoryMb' in achieved ? achieved : null;
    table.push([
      subject,
      offeredPerSecond ?? '',
      achieved.checksPerSecond.toFixed(0),
      system?.cpuMsPerCheck.toFixed(2) ?? '',
      system?.latencyMedianS ?? '',
      system?.latencyP99S ?? '',
      system?.memoryMb.join(' + ') ?? '',
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
  writeResults('pipeline.json', { span: SPAN, rows });
}

function writeResults(name: string, results: object): void {
  mkdirSync(RESULTS, { recursive: true });
  const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version };
  const file = join(RESULTS, name);
  writeFileSync(file, `${JSON.stringify({ at: new Date(), machine, ...results }, null, 2)}\n`);
  process.stdout.write(`written to ${file}\n`);
}
