/**
 * Statistics files: how many updates a second each adapter takes, and what an update costs the disk.
 * All of them write files of the same checks, one after the other, in folders of their own.
 */

import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import Table from 'cli-table3';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { openBuiltin } from '../src/rrd/builtin/builtin.ts';
import { checkDefinition, checkFileName } from '../src/rrd/check-series.ts';
import type { RrdStore } from '../src/rrd/rrd.ts';
import { openRrdcached } from '../src/rrd/rrdcached.ts';
import { isRrdtoolInstalled, openRrdtool } from '../src/rrd/rrdtool.ts';
import { needs } from '../test/servers/needs.ts';
import { startProcess, tempFolder, waitFor } from '../test/servers/temp.ts';

/** What was measured of one adapter. */
export interface RrdRow {
  readonly driver: string;
  readonly updatesPerSecond: number;
  /** What the disk writes for one update, if nobody else uses it; null where it does not tell. */
  readonly bytesPerUpdate: number | null;
}

const FILE_COUNT = 50;
/** Updates of each file whose bytes are counted. */
const COUNTED_ROUNDS = 3;
/** Where in a disk's figures the number of written sectors is, and how much one is. */
const WRITTEN_SECTORS = 6;
const SECTOR_BYTES = 512;
const INTERVAL_S = 60;
const START_S = 1_700_000_040;
/** A check with a gauge and a counter. */
const DEFINITION = checkDefinition([{ unit: 's' }, { unit: 'c' }], INTERVAL_S);

/** Measures the adapters whose programs are installed, each for `spanMs`, and prints a table. */
export async function benchRrd(spanMs: number): Promise<RrdRow[]> {
  process.stderr.write('statistics files ...\n');
  const options = { clock: systemClock, log: silentLog() };
  const rows: RrdRow[] = [];
  if (await isRrdtoolInstalled()) {
    rows.push(await measure((folder) => openRrdtool({ ...options, folder }), spanMs));
  }
  rows.push(await measure((folder) => openBuiltin({ ...options, folder }), spanMs));
  if (!needs('rrdcached')) rows.push(await measure(openWithDaemon, spanMs));
  print(rows);
  return rows;
}

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
    head: ['statistics', 'updates/s', 'bytes to disk per update'],
    style: { head: [], border: [] },
  });
  for (const { driver, updatesPerSecond, bytesPerUpdate } of rows) {
    table.push([driver, updatesPerSecond.toFixed(0), bytesPerUpdate?.toFixed(0) ?? '']);
  }
  process.stdout.write(`${table.toString()}\n`);
}

async function measure(
  open: (folder: string) => Promise<RrdStore & Partial<AsyncDisposable>>,
  spanMs: number,
): Promise<RrdRow> {
  await using temp = await tempFolder();
  const folder = join(temp.path, 'rrd');
  const store = await open(folder);
  let round = 0;
  const updateAll = async () => {
    round++;
    const sample = { atS: START_S + round * INTERVAL_S, values: [round, round * 100] };
    await Promise.all(
      Array.from({ length: FILE_COUNT }, (_, file) =>
        store.update(checkFileName(file, 0), DEFINITION, [sample]),
      ),
    );
  };
  await updateAll();
  await readAll(store);
  const bytesPerUpdate = await countBytes(folder, { store, updateAll });
  const startedAt = performance.now();
  const firstRound = round;
  while (performance.now() - startedAt < spanMs) await updateAll();
  const seconds = (performance.now() - startedAt) / 1_000;
  const updatesPerSecond = ((round - firstRound) * FILE_COUNT) / seconds;
  await store.close();
  await store[Symbol.asyncDispose]?.();
  return { driver: store.driver, updatesPerSecond, bytesPerUpdate };
}

/** Updates that come so seldom that the disk has each before the next; held back ones are read at last. */
async function countBytes(
  folder: string,
  { store, updateAll }: { store: RrdStore; updateAll: () => Promise<void> },
): Promise<number | null> {
  syncFiles(folder);
  const before = readWrittenBytes(folder);
  for (let count = 0; count < COUNTED_ROUNDS; count++) {
    await updateAll();
    syncFiles(folder);
  }
  await readAll(store);
  syncFiles(folder);
  const after = readWrittenBytes(folder);
  if (before === null || after === null) return null;
  return (after - before) / (COUNTED_ROUNDS * FILE_COUNT);
}

async function readAll(store: RrdStore): Promise<void> {
  const span = { fromS: 0, toS: 1, stepS: INTERVAL_S, consolidation: 'AVERAGE' } as const;
  for (let file = 0; file < FILE_COUNT; file++) await store.fetch(checkFileName(file, 0), span);
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
