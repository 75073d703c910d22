/** What every adapter of the statistics port promises, as tests; rrdtool itself is the oracle. */

import { readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startProcess, tempFolder } from '../../test/servers/temp.ts';
import { AssertionError } from '../lib/assert.ts';
import { InvalidInput, Unavailable } from '../model/errors.ts';
import { checkDefinition } from './check-series.ts';
import type { RrdDefinition, RrdStore, Sample, Series } from './rrd.ts';

/** Opens a store of the adapter under test, on the machine's clock. */
export type OpenStore = (folder: string) => Promise<RrdStore>;

/** A multiple of 60, in the past. */
const START_S = 1_700_000_040;

const DEFINITION: RrdDefinition = {
  stepS: 10,
  dataSources: [
    { name: 'up', kind: 'GAUGE', heartbeatS: 30, min: 0, max: 100 },
    { name: 'Used_KiB', kind: 'GAUGE', heartbeatS: 30, min: null, max: null },
  ],
  archives: [
    { consolidation: 'AVERAGE', stepCount: 1, rowCount: 360 },
    { consolidation: 'AVERAGE', stepCount: 6, rowCount: 100 },
    { consolidation: 'MAX', stepCount: 6, rowCount: 100 },
  ],
};

/** Samples a step apart, the first one step after `START_S`. */
function samplesOf(...rows: (readonly (number | null)[])[]): Sample[] {
  return rows.map((values, index) => ({ atS: START_S + 10 * (index + 1), values }));
}

/** The rows of one step that end after `START_S`, up to `rowCount` of them. */
function fetchSteps(store: RrdStore, name: string, rowCount: number): Promise<Series | null> {
  const toS = START_S + 10 * rowCount;
  return store.fetch(name, { fromS: START_S, toS, stepS: 10, consolidation: 'AVERAGE' });
}

function roundAsPrinted(value: number | null): number {
  return Number((value ?? Number.NaN).toExponential(10));
}

async function runRrdtool(folder: string, ...args: string[]): Promise<string> {
  await using run = await startProcess('rrdtool', args, { cwd: folder });
  const { code } = await run.exited;
  if (code !== 0) throw new Error(run.output());
  return run.output();
}

/** A store in a folder of its own; both go at the end of the scope. */
async function openIn(open: OpenStore) {
  const temp = await tempFolder();
  const folder = join(temp.path, 'rrd');
  const store = await open(folder);
  return {
    folder,
    store,
    async [Symbol.asyncDispose]() {
      await store.close();
      await temp[Symbol.asyncDispose]();
    },
  };
}

/** The contract. */
export function describeRrdStore(name: string, open: OpenStore): void {
  describe(`${name} keeps the promises of the statistics port:`, () => {
    describe('files', () => describeFiles(open));
    describe('values', () => describeValues(open));
    describe('failures', () => describeFailures(open));
  });
}

function describeFiles(open: OpenStore): void {
  test('the first update makes a file that rrdtool reads, by the definition', async () => {
    await using opened = await openIn(open);
    expect(await opened.store.update('a', DEFINITION, samplesOf([1, 2]))).toBe(0);
    await fetchSteps(opened.store, 'a', 1); // an engine may hold samples back until somebody reads
    const facts = (await runRrdtool(opened.folder, 'info', 'a.rrd')).split('\n');
    expect(facts).toEqual(
      expect.arrayContaining([
        'step = 10',
        `last_update = ${START_S + 10}`,
        'ds[up].index = 0',
        'ds[up].type = "GAUGE"',
        'ds[up].minimal_heartbeat = 30',
        'ds[up].min = 0.0000000000e+00',
        'ds[up].max = 1.0000000000e+02',
        'ds[Used_KiB].index = 1',
        'ds[Used_KiB].min = NaN',
        'rra[0].cf = "AVERAGE"',
        'rra[0].rows = 360',
        'rra[0].pdp_per_row = 1',
        'rra[1].pdp_per_row = 6',
        'rra[2].cf = "MAX"',
      ]),
    );
    expect(facts.some((fact) => fact.startsWith('rra[3]'))).toBe(false);
  });

  test('a missing file reads as null, and reading does not make it', async () => {
    await using opened = await openIn(open);
    expect(await fetchSteps(opened.store, 'missing', 1)).toBeNull();
    await expect(runRrdtool(opened.folder, 'info', 'missing.rrd')).rejects.toThrow();
  });

  test('no samples make no file', async () => {
    await using opened = await openIn(open);
    expect(await opened.store.update('a', DEFINITION, [])).toBe(0);
    expect(await fetchSteps(opened.store, 'a', 1)).toBeNull();
  });

  test.each(['', 'A', 'a/b', '../a', 'a.b', 'a b', 'a\nquit', '%2f', '%', 'ä', 'a\0', '*'])(
    'the name %j is refused as a bug',
    async (bad) => {
      await using opened = await openIn(open);
      const update = opened.store.update(bad, DEFINITION, samplesOf([1, 2]));
      await expect(update).rejects.toThrow(AssertionError);
      await expect(fetchSteps(opened.store, bad, 1)).rejects.toThrow(AssertionError);
    },
  );

  test.each(['-r', '--', '%2E%2E%2F', 'quit', 'con', 'a'.repeat(210)])(
    'the name %j is one like any other',
    async (odd) => {
      await using opened = await openIn(open);
      await opened.store.update(odd, DEFINITION, samplesOf([1, 2]));
      expect((await fetchSteps(opened.store, odd, 1))?.rows).toEqual([[1, 2]]);
    },
  );

  test('two stores do not share anything', async () => {
    await using one = await openIn(open);
    await using other = await openIn(open);
    await one.store.update('a', DEFINITION, samplesOf([1, 1]));
    expect(await fetchSteps(other.store, 'a', 1)).toBeNull();
    await other.store.update('a', DEFINITION, samplesOf([2, 2]));
    expect((await fetchSteps(one.store, 'a', 1))?.rows).toEqual([[1, 1]]);
    await one.store.close();
    expect((await fetchSteps(other.store, 'a', 1))?.rows).toEqual([[2, 2]]);
  });

  test('a removed file is gone with all that waits to be written, and may be made again', async () => {
    await using opened = await openIn(open);
    const { store, folder } = opened;
    await store.update('other', DEFINITION, samplesOf([7, 7]));
    const early = store.update('a', DEFINITION, samplesOf([1, 1], [2, 2]));
    expect(await store.remove('a')).toBe('removed');
    expect(await early).toBe(0);
    expect(await readdir(folder)).toEqual(['other.rrd']);
    expect(await fetchSteps(store, 'a', 2)).toBeNull();
    expect(await store.remove('a')).toBe('missing');
    const [, , third, fourth] = samplesOf([1, 1], [2, 2], [3, 3], [4, 4]);
    if (!third || !fourth) throw new Error('four samples');
    expect(await store.update('a', DEFINITION, [third, fourth])).toBe(0);
    expect((await fetchSteps(store, 'a', 4))?.rows.slice(1)).toEqual([
      [null, null],
      [3, 3],
      [4, 4],
    ]);
    expect((await fetchSteps(store, 'other', 1))?.rows).toEqual([[7, 7]]);
    await expect(store.remove('../a')).rejects.toThrow(AssertionError);
  });

  test('of many calls for one file a removal keeps its place among them', async () => {
    await using opened = await openIn(open);
    const { store } = opened;
    const [first, second] = samplesOf([1, 1], [2, 2]);
    if (!first || !second) throw new Error('two samples');
    const calls = [
      store.update('a', DEFINITION, [second]),
      store.remove('a'),
      store.update('a', DEFINITION, [first]),
      store.remove('a'),
      store.remove('a'),
      store.update('a', DEFINITION, [first, second]),
    ];
    expect(await Promise.all(calls)).toEqual([0, 'removed', 0, 'removed', 'missing', 0]);
    expect((await fetchSteps(store, 'a', 2))?.rows).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test('what was handed over before close is in the files, and nothing is taken after', async () => {
    await using opened = await openIn(open);
    const names = Array.from({ length: 20 }, (_, index) => `file-${index}`);
    const updates = names.map((name) => opened.store.update(name, DEFINITION, samplesOf([1, 2])));
    await opened.store.close();
    expect(await Promise.all(updates)).toEqual(names.map(() => 0));
    for (const name of names) {
      const facts = await runRrdtool(opened.folder, 'info', `${name}.rrd`);
      expect(facts).toContain(`last_update = ${START_S + 10}\n`);
    }
    const late = opened.store.update('a', DEFINITION, samplesOf([1, 2]));
    await expect(late).rejects.toThrow(Unavailable);
  });
}

function describeValues(open: OpenStore): void {
  test('values come back as rrdtool prints them', async () => {
    await using opened = await openIn(open);
    const rows = Array.from({ length: 30 }, (_, index) => [(index * 7) % 100, index / 3 - 4]);
    await opened.store.update('a', DEFINITION, samplesOf(...rows));
    for (const stepS of [10, 60]) {
      const span = { fromS: START_S + 5, toS: START_S + 250, stepS };
      const found = await opened.store.fetch('a', { ...span, consolidation: 'AVERAGE' });
      expect(found?.names).toEqual(['up', 'Used_KiB']);
      expect(found?.stepS).toBe(stepS);
      const times = ['-s', `${span.fromS}`, '-e', `${span.toS - 1}`, '-r', `${stepS}`];
      const printed = await runRrdtool(opened.folder, 'fetch', 'a.rrd', 'AVERAGE', ...times);
      const lines = printed.split('\n').filter((line) => line.includes(':'));
      expect(found?.rows.length).toBe(lines.length);
      expect(
        found?.rows.map((row, index) => [
          found.startS + index * found.stepS,
          ...row.map(roundAsPrinted),
        ]),
      ).toEqual(lines.map((line) => line.split(/:? /).map(Number)));
    }
  });

  test('a row is the value of the step that ends at its time', async () => {
    await using opened = await openIn(open);
    await opened.store.update('a', DEFINITION, samplesOf([1, 10], [2, 20], [3, 30]));
    const all = { startS: START_S + 10, stepS: 10, names: ['up', 'Used_KiB'] };
    expect(await fetchSteps(opened.store, 'a', 3)).toEqual({
      ...all,
      rows: [
        [1, 10],
        [2, 20],
        [3, 30],
      ],
    });
    expect(await fetchSteps(opened.store, 'a', 2)).toEqual({
      ...all,
      rows: [
        [1, 10],
        [2, 20],
      ],
    });
  });

  test('the archive nearest to the wish is read, cut to what it keeps', async () => {
    await using opened = await openIn(open);
    const rows = Array.from({ length: 12 }, (_, index) => [index, -index]);
    await opened.store.update('a', DEFINITION, samplesOf(...rows));
    const span = { fromS: START_S - 600, toS: START_S + 1_000_000, consolidation: 'MAX' } as const;
    const highest = await opened.store.fetch('a', { ...span, stepS: 1 });
    expect(highest?.stepS).toBe(60);
    expect(highest?.startS).toBe(START_S - 540);
    expect(highest?.rows.slice(-2)).toEqual([
      [5, 0],
      [11, -6],
    ]);
    const always = { ...span, fromS: 0, toS: 1e11, stepS: 1, consolidation: 'AVERAGE' } as const;
    const coarse = await opened.store.fetch('a', always);
    expect(coarse?.stepS).toBe(60);
    expect(coarse?.rows.length).toBe(100);
    const later = { ...always, fromS: START_S + 5_000 };
    expect((await opened.store.fetch('a', later))?.rows).toEqual([]);
    expect((await opened.store.fetch('a', { ...always, toS: 100 }))?.rows).toEqual([]);
  });

  test('a consolidation that the file does not keep is named', async () => {
    await using opened = await openIn(open);
    await opened.store.update('a', DEFINITION, samplesOf([1, 2]));
    const span = { fromS: START_S, toS: START_S + 10, stepS: 10, consolidation: 'MIN' } as const;
    const fetching = opened.store.fetch('a', span);
    await expect(fetching).rejects.toThrow(InvalidInput);
    await expect(fetching).rejects.toThrow('MIN');
  });

  test('a check that comes to run every 600 s instead of 60 s has no gap, and keeps its past', async () => {
    await using opened = await openIn(open);
    const { store, folder } = opened;
    const metrics = [{ unit: 's' }, { unit: 'c' }];
    const [often, seldom] = [checkDefinition(metrics, 60), checkDefinition(metrics, 600)];
    const at = (minute: number) => ({ atS: START_S + 60 * minute, values: [minute, 60 * minute] });
    for (const minute of [1, 2, 3, 4, 5]) await store.update('a', often, [at(minute)]);
    for (const minute of [10, 20, 30]) await store.update('a', seldom, [at(minute)]);
    const read = async (toMinute: number) => {
      const span = { fromS: START_S + 120, toS: START_S + 60 * toMinute, stepS: 60 };
      return (await store.fetch('a', { ...span, consolidation: 'AVERAGE' }))?.rows;
    };
    const first = [3, 4, 5].map((value) => [value, 1]);
    const next = [10, 20, 30].flatMap((value) =>
      Array.from({ length: value === 10 ? 5 : 10 }, () => [value, 1]),
    );
    expect(await read(30)).toEqual([...first, ...next]);
    const facts = await runRrdtool(folder, 'info', 'a.rrd');
    expect(facts).toContain('ds[m0].minimal_heartbeat = 1800\n');
    expect(facts).toContain('ds[m1].minimal_heartbeat = 1800\n');
    expect(facts).toContain('step = 60\n');

    // Back again: what is borne stays, so that nothing goes to and fro.
    for (const minute of [31, 32]) await store.update('a', often, [at(minute)]);
    expect((await read(32))?.slice(-2)).toEqual([
      [31, 1],
      [32, 1],
    ]);
    expect(await runRrdtool(folder, 'info', 'a.rrd')).toContain('minimal_heartbeat = 1800\n');
  });

  test('a file that another store made bears the silence that the definition says', async () => {
    await using opened = await openIn(open);
    const { store, folder } = opened;
    const bounds = ['DS:up:GAUGE:11:0:100', 'DS:Used_KiB:GAUGE:1000:U:U', 'RRA:AVERAGE:0.5:1:360'];
    await store.update('b', DEFINITION, samplesOf([1, 1])); // the folder is made with the first file
    await runRrdtool(folder, 'create', 'a.rrd', '-b', `${START_S}`, '-s', '10', ...bounds);
    const [, , third, , , sixth] = samplesOf([], [], [3, 4], [], [], [5, 6]);
    if (!third || !sixth) throw new Error('six samples');
    expect(await store.update('a', DEFINITION, [third, sixth])).toBe(0);
    expect((await fetchSteps(store, 'a', 6))?.rows.slice(0, 3)).toEqual([
      [3, 4],
      [3, 4],
      [3, 4],
    ]);
    expect((await fetchSteps(store, 'a', 6))?.rows.slice(3)).toEqual([
      [5, 6],
      [5, 6],
      [5, 6],
    ]);
    const facts = await runRrdtool(folder, 'info', 'a.rrd');
    expect(facts).toContain('ds[up].minimal_heartbeat = 30\n');
    expect(facts).toContain('ds[Used_KiB].minimal_heartbeat = 1000\n');
  });

  test('null, what is no number and what is out of range are unknown', async () => {
    await using opened = await openIn(open);
    const rows = [
      [null, 1],
      [101, null],
      [-1, 2],
      [Number.NaN, Number.POSITIVE_INFINITY],
      [100, -0],
    ];
    expect(await opened.store.update('a', DEFINITION, samplesOf(...rows))).toBe(0);
    expect((await fetchSteps(opened.store, 'a', 5))?.rows).toEqual([
      [null, 1],
      [null, null],
      [null, 2],
      [null, null],
      [100, 0],
    ]);
  });

  test('numbers of any size come back to ten digits', async () => {
    await using opened = await openIn(open);
    const numbers = [1e-7, -1e-300, 1e21, -1.5e300, 123_456_789.125, 2 ** 53, Math.PI, 1e100];
    const rows = numbers.map((number) => [0, number]);
    await opened.store.update('a', DEFINITION, samplesOf(...rows));
    const found = await fetchSteps(opened.store, 'a', numbers.length);
    for (const [index, number] of numbers.entries()) {
      expect((found?.rows[index]?.[1] ?? Number.NaN) / number).toBeCloseTo(1, 9);
    }
  });

  test('counters become rates, and take no negative counts', async () => {
    await using opened = await openIn(open);
    const definition: RrdDefinition = {
      ...DEFINITION,
      dataSources: (['COUNTER', 'DERIVE', 'ABSOLUTE'] as const).map((kind) => {
        return { name: kind, kind, heartbeatS: 30, min: null, max: null };
      }),
    };
    const rows = [
      [1e21, 1e9, 10],
      [1e21, 1e9 - 50.4, 20],
      [-5, 1e9, 1e-7],
    ];
    expect(await opened.store.update('a', definition, samplesOf(...rows))).toBe(0);
    expect((await fetchSteps(opened.store, 'a', 3))?.rows).toEqual([
      [null, null, 1],
      [0, -5, 2],
      [null, 5, 1e-8],
    ]);
  });

  test('samples that the file has already are dropped and counted, the newer ones are taken', async () => {
    await using opened = await openIn(open);
    const samples = samplesOf([1, 1], [2, 2], [3, 3], [4, 4]);
    const { store } = opened;
    expect(await store.update('a', DEFINITION, samples.slice(0, 2))).toBe(0);
    expect(await store.update('a', DEFINITION, samples.slice(0, 2))).toBe(2);
    expect(await store.update('a', DEFINITION, samples)).toBe(2);
    expect(await store.update('a', DEFINITION, samples.slice(1, 2))).toBe(1);
    expect((await fetchSteps(store, 'a', 4))?.rows).toEqual([1, 2, 3, 4].map((n) => [n, n]));
  });

  test('samples that go back in time are dropped and counted', async () => {
    await using opened = await openIn(open);
    const [one, two, three] = samplesOf([1, 1], [2, 2], [3, 3]);
    const samples = [two, one, two, three].flatMap((sample) => sample ?? []);
    expect(await opened.store.update('a', DEFINITION, samples)).toBe(2);
    expect((await fetchSteps(opened.store, 'a', 3))?.rows.slice(1)).toEqual([
      [2, 2],
      [3, 3],
    ]);
  });

  test('many samples at once are all taken', async () => {
    await using opened = await openIn(open);
    const rows = Array.from({ length: 350 }, (_, index) => [index % 100, index]);
    expect(await opened.store.update('a', DEFINITION, samplesOf(...rows))).toBe(0);
    expect(await opened.store.update('a', DEFINITION, samplesOf(...rows))).toBe(350);
    expect((await fetchSteps(opened.store, 'a', 350))?.rows).toEqual(rows);
  });

  test('a sample far in the future or before 1980 is dropped, and does not block the file', async () => {
    await using opened = await openIn(open);
    const nowS = Math.floor(Date.now() / 1_000);
    const values = [1, 1];
    const mad = [nowS + 86_400 + 60, nowS * 1_000, 0, -1, 8.64e12].map((atS) => ({ atS, values }));
    expect(await opened.store.update('a', DEFINITION, mad)).toBe(mad.length);
    const samples = [...mad, { atS: nowS + 0.9, values }, { atS: nowS + 3_600, values }];
    expect(await opened.store.update('a', DEFINITION, samples)).toBe(mad.length);
    await fetchSteps(opened.store, 'a', 1);
    const facts = await runRrdtool(opened.folder, 'info', 'a.rrd');
    expect(facts).toContain(`last_update = ${nowS + 3_600}\n`);
  });

  test('2,000 updates of 50 files without waiting arrive in order', async () => {
    await using opened = await openIn(open);
    const updates = Array.from({ length: 2_000 }, (_, index) => {
      const round = Math.floor(index / 50);
      const sample = { atS: START_S + 10 * (round + 1), values: [round, index] };
      return opened.store.update(`file-${index % 50}`, DEFINITION, [sample]);
    });
    // Reading waits for its turn too.
    const last = await fetchSteps(opened.store, 'file-49', 40);
    expect(last?.rows.at(-1)).toEqual([39, 1_999]);
    expect((await Promise.all(updates)).every((droppedCount) => droppedCount === 0)).toBe(true);
    for (const file of [0, 17, 49]) {
      const found = await fetchSteps(opened.store, `file-${file}`, 40);
      expect(found?.rows).toEqual(
        Array.from({ length: 40 }, (_, round) => [round, round * 50 + file]),
      );
    }
  });
}

function describeFailures(open: OpenStore): void {
  test('a foreign file fails its own calls by name, and stays as it is', async () => {
    await using opened = await openIn(open);
    await opened.store.update('good', DEFINITION, samplesOf([1, 1]));
    await writeFile(join(opened.folder, 'foreign.rrd'), 'my notes\n'.repeat(1_000));
    await writeFile(join(opened.folder, 'empty.rrd'), '');
    for (const name of ['foreign', 'empty']) {
      const calls = await Promise.allSettled([
        opened.store.update(name, DEFINITION, samplesOf([1, 2])),
        fetchSteps(opened.store, name, 1),
        opened.store.update('good', DEFINITION, samplesOf([1, 1], [2, 2])),
      ]);
      for (const call of calls.slice(0, 2)) {
        const reason: unknown = call.status === 'rejected' ? call.reason : undefined;
        expect(reason).toBeInstanceOf(Unavailable);
        expect(String(reason)).toContain(`"${name}.rrd"`);
      }
      expect(calls[2]?.status).toBe('fulfilled');
    }
    expect((await fetchSteps(opened.store, 'good', 2))?.rows).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(opened.store.problem()).toBeNull();
  });

  test('a link is not followed, wherever it leads', async () => {
    await using opened = await openIn(open);
    await using elsewhere = await openIn(open);
    await elsewhere.store.update('target', DEFINITION, samplesOf([1, 1]));
    await opened.store.update('good', DEFINITION, samplesOf([1, 1]));
    for (const [name, target] of [
      ['a', 'target.rrd'],
      ['b', 'not-there.rrd'],
    ] as const) {
      await symlink(join(elsewhere.folder, target), join(opened.folder, `${name}.rrd`));
      const update = opened.store.update(name, DEFINITION, samplesOf([1, 1], [2, 2]));
      await expect(update).rejects.toThrow(Unavailable);
      await expect(fetchSteps(opened.store, name, 1)).rejects.toThrow(`"${name}.rrd"`);
      await expect(opened.store.remove(name)).rejects.toThrow(`"${name}.rrd"`);
    }
    expect(await readdir(opened.folder)).toEqual(expect.arrayContaining(['a.rrd', 'b.rrd']));
    expect((await fetchSteps(elsewhere.store, 'target', 2))?.rows).toHaveLength(1);
    expect(await fetchSteps(elsewhere.store, 'not-there', 1)).toBeNull();
  });

  test('a file of another definition takes what it has, and lacks what it has not by name', async () => {
    await using opened = await openIn(open);
    const [up, used] = DEFINITION.dataSources;
    if (!up || !used) throw new Error('two data sources');
    await opened.store.update('a', DEFINITION, samplesOf([1, 10]));
    const less = { ...DEFINITION, dataSources: [used] };
    expect(await opened.store.update('a', less, samplesOf([9], [20]))).toBe(1);
    expect((await fetchSteps(opened.store, 'a', 2))?.rows).toEqual([
      [1, 10],
      [null, 20],
    ]);
    const more = { ...DEFINITION, dataSources: [up, used, { ...up, name: 'more' }] };
    const update = opened.store.update('a', more, samplesOf([1, 2, 3], [1, 2, 3], [1, 2, 3]));
    await expect(update).rejects.toThrow(Unavailable);
    await expect(update).rejects.toThrow('"a.rrd"');
  });

  test.each([
    { name: '' },
    { name: 'a b' },
    { name: 'a\nquit' },
    { name: 'a'.repeat(20) },
    { heartbeatS: 0 },
  ])('a data source with %j is refused as a bug', async (change) => {
    await using opened = await openIn(open);
    const [up] = DEFINITION.dataSources;
    if (!up) throw new Error('a data source');
    const bad = { ...DEFINITION, dataSources: [{ ...up, ...change }] };
    const update = opened.store.update('a', bad, samplesOf([1]));
    await expect(update).rejects.toThrow(AssertionError);
    const wrongCount = opened.store.update('a', DEFINITION, samplesOf([1]));
    await expect(wrongCount).rejects.toThrow(AssertionError);
  });
}
