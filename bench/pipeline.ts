/**
 * The whole pipeline in both modes, beside the machine's own rate of starting the same plugin,
 * measured in the same run: from due time to stored state and history.
 */

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import Table from 'cli-table3';
import type { Role } from '../src/app/app.ts';
import { startPostgres } from '../test/servers/postgres.ts';
import { type RabbitmqServer, startRabbitmq } from '../test/servers/rabbitmq.ts';
import { tempFolder } from '../test/servers/temp.ts';
import { CHECK_DUMMY, CHECK_TCP, PLUGIN_FOLDER } from './machine.ts';
import { measureNagios } from './nagios.ts';
import { type Achievement, type Load, measureSystem } from './system.ts';

const HALF = 0.5;
const ALL_IN_ONE: Role[][] = [['grey', 'violet', 'red']];
const ONE_EACH: Role[][] = [['grey'], ['violet'], ['red']];

/** One load, and what became of it. */
export interface PipelineRow {
  readonly subject: string;
  readonly offeredPerSecond: number | null;
  readonly achieved: Achievement | { checksPerSecond: number; ownCpuMsPerCheck?: number };
}

/** Measures everything and prints a table. */
export async function benchPipeline(span: Span): Promise<readonly PipelineRow[]> {
  const rows: PipelineRow[] = [];
  const measure = createMeasure(rows, span);
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
  const full = await measure('embedded, check_dummy, saturated', createEmbedded, {
    ...plugin,
    perS: 2_500,
  });
  await measureNagiosAs(rows, 'Nagios Core 4, check_dummy', span, {
    file: CHECK_DUMMY,
    args: ['0', 'hi'],
  });
  await measure('embedded, check_dummy, half load', createEmbedded, {
    ...plugin,
    perS: full.checksPerSecond * HALF,
  });
  await measureNagiosAs(rows, 'Nagios Core 4, check_tcp', span, {
    file: CHECK_TCP,
    args: ['-H', '127.0.0.1', '-p', String(port)],
  });
  const fullTcp = await measure('embedded, built-in tcp, saturated', createEmbedded, {
    ...tcp,
    perS: 6_000,
  });
  await measure('embedded, built-in tcp, half load', createEmbedded, {
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
  printRows(rows);
  return rows;
}

async function measureNagiosAs(
  rows: PipelineRow[],
  subject: string,
  { measureS }: Span,
  plugin: Parameters<typeof measureNagios>[0],
): Promise<void> {
  const nagios = await measureNagios(plugin, measureS * 1_000);
  if (nagios === null) return;
  const { runsPerSecond: checksPerSecond, cpuMsPerRun: ownCpuMsPerCheck } = nagios;
  rows.push({ subject, offeredPerSecond: null, achieved: { checksPerSecond, ownCpuMsPerCheck } });
}

/** How long a load runs before it is measured, and how long it is. */
type Span = { readonly warmUpS: number; readonly measureS: number };

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

type Measure = (
  subject: string,
  create: CreateMode,
  load: Pick<Load, 'run' | 'params'> & { perS: number },
) => Promise<Achievement>;

/** Measures one load after the other and notes it in `rows`. */
function createMeasure(rows: PipelineRow[], span: Span): Measure {
  return async (subject, create, load) => {
    process.stderr.write(`${subject} ...\n`);
    const intervalS = 2;
    const mode = await create();
    try {
      const hostCount = Math.round(load.perS * intervalS);
      const achieved = await measureSystem(mode, { ...load, intervalS, hostCount }, span);
      rows.push({ subject, offeredPerSecond: Math.round(load.perS), achieved });
      return achieved;
    } finally {
      await mode.dispose();
    }
  };
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

function printRows(rows: readonly PipelineRow[]): void {
  const table = new Table({
    head: [
      'subject',
      'offered/s',
      'checks/s',
      'CPU ms',
      'own CPU ms',
      'median <= s',
      'p99 <= s',
      'memory MB',
    ],
    style: { head: [], border: [] },
  });
  for (const { subject, offeredPerSecond, achieved } of rows) {
    const system = 'memoryMb' in achieved ? achieved : null;
    table.push([
      subject,
      offeredPerSecond ?? '',
      achieved.checksPerSecond.toFixed(0),
      system?.cpuMsPerCheck.toFixed(2) ?? '',
      ('ownCpuMsPerCheck' in achieved ? achieved.ownCpuMsPerCheck : undefined)?.toFixed(2) ?? '',
      system?.latencyMedianS ?? '',
      system?.latencyP99S ?? '',
      system?.memoryMb.join(' + ') ?? '',
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}
