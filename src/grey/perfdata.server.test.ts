import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../../test/servers/needs.ts';
import { type TempFolder, tempFolder } from '../../test/servers/temp.ts';
import { createMemoryDatabase } from '../../test/site.ts';
import type { Database } from '../database/database.ts';
import { listCheckMetrics } from '../database/queries/check-metrics.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { createMetrics, type Metrics } from '../lib/metrics.ts';
import type { CheckResult } from '../messages/check-result.ts';
import type { Perfdatum } from '../model/check.ts';
import { DEFAULT_SPANS } from '../rrd/archives.ts';
import { checkFileName } from '../rrd/check-series.ts';
import type { RrdStore } from '../rrd/rrd.ts';
import { openRrdtool } from '../rrd/rrdtool.ts';
import { type PerfdataWriter, startPerfdata } from './perfdata.ts';
import { createWriteFailures } from './write-failures.ts';

const START_S = Math.floor(Date.now() / 60_000) * 60 - 3_600;

function result(minute: number, values: Readonly<Record<string, number | null>>): CheckResult {
  const at = (START_S + minute * 60) * 1_000;
  const perfdata = Object.entries(values).map(
    ([label, value]): Perfdatum => ({
      label,
      value,
      unit: label.startsWith('count') ? 'c' : 's',
      warn: null,
      crit: null,
      min: null,
      max: null,
    }),
  );
  return {
    id: `7-${at}`,
    checkId: 7,
    scheduledAt: at,
    startedAt: at,
    finishedAt: at,
    worker: 'violet-1',
    host: 'h',
    plugin: 'p',
    keepHistory: false,
    intervalMs: 60_000,
    state: 'ok',
    exitCode: 0,
    output: '',
    longOutput: '',
    perfdata,
  };
}

let database: Database;
let metrics: Metrics;
beforeEach(async () => {
  database = await createMemoryDatabase();
  metrics = createMetrics();
});
afterEach(() => database.close());

/** Writes the results one after the other and reads what a file keeps by the minute. */
async function write(rrd: RrdStore, results: readonly CheckResult[]) {
  const writer = open(rrd);
  writer.add(results);
  await writer.stop();
}

function open(rrd: RrdStore): PerfdataWriter {
  metrics = createMetrics();
  return startPerfdata({
    archives: DEFAULT_SPANS,
    failures: createWriteFailures(systemClock, createMetrics()),
    database,
    rrd,
    log: silentLog(),
    metrics,
  });
}

describe.skipIf(needs('rrdtool'))('performance data', () => {
  let folder: TempFolder;
  let rrd: RrdStore;
  beforeEach(async () => {
    folder = await tempFolder();
    rrd = await openRrdtool({ folder: folder.path, clock: systemClock, log: silentLog() });
  });
  afterEach(async () => {
    await rrd.close();
    await folder[Symbol.asyncDispose]();
  });

  const read = async (fileNumber: number) => {
    const span = { fromS: START_S, toS: START_S + 300, stepS: 60 } as const;
    const name = checkFileName(7, fileNumber);
    const series = await rrd.fetch(name, { ...span, consolidation: 'AVERAGE' });
    const first = (START_S + 60 - (series?.startS ?? 0)) / 60;
    return series?.rows.slice(first, first + 4);
  };

  test('is kept for each metric, and a metric that fails to come is unknown', async () => {
    await write(rrd, [
      result(0, { a: 1, b: 10 }),
      result(1, { a: 2, b: 20 }),
      result(2, { a: 3 }),
      result(3, { a: null, b: 40 }),
      result(4, { b: 50 }),
    ]);
    expect(await read(0)).toEqual([
      [2, 20],
      [3, null],
      [null, 40],
      [null, 50],
    ]);
  });

  test('of a metric that turns up later gets a further file; the past stays as it is', async () => {
    await write(rrd, [result(0, { a: 1 }), result(1, { a: 2 })]);
    await write(rrd, [
      result(2, { a: 3, 'odd label / ü': 7 }),
      result(3, { a: 4, 'odd label / ü': 8 }),
    ]);
    await write(rrd, [result(4, { 'odd label / ü': 9 })]);
    expect(await read(0)).toEqual([[2], [3], [4], [null]]);
    expect(await read(1)).toEqual([[null], [7], [8], [9]]);
    expect(await listCheckMetrics(database, [7])).toMatchObject([
      { label: 'a', fileNumber: 0, sourceNumber: 0 },
      { label: 'odd label / ü', fileNumber: 1, sourceNumber: 0 },
    ]);
  });

  test('a counter is kept as its rate, and its new beginning is no leap', async () => {
    await write(rrd, [
      result(0, { count: 600 }),
      result(1, { count: 1_200 }),
      result(2, { count: 0 }),
      result(3, { count: 60 }),
    ]);
    expect((await read(0))?.slice(0, 3)).toEqual([[10], [null], [1]]);
  });

  test('of a hundred metrics is kept, more are left out', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 130 }, (_, index) => [`m${index}`, index]),
    );
    await write(rrd, [result(0, many)]);
    expect(await listCheckMetrics(database, [7])).toHaveLength(100);
  });

  test('of metrics that another grey placed meanwhile goes where that one put them', async () => {
    const writer = open(rrd);
    writer.add([result(0, { a: 1 })]);
    await writer.stop();
    await write(rrd, [result(1, { a: 1, b: 2 }), result(2, { a: 1, b: 2, c: 3 })]);
    writer.add([result(3, { a: 1, c: 3 })]);
    await writer.stop();
    expect((await read(1))?.slice(0, 3)).toEqual([[2], [2], [null]]);
    expect((await read(2))?.[2]).toEqual([3]);
  });

  test('without a value gives a metric no place: its unit is not known', async () => {
    await write(rrd, [result(0, { a: null }), result(1, { a: null, b: 1 })]);
    expect(await listCheckMetrics(database, [7])).toMatchObject([{ label: 'b', fileNumber: 0 }]);
  });

  test('of one file that cannot be written is left out, the others are written', async () => {
    // A folder in the place of the file.
    await mkdir(join(folder.path, `${checkFileName(8, 0)}.rrd`));
    await write(rrd, [
      result(1, { a: 1 }),
      { ...result(1, { a: 1 }), checkId: 8 },
      result(2, { a: 2 }),
    ]);
    expect(await metrics.format()).toMatch(/perfdata_left_out_total\{reason="unavailable"\} 1$/m);
    expect((await read(0))?.slice(0, 2)).toEqual([[1], [2]]);
  });

  test('that cannot be written is left out and counted, and fails nothing', async () => {
    await rrd.close();
    await write(rrd, [result(0, { a: 1 })]);
    expect(await metrics.format()).toMatch(/perfdata_left_out_total\{reason="unavailable"\} 1/);
  });
});
