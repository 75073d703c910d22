import { mkdir, readdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../../test/servers/needs.ts';
import { startRrdcached } from '../../test/servers/rrdcached.ts';
import {
  freePort,
  type RunningProcess,
  type TempFolder,
  tempFolder,
  waitFor,
} from '../../test/servers/temp.ts';
import { createSimulatedClock } from '../../test/simulated-clock.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { type Log, silentLog } from '../lib/log.ts';
import { Unavailable } from '../model/errors.ts';
import { describeRrdStore } from './rrd.contract.ts';
import type { RrdDefinition, RrdStore, Sample } from './rrd.ts';
import { openRrdcached } from './rrdcached.ts';
import { workerDefinition } from './series.ts';

const START_S = 1_700_000_040;
const ALL = {
  fromS: START_S,
  toS: START_S + 100_000,
  stepS: 10,
  consolidation: 'AVERAGE',
} as const;

const DEFINITION: RrdDefinition = {
  stepS: 10,
  dataSources: [{ name: 'value', kind: 'GAUGE', heartbeatS: 30, min: null, max: null }],
  archives: [{ consolidation: 'AVERAGE', stepCount: 1, rowCount: 1_000 }],
};

function sample(step: number): Sample {
  return { atS: START_S + 10 * step, values: [step] };
}

describe.skipIf(needs('rrdtool', 'rrdcached'))('the rrdcached adapter', () => {
  let own: TempFolder;
  let address: string;
  let daemon: RunningProcess;

  beforeAll(async () => {
    own = await tempFolder();
    address = `unix:${join(own.path, 'socket')}`;
    // The folders of all tests lie there.
    daemon = await startRrdcached({ folder: tmpdir(), own: own.path }, address);
  });

  afterAll(async () => {
    await daemon.stop();
    await own[Symbol.asyncDispose]();
  });

  /** A store that has rrdcached write everything when it closes, so that rrdtool can look. */
  const open = async (folder: string): Promise<RrdStore> => {
    await mkdir(folder);
    const options = { address, folder, clock: systemClock, log: silentLog() };
    const store = openRrdcached(options);
    const writeAll = async () => {
      const reader = openRrdcached(options);
      const names = (await readdir(folder)).map((file) => file.replace('.rrd', ''));
      await Promise.all(names.map((name) => reader.fetch(name, ALL).catch(() => null)));
      await reader.close();
    };
    let closed: Promise<void> | undefined;
    const close = () => {
      closed ??= store.close().then(writeAll);
      return closed;
    };
    return {
      driver: store.driver,
      update: (...args) => store.update(...args),
      fetch: (...args) => store.fetch(...args),
      remove: (...args) => store.remove(...args),
      problem: () => store.problem(),
      close,
    };
  };

  describeRrdStore('rrdcached', open);
});

describe.skipIf(needs('rrdtool', 'rrdcached'))('files behind rrdcached', () => {
  let temp: TempFolder;
  let paths: { folder: string; own: string };
  let address: string;
  let store: RrdStore;
  let daemon: RunningProcess | undefined;

  beforeEach(async () => {
    temp = await tempFolder();
    paths = { folder: join(temp.path, 'a folder'), own: join(temp.path, 'own') };
    for (const path of Object.values(paths)) await mkdir(path);
    address = `unix:${join(paths.own, 'socket')}`;
  });

  afterEach(async () => {
    await store.close();
    await daemon?.stop();
    daemon = undefined;
    await temp[Symbol.asyncDispose]();
  });

  const start = async () => {
    daemon = await startRrdcached(paths, address);
  };
  const open = (options: { clock?: Clock; log?: Log } = {}) => {
    const { folder } = paths;
    store = openRrdcached({ address, folder, clock: systemClock, log: silentLog(), ...options });
  };
  const readRows = async (name: string) => (await store.fetch(name, ALL))?.rows;

  test('over the network are in the folder of rrdcached', async () => {
    address = `127.0.0.1:${await freePort()}`;
    await start();
    open();
    expect(await store.update('a', DEFINITION, [sample(1), sample(2)])).toBe(0);
    expect(await readRows('a')).toEqual([[1], [2]]);
    expect(await readdir(paths.folder)).toEqual(['a.rrd']);
    expect(store.driver).toBe('rrdcached');
    expect(store.problem()).toBeNull();
  });

  test('over the network are out of reach of a removal, and stay as they are', async () => {
    address = `127.0.0.1:${await freePort()}`;
    await start();
    open();
    await store.update('a', DEFINITION, [sample(1)]);
    expect(await store.remove('a')).toBe('outOfReach');
    expect(await readRows('a')).toEqual([[1]]);
  });

  test('over the network cannot be told to bear longer silence, which is logged once', async () => {
    address = `127.0.0.1:${await freePort()}`;
    await start();
    const lines: string[] = [];
    open({ log: pino({}, { write: (line: string) => lines.push(line) }) });
    const longer = {
      ...DEFINITION,
      dataSources: DEFINITION.dataSources.map((source) => ({ ...source, heartbeatS: 300 })),
    };
    for (const name of ['a', 'b']) {
      expect(await store.update(name, DEFINITION, [sample(1)])).toBe(0);
      expect(await store.update(name, longer, [sample(11), sample(12)])).toBe(0);
      expect((await readRows(name))?.slice(-2)).toEqual([[null], [12]]);
    }
    const told = lines.map((line) => JSON.parse(line));
    expect(told.map(({ msg }) => msg)).toEqual(['statistics have gaps']);
    expect(told[0].remedy).toContain('rrdtool tune');
  });

  test('that are removed stay away, also when rrdcached reads its journal', async () => {
    await start();
    open();
    await store.update('a', DEFINITION, [sample(1), sample(2)]);
    await store.update('b', DEFINITION, [sample(1)]);
    expect(await store.remove('a')).toBe('removed');
    await daemon?.stop();
    await start();
    await waitFor('rrdcached', async () => expect(await readRows('b')).toEqual([[1]]));
    expect(await readdir(paths.folder)).toEqual(['b.rrd']);
  });

  test('lose nothing that was taken when rrdcached is restarted, and go on when it is back', async () => {
    await start();
    const lines: string[] = [];
    open({ log: pino({}, { write: (line: string) => lines.push(line) }) });
    const samples = Array.from({ length: 100 }, (_, index) => sample(index + 1));
    expect(await store.update('a', DEFINITION, samples)).toBe(0);
    await daemon?.stop();
    const lost = store.update('a', DEFINITION, [sample(101)]);
    await expect(lost).rejects.toThrow(Unavailable);
    expect(store.problem()).toContain('rrdcached does not answer');
    await start();
    const repeat = () => store.update('a', DEFINITION, [...samples, sample(101)]);
    expect(await waitFor('rrdcached', repeat)).toBe(100);
    expect((await readRows('a'))?.length).toBe(101);
    expect(store.problem()).toBeNull();
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      'rrdcached does not answer, it is tried again',
      'rrdcached answers again',
    ]);
  });

  test('that are removed are made again', async () => {
    await start();
    open();
    await store.update('a', DEFINITION, [sample(1)]);
    expect(await readRows('a')).toEqual([[1]]);
    await rm(join(paths.folder, 'a.rrd'));
    expect(await readRows('a')).toBeUndefined();
    expect(await store.update('a', DEFINITION, [sample(2)])).toBe(0);
    expect(await readRows('a')).toEqual([[null], [2]]);
  });

  test('of a worker are read at each of their resolutions', async () => {
    await start();
    open();
    const values = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const nowS = Math.floor(Date.now() / 3_600_000) * 3_600;
    const samples = Array.from({ length: 721 }, (_, index) => {
      return { atS: nowS - 7_200 + index * 10, values };
    });
    expect(await store.update('worker-a', workerDefinition(10), samples)).toBe(0);
    for (const [spanS, stepS, rowCount] of [
      [3_600, 10, 360],
      [3_600, 60, 60],
      [7_200, 60, 120],
      [7_200, 300, 24],
      [3_600, 3_600, 1],
    ] as const) {
      const span = { fromS: nowS - spanS, toS: nowS, stepS, consolidation: 'MAX' } as const;
      const found = await store.fetch('worker-a', span);
      expect(found?.stepS).toBe(stepS);
      expect(found?.rows).toHaveLength(rowCount);
      expect(found?.rows.at(-1)).toEqual(values);
    }
  });

  test('take no more than 10,000 calls that wait', async () => {
    await start();
    open();
    const updates = Array.from({ length: 10_050 }, (_, index) =>
      store.update(`file-${index % 100}`, DEFINITION, [sample(Math.floor(index / 100) + 1)]),
    );
    const calls = await Promise.allSettled(updates);
    expect(calls.filter((call) => call.status === 'rejected')).toHaveLength(50);
    expect((await readRows('file-7'))?.length).toBe(100);
  });
});

describe('an rrdcached', () => {
  let store: RrdStore;
  let server: Server | undefined;
  const sockets = new Set<Socket>();

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await store.close();
    server?.close();
    server = undefined;
  });

  const open = (address: string, clock: Clock, log = silentLog()) => {
    store = openRrdcached({ address, folder: tmpdir(), clock, log });
  };
  /** Something that listens there and answers each piece of input with `answer`. */
  const listen = async (port: number, answer: string) => {
    server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      socket.setEncoding('latin1').on('data', (text: string) => {
        socket.write(answer.repeat(text.split('\n').length - 1));
      });
    });
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
  };

  test('that is not there is tried less and less often, and logged once', async () => {
    const clock = createSimulatedClock();
    const lines: string[] = [];
    const port = await freePort();
    open(`127.0.0.1:${port}`, clock, pino({}, { write: (line: string) => lines.push(line) }));
    await waitFor('the first attempt', () => lines.length === 1);
    expect(store.problem()).toContain('ECONNREFUSED');
    for (const waitMs of [100, 200, 400]) {
      await expect(store.fetch('a', ALL)).rejects.toThrow('ECONNREFUSED');
      // Until the back-off has passed, calls fail at once instead of waiting.
      await clock.advance(waitMs - 1);
      await listen(port, '-1 No such file: a.rrd\n');
      await expect(store.fetch('a', ALL)).rejects.toThrow(Unavailable);
      await new Promise((resolve) => server?.close(resolve));
      await clock.advance(1);
    }
    await listen(port, '-1 No such file: a.rrd\n');
    expect(await store.fetch('a', ALL)).toBeNull();
    expect(store.problem()).toBeNull();
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      'rrdcached does not answer, it is tried again',
      'rrdcached answers again',
    ]);
  });

  test('that does not answer is given up after 10 s', async () => {
    const clock = createSimulatedClock();
    const port = await freePort();
    await listen(port, '');
    open(`127.0.0.1:${port}`, clock);
    const outcome = expect(store.fetch('a', ALL)).rejects.toThrow('did not answer within 10 s');
    await clock.advance(10_000);
    await outcome;
    expect(store.problem()).toContain('did not answer');
  });

  test.each(['hello\n', '-1 no\n-1 no\n-1 no\n-1 no\n', '2 lines\n\0\n\xff\n', '\n\n\n'])(
    'that answers %j makes calls fail, and not more',
    async (answer) => {
      const port = await freePort();
      await listen(port, answer);
      open(`127.0.0.1:${port}`, systemClock);
      for (let call = 0; call < 3; call++) {
        await expect(store.update('a', DEFINITION, [sample(1)])).rejects.toThrow(Unavailable);
      }
    },
  );
});
