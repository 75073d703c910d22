import { existsSync, lstatSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { needs } from '../../test/servers/needs.ts';
import { type TempFolder, tempFolder, waitFor } from '../../test/servers/temp.ts';
import { createSimulatedClock } from '../../test/simulated-clock.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { type Log, silentLog } from '../lib/log.ts';
import { ConfigError, Unavailable } from '../model/errors.ts';
import { describeRrdStore } from './rrd.contract.ts';
import type { RrdDefinition, RrdStore, Sample } from './rrd.ts';
import { isRrdtoolInstalled, openRrdtool } from './rrdtool.ts';
import { workerDefinition } from './series.ts';

const START_S = 1_700_000_040;

const DEFINITION: RrdDefinition = {
  stepS: 10,
  dataSources: [{ name: 'value', kind: 'GAUGE', heartbeatS: 30, min: null, max: null }],
  archives: [{ consolidation: 'AVERAGE', stepCount: 1, rowCount: 1_000 }],
};

function sample(step: number): Sample {
  return { atS: START_S + 10 * step, values: [step] };
}

describe.skipIf(needs('rrdtool'))('the rrdtool adapter', () => {
  describeRrdStore('rrdtool', (folder) =>
    openRrdtool({ folder, clock: systemClock, log: silentLog() }),
  );
});

describe.skipIf(needs('rrdtool'))('rrdtool as a coprocess', () => {
  let temp: TempFolder;
  let folder: string;
  let store: RrdStore;

  beforeEach(async () => {
    temp = await tempFolder();
    folder = join(temp.path, 'rrd');
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await store.close();
    await temp[Symbol.asyncDispose]();
  });

  const open = async (options: { program?: string; clock?: Clock; log?: Log } = {}) => {
    store = await openRrdtool({ folder, clock: systemClock, log: silentLog(), ...options });
    return store;
  };

  /** A program that leaves its pid in `pids` and is then rrdtool, unless a file `hang` is there. */
  const writeProgram = async (extraLine = '') => {
    const path = join(temp.path, 'program');
    const lines = [
      '#!/bin/sh',
      extraLine,
      `[ "$1" = - ] && echo $$ >> ${temp.path}/pids`,
      `[ "$1" = - ] && [ -e ${temp.path}/hang ] && exec sleep 600`,
      'exec rrdtool "$@"',
    ];
    await writeFile(path, lines.join('\n'), { mode: 0o755 });
    return path;
  };
  const readPids = async () => {
    const text = await readFile(join(temp.path, 'pids'), 'utf8').catch(() => '');
    return text.trim().split('\n').map(Number);
  };
  const readRows = async (name: string, stepCount: number) => {
    const toS = START_S + 10 * stepCount;
    const span = { fromS: START_S, toS, stepS: 10, consolidation: 'AVERAGE' } as const;
    return (await store.fetch(name, span))?.rows;
  };

  test('makes its folder for its user and group only', async () => {
    await open();
    await store.update('a', DEFINITION, [sample(1)]);
    expect((await stat(folder)).mode & 0o7777).toBe(0o750);
    expect(store.driver).toBe('rrdtool');
    expect(store.problem()).toBeNull();
  });

  test('writes numbers with a point and to no daemon, whatever the environment says', async () => {
    vi.stubEnv('LC_ALL', 'de_DE.UTF-8');
    vi.stubEnv('RRDCACHED_ADDRESS', 'unix:/nowhere');
    await open({ program: await writeProgram(`env > ${temp.path}/environment`) });
    const half = { atS: START_S + 10, values: [0.5] };
    expect(await store.update('a', DEFINITION, [half])).toBe(0);
    expect(await readRows('a', 1)).toEqual([[0.5]]);
    const environment = (await readFile(join(temp.path, 'environment'), 'utf8')).split('\n');
    expect(environment).toContain('LC_ALL=C');
    expect(environment.filter((line) => line.startsWith('RRDCACHED_ADDRESS'))).toEqual([]);
    expect(environment.some((line) => line.startsWith('PATH='))).toBe(true);
  });

  test('killed in the middle of its work fails what is in flight and recovers', async () => {
    await open({ program: await writeProgram() });
    await store.update('file-0', DEFINITION, [sample(1)]);
    const [pid] = await readPids();
    const samples = Array.from({ length: 40 }, (_, index) => sample(index + 2));
    const updateAll = () =>
      Promise.allSettled(
        samples.flatMap((one) =>
          Array.from({ length: 50 }, (_, file) => store.update(`file-${file}`, DEFINITION, [one])),
        ),
      );
    const updating = updateAll();
    await waitFor('some updates', () => existsSync(join(folder, 'file-30.rrd')));
    process.kill(pid ?? Number.NaN, 'SIGKILL');
    const failed = (await updating).filter((call) => call.status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.every((call) => call.reason instanceof Unavailable)).toBe(true);
    expect(String(failed[0]?.reason)).toContain('SIGKILL ended it');

    // The caller repeats; what is in the files already is dropped.
    await waitFor('a new rrdtool', () =>
      store.update('probe', DEFINITION, [sample(1)]).then(() => true),
    );
    for (const call of await updateAll()) expect(call.status).toBe('fulfilled');
    expect(store.problem()).toBeNull();
    expect((await readPids()).length).toBe(2);
    const rows = await readRows('file-49', 41);
    expect(rows?.slice(-1)).toEqual([[41]]);
    expect(await store.update('file-49', DEFINITION, samples)).toBe(samples.length);
  });

  test('that does not answer is killed after 10 s, and started again', async () => {
    const clock = createSimulatedClock();
    await writeFile(join(temp.path, 'hang'), '');
    await open({ program: await writeProgram(), clock });
    const update = store.update('a', DEFINITION, [sample(1)]);
    const outcome = expect(update).rejects.toThrow('did not answer within 10 s');
    await waitFor('the process', async () => (await readPids())[0]);
    await clock.advance(9_999);
    expect(store.problem()).toBeNull();
    await clock.advance(1);
    await outcome;
    expect(store.problem()).toContain('did not answer');
    await rm(join(temp.path, 'hang'));
    const repeatUpdate = () => store.update('a', DEFINITION, [sample(1)]).then(() => true);
    await waitFor('a new rrdtool', repeatUpdate);
    expect(store.problem()).toBeNull();
  });

  test('that ends at once is tried less and less often, and the outage is logged once', async () => {
    const clock = createSimulatedClock();
    const lines: string[] = [];
    const program = await writeProgram();
    await open({ program, clock, log: pino({}, { write: (line: string) => lines.push(line) }) });
    await writeFile(program, '#!/bin/sh\necho broken >&2\nexit 7\n', { mode: 0o755 });
    await expect(store.update('a', DEFINITION, [sample(1)])).rejects.toThrow('code 7: broken');
    for (const waitMs of [100, 200, 400]) {
      await expect(store.update('a', DEFINITION, [sample(1)])).rejects.toThrow('code 7: broken');
      // Until the back-off has passed, calls fail at once instead of waiting.
      await clock.advance(waitMs - 1);
      await expect(store.update('a', DEFINITION, [sample(1)])).rejects.toThrow('started again');
      await clock.advance(1);
    }
    await writeProgram();
    expect(await store.update('a', DEFINITION, [sample(1)])).toBe(0);
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      'rrdtool stopped, it is started again',
      'rrdtool answers again',
    ]);
  });

  test('tells of a torn file by name, and goes on with the others', async () => {
    await open();
    for (const name of ['header', 'body', 'good'])
      await store.update(name, DEFINITION, [sample(1)]);
    await truncate(join(folder, 'header.rrd'), 100);
    await truncate(join(folder, 'body.rrd'), 3_000);
    for (const name of ['header', 'body']) {
      const torn = store.update(name, DEFINITION, [sample(2)]);
      const good = store.update('good', DEFINITION, [sample(1)]);
      await expect(torn).rejects.toThrow(Unavailable);
      await expect(torn).rejects.toThrow(`"${name}.rrd"`);
      expect(await good).toBe(1);
      await expect(readRows(name, 1)).rejects.toThrow(`"${name}.rrd"`);
    }
    await rm(join(folder, 'header.rrd'));
    expect(await store.update('header', DEFINITION, [sample(2)])).toBe(0);
  });

  test('finds its folder again when that was removed or replaced', async () => {
    await open();
    await store.update('a', DEFINITION, [sample(1)]);
    const moved = join(temp.path, 'moved');
    await rename(folder, moved);
    await waitFor('a new folder', () =>
      store.update('a', DEFINITION, [sample(2)]).then(() => true),
    );
    expect(await readRows('a', 2)).toEqual([[null], [2]]);
    // The old one comes back: not the folder of the moment is written, but the one with the path.
    await rm(folder, { recursive: true });
    await rename(moved, folder);
    await waitFor('the old folder', () =>
      store.update('a', DEFINITION, [sample(2)]).then(() => true),
    );
    expect(await readRows('a', 2)).toEqual([[1], [2]]);
  });

  test('says so while its folder cannot be used, and heals by itself', async () => {
    await writeFile(folder, 'in the way');
    await open();
    expect(store.problem()).toContain(folder);
    const update = store.update('a', DEFINITION, [sample(1)]);
    await expect(update).rejects.toThrow(Unavailable);
    await expect(update).rejects.toThrow(folder);
    await expect(readRows('a', 1)).rejects.toThrow(Unavailable);
    await rm(folder);
    expect(await store.update('a', DEFINITION, [sample(1)])).toBe(0);
    expect(store.problem()).toBeNull();
  });

  test('leaves a folder with the name of a file alone', async () => {
    await open();
    await mkdir(join(folder, 'a.rrd'), { recursive: true });
    await expect(store.update('a', DEFINITION, [sample(1)])).rejects.toThrow('not a plain file');
    expect(lstatSync(join(folder, 'a.rrd')).isDirectory()).toBe(true);
  });

  test('takes no more than 10,000 calls that wait', async () => {
    await open();
    const updates = Array.from({ length: 10_050 }, (_, index) =>
      store.update('a', DEFINITION, [sample(index + 1)]),
    );
    const calls = await Promise.allSettled(updates);
    const rejected = calls.filter((call) => call.status === 'rejected');
    expect(rejected).toHaveLength(50);
    expect(rejected[0]?.reason).toBeInstanceOf(Unavailable);
    expect(calls.slice(0, 10_000).every((call) => call.status === 'fulfilled')).toBe(true);
    expect(await store.update('a', DEFINITION, [sample(10_001)])).toBe(0);
  });

  test('reads a file of a worker at each of its resolutions', async () => {
    await open();
    const values = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const nowS = Math.floor(Date.now() / 3_600_000) * 3_600;
    const samples = Array.from({ length: 721 }, (_, index) => {
      return { atS: nowS - 7_200 + index * 10, values };
    });
    expect(await store.update('worker-a', workerDefinition(10), samples)).toBe(0);
    for (const [spanS, stepS, rowCount] of [
      [3_600, 10, 360],
      [7_200, 60, 120],
      [7_200, 300, 24],
      [7_200, 3_600, 2],
    ] as const) {
      const span = { fromS: nowS - spanS, toS: nowS, stepS, consolidation: 'MAX' } as const;
      const found = await store.fetch('worker-a', span);
      expect(found?.stepS).toBe(stepS);
      expect(found?.rows).toHaveLength(rowCount);
      expect(found?.rows.at(-1)).toEqual(values);
    }
  });
});

describe('a machine without rrdtool', () => {
  test('is told what to do', async () => {
    const program = 'no-such-rrdtool';
    expect(await isRrdtoolInstalled(program)).toBe(false);
    expect(await isRrdtoolInstalled('true')).toBe(false);
    const options = { folder: '/nowhere', clock: systemClock, log: silentLog(), program };
    const opening = openRrdtool(options);
    await expect(opening).rejects.toThrow(ConfigError);
    await expect(opening).rejects.toThrow('install rrdtool');
  });

  test.skipIf(needs('rrdtool'))('is told from one with it', async () => {
    expect(await isRrdtoolInstalled()).toBe(true);
  });
});
