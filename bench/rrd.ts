/**
 * Statistics files: how many updates a second each adapter takes from the writer of performance data,
 * what one costs the processors and the disk, and how long the event loop stands still meanwhile.
 * Each writes the same results of as many checks, a sample a file, round after round, in folders of
 * their own: once of few checks, once of many.
 */

import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import Table from 'cli-table3';
import { startPerfdata } from '../src/grey/perfdata.ts';
import { createWriteFailures } from '../src/grey/write-failures.ts';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { createMetrics } from '../src/lib/metrics.ts';
import type { CheckResult } from '../src/messages/check-result.ts';
import { DEFAULT_SPANS } from '../src/rrd/archives.ts';
import { openBuiltin } from '../src/rrd/builtin/builtin.ts';
import { checkFileName } from '../src/rrd/check-series.ts';
import type { RrdStore } from '../src/rrd/rrd.ts';
import { openRrdcached } from '../src/rrd/rrdcached.ts';
import { isRrdtoolInstalled, openRrdtool } from '../src/rrd/rrdtool.ts';
import { needs } from '../test/servers/needs.ts';
import { startProcess, tempFolder, waitFor } from '../test/servers/temp.ts';
import { createMemoryDatabase } from '../test/site.ts';
import { treeCpuMs } from './tree-cpu.ts';

/** What was measured of one adapter. */
export interface RrdRow {
  readonly driver: string;
  readonly files: number;
  readonly updatesPerSecond: number;
  /** Of this process and those that it started. */
  readonly cpuUsPerUpdate: number;
  /** Of the event loop of this process. */
  readonly loopDelayP99Ms: number;
  /** What the disk writes for one update, if nobody else uses it; null where it does not tell. */
  readonly bytesPerUpdate: number | null;
}

const FILE_COUNTS = [100, 2_000];
/** So many updates before it is measured: the code is compiled as it runs. */
const WARM_UP = 20_000;
/** Updates of each file whose bytes are counted. */
const COUNTED_ROUNDS = 3;
/** Where in a disk's figures the number of written sectors is, and how much one is. */
const WRITTEN_SECTORS = 6;
const SECTOR_BYTES = 512;
/** Files are copied in pieces of this. */
const PIECE_BYTES = 16_384;
const INTERVAL_S = 60;
const START_S = 1_700_000_040;

/** Measures the adapters whose programs are installed, each for `spanMs`, and prints a table. */
export async function benchRrd(spanMs: number): Promise<RrdRow[]> {
  const options = { clock: systemClock, log: silentLog() };
  const adapters: Opener[] = [(folder) => openBuiltin({ ...options, folder })];
  if (await isRrdtoolInstalled()) {
    adapters.unshift((folder) => openRrdtool({ ...options, folder }));
  }
  if (!needs('rrdcached')) adapters.push(openWithDaemon);
  const rows: RrdRow[] = [];
  for (const files of FILE_COUNTS) {
    process.stderr.write(`${files} statistics files ...\n`);
    for (const open of adapters) rows.push(await measure(open, files, spanMs));
  }
  print(rows);
  return rows;
}

type Opener = (folder: string) => Promise<RrdStore & Partial<AsyncDisposable>>;

/** A store and the rrdcached behind it, which is to be disposed of after it. */
async function openWithDaemon(folder: string): Promise<RrdStore & AsyncDisposable> {
  await mkdir(folder);
  const own = await tempFolder();
  const path = join(own.path, 'socket');
  const files = ['-l', `unix:${path}`, '-b', folder, '-B', '-j', own.path, '-p', `${path}.pid`];
  const daemon = await startProcess('rrdcached', ['-g', ...files, '-w', '3600', '-f', '7200']);
  await waitFor('rrdcached', () => readdirSync(own.path).includes('socket'));
  const address = `unix:${path}`;
  const store = openRrdcached({ address, folder, clock: systemClock, log: silentLog() });
  return Object.assign(store, {
    async [Symbol.asyncDispose]() {
      await daemon.stop();
      await own[Symbol.asyncDispose]();
    },
  });
}

function print(rows: readonly RrdRow[]): void {
  const table = new Table({
    head: ['statistics', 'files', 'updates/s', 'CPU us', 'loop p99 ms', 'bytes to disk per update'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.driver,
      row.files,
      row.updatesPerSecond.toFixed(0),
      row.cpuUsPerUpdate.toFixed(1),
      row.loopDelayP99Ms.toFixed(1),
      row.bytesPerUpdate?.toFixed(0) ?? '',
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}

async function measure(open: Opener, files: number, spanMs: number): Promise<RrdRow> {
  await using temp = await tempFolder();
  const folder = join(temp.path, 'rrd');
  const store = await open(folder);
  const database = await createMemoryDatabase();
  const writer = startPerfdata({
    database,
    rrd: store,
    failures: createWriteFailures(systemClock, createMetrics()),
    archives: DEFAULT_SPANS,
    log: silentLog(),
    metrics: createMetrics(),
  });
  let round = 0;
  const update = async (count: number) => {
    round++;
    writer.add(Array.from({ length: count }, (_, check) => resultOf(check + 1, round)));
    await writer.stop();
  };
  await update(1);
  copyFile(folder, files);
  for (let count = 0; count < 2; count++) await update(files);
  await readAll(store, files);
  const updateAll = () => update(files);
  const bytesPerUpdate = await countBytes(folder, { store, files, updateAll });
  while (round * files < WARM_UP) await updateAll();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const [startedAt, cpuMs] = [performance.now(), treeCpuMs(process.pid)];
  const firstRound = round;
  while (performance.now() - startedAt < spanMs) await updateAll();
  const tookMs = performance.now() - startedAt;
  delay.disable();
  const count = (round - firstRound) * files;
  const cpuUsPerUpdate = ((treeCpuMs(process.pid) - cpuMs) * 1_000) / count;
  await expectWritten(store, round);
  await store.close();
  await store[Symbol.asyncDispose]?.();
  await database.close();
  return {
    driver: store.driver,
    files,
    updatesPerSecond: (count / tookMs) * 1_000,
    cpuUsPerUpdate,
    loopDelayP99Ms: delay.percentile(99) / 1_000_000,
    bytesPerUpdate,
  };
}

/** A result with a gauge and a counter. */
function resultOf(checkId: number, round: number): CheckResult {
  const at = (START_S + round * INTERVAL_S) * 1_000;
  const limits = { warn: null, crit: null, min: null, max: null };
  return {
    id: `${checkId}-${round}`,
    checkId,
    scheduledAt: at,
    startedAt: at,
    finishedAt: at,
    worker: 'violet-1',
    host: 'host',
    plugin: 'plugin',
    keepHistory: false,
    intervalMs: INTERVAL_S * 1_000,
    state: 'ok',
    exitCode: 0,
    output: '',
    longOutput: '',
    perfdata: [
      { label: 'time', value: round, unit: 's', ...limits },
      { label: 'count', value: round * 100, unit: 'c', ...limits },
    ],
  };
}

/**
 * Gives every check the file of the first: to make each would measure the disk. They are written in
 * pieces, as the adapters make them: how large these are decides what later writes cost the kernel.
 */
function copyFile(folder: string, files: number): void {
  const pathOf = (checkId: number) => join(folder, `${checkFileName(checkId, 0)}.rrd`);
  const bytes = readFileSync(pathOf(1));
  for (let check = 2; check <= files; check++) {
    const file = openSync(pathOf(check), 'w');
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      writeSync(file, bytes.subarray(at, at + PIECE_BYTES), 0, null, at);
    }
    closeSync(file);
  }
}

/** A writer never fails: whether the samples are in the file is asked of the file. */
async function expectWritten(store: RrdStore, round: number): Promise<void> {
  const atS = START_S + round * INTERVAL_S;
  const span = { fromS: atS - INTERVAL_S, toS: atS, stepS: INTERVAL_S } as const;
  const series = await store.fetch(checkFileName(1, 0), { ...span, consolidation: 'AVERAGE' });
  if (!series?.rows.some(([gauge]) => gauge !== null)) throw new Error('nothing was written');
}

/** Updates that come so seldom that the disk has each before the next; held back ones are read at last. */
async function countBytes(
  folder: string,
  { store, files, updateAll }: { store: RrdStore; files: number; updateAll: () => Promise<void> },
): Promise<number | null> {
  syncFiles(folder);
  const before = readWrittenBytes(folder);
  for (let count = 0; count < COUNTED_ROUNDS; count++) {
    await updateAll();
    syncFiles(folder);
  }
  await readAll(store, files);
  syncFiles(folder);
  const after = readWrittenBytes(folder);
  if (before === null || after === null) return null;
  return (after - before) / (COUNTED_ROUNDS * files);
}

async function readAll(store: RrdStore, files: number): Promise<void> {
  const span = { fromS: 0, toS: 1, stepS: INTERVAL_S, consolidation: 'AVERAGE' } as const;
  for (let check = 1; check <= files; check++) await store.fetch(checkFileName(check, 0), span);
}

function syncFiles(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = openSync(join(folder, name), 'r+');
    fsyncSync(file);
    closeSync(file);
  }
}

/** Bytes that the folder's disk wrote so far, for whomever; Linux tells for real disks. */
function readWrittenBytes(folder: string): number | null {
  const { dev } = statSync(folder);
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
  try {
    const fields = readFileSync(`/sys/dev/block/${major}:${minor}/stat`, 'utf8')
      .trim()
      .split(/\s+/);
    return Number(fields[WRITTEN_SECTORS]) * SECTOR_BYTES;
  } catch {
    return null;
  }
}
