import { copyFileSync, readdirSync, readlinkSync } from 'node:fs';
import {
  mkdir,
  open as openHandle,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../../../test/servers/needs.ts';
import { mountSmallDisk } from '../../../test/servers/small-disk.ts';
import { startProcess, type TempFolder, tempFolder, waitFor } from '../../../test/servers/temp.ts';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { Unavailable } from '../../model/errors.ts';
import { describeRrdStore } from '../rrd.contract.ts';
import type { RrdDefinition, RrdStore, Sample } from '../rrd.ts';
import { workerDefinition } from '../series.ts';
import { openBuiltin } from './builtin.ts';

const START_S = 1_700_000_040;
const ROW_COUNT = 100;

const DEFINITION: RrdDefinition = {
  stepS: 10,
  dataSources: [{ name: 'value', kind: 'GAUGE', heartbeatS: 30, min: null, max: null }],
  archives: [{ consolidation: 'AVERAGE', stepCount: 1, rowCount: ROW_COUNT }],
};

function sample(step: number): Sample {
  return { atS: START_S + 10 * step, values: [step] };
}

describe.skipIf(needs('rrdtool'))('the builtin adapter', () => {
  describeRrdStore('builtin', (folder) =>
    openBuiltin({ folder, clock: systemClock, log: silentLog() }),
  );
});

describe.skipIf(needs('rrdtool'))('files that this process writes itself', () => {
  let temp: TempFolder;
  let folder: string;
  let store: RrdStore;

  beforeEach(async () => {
    temp = await tempFolder();
    folder = join(temp.path, 'rrd');
    store = await openBuiltin({ folder, clock: systemClock, log: silentLog() });
  });

  afterEach(async () => {
    await store.close();
    await temp[Symbol.asyncDispose]();
  });

  const rrdtool = async (...args: string[]) => {
    await using run = await startProcess('rrdtool', args, { cwd: folder });
    const { code } = await run.exited;
    if (code !== 0) throw new Error(run.output());
    return run.output();
  };
  const readRows = async (name: string, stepCount: number) => {
    const toS = START_S + 10 * stepCount;
    const span = { fromS: START_S, toS, stepS: 10, consolidation: 'AVERAGE' } as const;
    return (await store.fetch(name, span))?.rows;
  };

  test('are for their user and group only, and nothing else lies in the folder', async () => {
    expect(await store.update('a', DEFINITION, [sample(1)])).toBe(0);
    expect((await stat(folder)).mode & 0o7777).toBe(0o750);
    expect((await stat(join(folder, 'a.rrd'))).mode & 0o7777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['a.rrd']);
    expect(store.driver).toBe('builtin');
    expect(store.problem()).toBeNull();
  });

  test('have the size that rrdtool gives them, and keep it', async () => {
    const definition = workerDefinition(10);
    const values = definition.dataSources.map((_, index) => index);
    const at = (step: number) => ({ atS: START_S + 10 * step, values });
    await store.update('ours', definition, [at(1)]);
    const { size } = await stat(join(folder, 'ours.rrd'));
    const sources = definition.dataSources.map(({ name }) => `DS:${name}:GAUGE:30:0:U`);
    const archives = definition.archives.map(
      (one) => `RRA:${one.consolidation}:0.5:${one.stepCount}:${one.rowCount}`,
    );
    await rrdtool('create', 'theirs.rrd', '--step', '10', ...sources, ...archives);
    expect(size).toBe((await stat(join(folder, 'theirs.rrd'))).size);
    await store.update('ours', definition, [at(2), at(500), at(1_000_000)]);
    expect((await stat(join(folder, 'ours.rrd'))).size).toBe(size);
  });

  test.each([
    ['a data source of another kind', ['DS:a:GAUGE:30:U:U', 'DS:b:COMPUTE:a,2,*'], 'COMPUTE'],
    [
      'Holt-Winters archives',
      ['DS:a:GAUGE:30:U:U', 'RRA:HWPREDICT:100:0.1:0.0035:10'],
      'HWPREDICT',
    ],
    ['a later version of the format', ['DS:a:DCOUNTER:30:U:U'], '000'],
  ])('of rrdtool with %s are refused, named, and left as they are', async (_, parts, word) => {
    await mkdir(folder);
    const start = ['--start', `${START_S}`, '--step', '10'];
    await rrdtool('create', 'a.rrd', ...start, ...parts, 'RRA:AVERAGE:0.5:1:10');
    const before = await rrdtool('dump', 'a.rrd');
    for (const call of [store.update('a', DEFINITION, [sample(1)]), readRows('a', 1)]) {
      const failure = await call.then(
        () => null,
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(Unavailable);
      expect(String(failure)).toContain('"a.rrd"');
      expect(String(failure)).toContain(word);
    }
    expect(await rrdtool('dump', 'a.rrd')).toBe(before);
  });

  test('of another kind of machine are refused, with the remedy', async () => {
    await store.update('a', DEFINITION, [sample(1)]);
    const file = await openHandle(join(folder, 'a.rrd'), 'r+');
    const { buffer } = await file.read(Buffer.alloc(8), 0, 8, 16);
    await file.write(buffer.reverse(), 0, 8, 16);
    await file.close();
    await expect(readRows('a', 1)).rejects.toThrow('another kind of machine');
    await expect(readRows('a', 1)).rejects.toThrow('dump and restore');
  });

  test('may be written by others between two updates, in the same instant too', async () => {
    await store.update('a', DEFINITION, [sample(1)]);
    const other = await openBuiltin({ folder, clock: systemClock, log: silentLog() });
    for (let step = 2; step < 40; step += 2) {
      expect(await store.update('a', DEFINITION, [sample(step)])).toBe(0);
      expect(await other.update('a', DEFINITION, [sample(step), sample(step + 1)])).toBe(1);
    }
    await other.close();
    await rrdtool('update', 'a.rrd', `${START_S + 400}:40`);
    await rrdtool('tune', 'a.rrd', '--maximum', 'value:41');
    expect(await store.update('a', DEFINITION, [40, 41, 42].map(sample))).toBe(1);
    const steps = Array.from({ length: 41 }, (_, index) => [index + 1]);
    expect(await readRows('a', 42)).toEqual([...steps, [null]]);
  });

  test('that are torn are told by name, and the others go on', async () => {
    for (const name of ['header', 'state', 'body', 'good'])
      await store.update(name, DEFINITION, [sample(1)]);
    const { size } = await stat(join(folder, 'good.rrd'));
    await truncate(join(folder, 'header.rrd'), 100);
    await truncate(join(folder, 'state.rrd'), 300);
    await truncate(join(folder, 'body.rrd'), size - 8);
    for (const name of ['header', 'state', 'body']) {
      const torn = store.update(name, DEFINITION, [sample(2)]);
      await expect(torn).rejects.toThrow(Unavailable);
      await expect(torn).rejects.toThrow(`"${name}.rrd"`);
      expect(await store.update('good', DEFINITION, [sample(1)])).toBe(1);
      await expect(readRows(name, 1)).rejects.toThrow(`"${name}.rrd"`);
    }
    await rm(join(folder, 'header.rrd'));
    expect(await store.update('header', DEFINITION, [sample(2)])).toBe(0);
  });

  test('that are pipes are refused as no plain files', async () => {
    await store.update('good', DEFINITION, [sample(1)]);
    await using run = await startProcess('mkfifo', [join(folder, 'pipe.rrd')]);
    await run.exited;
    for (const call of [store.update('pipe', DEFINITION, [sample(1)]), readRows('pipe', 1)]) {
      await expect(call).rejects.toThrow('"pipe.rrd" cannot be used: it is not a plain file');
    }
  });

  test('of all kinds, the header of one longer than what is read at first, take turns', async () => {
    const long = workerDefinition(10);
    const values = long.dataSources.map((_, index) => index);
    const other: RrdDefinition = { ...DEFINITION, stepS: 5 };
    for (let step = 1; step < 6; step++) {
      const { atS } = sample(step);
      expect(await store.update('plain', DEFINITION, [sample(step)])).toBe(0);
      expect(await store.update('long', long, [{ atS, values }])).toBe(0);
      expect(await store.update('other', other, [sample(step)])).toBe(0);
    }
    expect(await readRows('plain', 5)).toEqual([1, 2, 3, 4, 5].map((step) => [step]));
    expect((await readRows('long', 5))?.slice(1)).toEqual([2, 3, 4, 5].map(() => values));
    const facts = await rrdtool('lastupdate', 'other.rrd');
    expect(facts).toContain(`: 5\n`);
    await truncate(join(folder, 'long.rrd'), 4_500);
    await expect(readRows('long', 5)).rejects.toThrow('it is cut off');
  });

  test('are found again when they or their folder were removed, replaced, put back', async () => {
    await store.update('a', DEFINITION, [sample(1)]);
    const moved = join(temp.path, 'moved');
    await rename(folder, moved);
    expect(await readRows('a', 1)).toBeUndefined();
    await store.update('a', DEFINITION, [sample(2)]);
    expect(await readRows('a', 2)).toEqual([[null], [2]]);
    await rm(folder, { recursive: true });
    await rename(moved, folder);
    await store.update('a', DEFINITION, [sample(2)]);
    expect(await readRows('a', 2)).toEqual([[1], [2]]);
    copyFileSync(join(folder, 'a.rrd'), join(folder, 'copy'));
    await store.update('a', DEFINITION, [sample(3)]);
    await rename(join(folder, 'copy'), join(folder, 'a.rrd'));
    expect(await store.update('a', DEFINITION, [sample(3), sample(4)])).toBe(0);
  });

  test('cannot be made while something is in the way of the folder, and that heals by itself', async () => {
    await writeFile(folder, 'in the way');
    expect(store.problem()).toContain(folder);
    const update = store.update('a', DEFINITION, [sample(1)]);
    await expect(update).rejects.toThrow(Unavailable);
    await expect(update).rejects.toThrow(folder);
    await expect(readRows('a', 1)).rejects.toThrow(Unavailable);
    await rm(folder);
    expect(await store.update('a', DEFINITION, [sample(1)])).toBe(0);
    expect(store.problem()).toBeNull();
  });

  test('that do not fit on the disk leave nothing behind', async ({ skip }) => {
    await mkdir(folder);
    await using disk = await mountSmallDisk(folder);
    if (!disk.isMounted) return skip('this user may not mount a disk');
    await store.update('small', DEFINITION, [sample(1)]);
    const archives = [{ consolidation: 'AVERAGE', stepCount: 1, rowCount: 1_000_000 }] as const;
    const update = store.update('large', { ...DEFINITION, archives }, [sample(1)]);
    await expect(update).rejects.toThrow(Unavailable);
    await expect(update).rejects.toThrow('"large.rrd"');
    expect(readdirSync(folder)).toEqual(['small.rrd']);
    expect(await store.update('small', DEFINITION, [sample(2)])).toBe(0);
    expect(store.problem()).toContain('full');
  });

  test('that a crash left half made go after a while', async () => {
    await mkdir(folder);
    for (const name of ['.new-old', '.new-young']) await writeFile(join(folder, name), '');
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(join(folder, '.new-old'), longAgo, longAgo);
    const next = await openBuiltin({ folder, clock: systemClock, log: silentLog() });
    expect(readdirSync(folder)).toEqual(['.new-young']);
    await next.close();
  });

  test('are open while they are read or written only', async () => {
    const countOpen = () =>
      readdirSync('/proc/self/fd').filter((fd) => {
        const path = join('/proc/self/fd', fd);
        try {
          return readlinkSync(path).startsWith(folder);
        } catch {
          return false;
        }
      }).length;
    const names = Array.from({ length: 300 }, (_, index) => `file-${index}`);
    for (const step of [1, 2]) {
      const updates = names.map((name) => store.update(name, DEFINITION, [sample(step)]));
      expect(await Promise.all(updates)).toEqual(names.map(() => 0));
    }
    expect(countOpen()).toBe(0);
  });

  test('take no more than 10,000 calls that wait, and other work gets its turn meanwhile', async () => {
    const updates = Array.from({ length: 10_050 }, (_, index) =>
      store.update('a', DEFINITION, [sample(index + 1)]),
    );
    let turnCount = 0;
    let isDone = false;
    const takeTurns = () => {
      turnCount++;
      if (!isDone) setImmediate(takeTurns);
    };
    takeTurns();
    const calls = await Promise.allSettled(updates);
    isDone = true;
    expect(turnCount).toBeGreaterThan(100);
    const rejected = calls.filter((call) => call.status === 'rejected');
    expect(rejected).toHaveLength(50);
    expect(rejected[0]?.reason).toBeInstanceOf(Unavailable);
    expect(await store.update('a', DEFINITION, [sample(10_001)])).toBe(0);
  });

  test('of a process that is killed at any moment are read by rrdtool, and go on', async () => {
    const url = (path: string) => pathToFileURL(join(process.cwd(), 'dist', path)).href;
    const program = `
      import { openBuiltin } from '${url('rrd/builtin/builtin.js')}';
      import { systemClock } from '${url('lib/clock.js')}';
      import { silentLog } from '${url('lib/log.js')}';
      const store = await openBuiltin({ folder: process.argv[1], clock: systemClock, log: silentLog() });
      const definition = JSON.parse(process.argv[2]);
      for (let step = 1; ; step++) {
        const sample = { atS: ${START_S} + 10 * step, values: [step] };
        await Promise.all(['a', 'b', 'c'].map((name) => store.update(name, definition, [sample])));
        if (step % 1000 === 0) console.log(step);
      }`;
    for (let kill = 0; kill < 8; kill++) {
      const args = ['--input-type=module', '-e', program, folder, JSON.stringify(DEFINITION)];
      await using child = await startProcess(process.execPath, args);
      // A little later each time.
      const lineCount = () => child.output().split('\n').length;
      await waitFor('updates', () => lineCount() > 1 + (kill % 4));
      await child.stop('SIGKILL');
      for (const name of ['a', 'b', 'c']) await expectWhole(name);
      await rm(folder, { recursive: true });
    }
  });

  /** Every row has its own value, but for the oldest: the next update may have begun there. */
  const expectWhole = async (name: string) => {
    const facts = await rrdtool('info', `${name}.rrd`);
    const last = (Number(/last_update = (\d+)/.exec(facts)?.[1]) - START_S) / 10;
    expect(last).toBeGreaterThanOrEqual(1_000);
    expect(await store.update(name, DEFINITION, [last, last + 1, last + 2].map(sample))).toBe(1);
    const rows = (await readRows(name, last + 2))?.slice(-ROW_COUNT) ?? [];
    const steps = rows.map((_, index) => [last + 2 - rows.length + index + 1]);
    expect(rows).toEqual(steps);
    expect(await rrdtool('lastupdate', `${name}.rrd`)).toContain(`: ${last + 2}\n`);
  };
});
