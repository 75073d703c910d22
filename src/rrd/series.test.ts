import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AssertionError } from '../lib/assert.ts';
import { checkDefinition } from './check-series.ts';
import {
  COMMON_FILE_NAMES,
  commonWrites,
  WORKER_SERIES,
  workerDefinition,
  workerFileName,
  workerSample,
} from './series.ts';

const COUNTS = {
  ...{ checksOk: 1, checksWarn: 2, checksError: 3, checksIncorrect: 4, checksAll: 5 },
  ...{ checksActive: 6, hostsAll: 7, hostsActive: 8, hostsActiveUp: 9, ramUsedKib: 10 },
  ...{ hostsDown: 11, hostsUnreachable: 12, problemsSoft: 13, problemsUnhandled: 14 },
  ...{ latenessMedianS: 0.1, latenessP99S: 0.2, checksMissed: 0.3, resultsStored: 0.4 },
};

/** Steps and rows of one consolidation, as `steps x rows`. */
function archivesOf(stepS: number): string[] {
  return workerDefinition(stepS)
    .archives.filter((archive) => archive.consolidation === 'MIN')
    .map((archive) => `${archive.stepCount} x ${archive.rowCount}`);
}

describe('definitions', () => {
  test.each([
    [1, ['1 x 3600', '60 x 2880', '300 x 4032', '3600 x 17520']],
    [3, ['1 x 1200', '20 x 2880', '100 x 4032', '1200 x 17520']],
    [7, ['1 x 515', '9 x 2743', '43 x 4019', '514 x 17530']],
    [60, ['1 x 2880', '5 x 4032', '60 x 17520']],
    [300, ['1 x 4032', '12 x 17520']],
    [3_600, ['1 x 17520']],
    [86_400, ['1 x 730']],
  ])('with a step of %i s have the archives %j', (stepS, archives) => {
    expect(archivesOf(stepS)).toEqual(archives);
  });

  test('keep average, lowest and highest of each resolution', () => {
    const { archives } = workerDefinition(60);
    expect(archives.map((archive) => archive.consolidation)).toEqual(
      [1, 2, 3].flatMap(() => ['AVERAGE', 'MIN', 'MAX']),
    );
  });

  test('keep what the operator wants instead', () => {
    const spans = [{ resolutionS: 300, spanS: 86_400 }];
    const kept = [{ consolidation: 'AVERAGE', stepCount: 5, rowCount: 288 }];
    const definitions = [
      workerDefinition(60, spans),
      checkDefinition([{ unit: '' }], 60, spans),
      ...commonWrites(COUNTS, { atS: 60, stepS: 60, spans }).map(({ definition }) => definition),
    ];
    for (const { archives } of definitions) {
      expect(archives.filter(({ consolidation }) => consolidation === 'AVERAGE')).toEqual(kept);
    }
  });

  test('bridge three steps, and take any figure from 0', () => {
    const common = commonWrites(COUNTS, { atS: 60, stepS: 10 });
    for (const { definition } of [{ definition: workerDefinition(10) }, ...common]) {
      expect(definition.stepS).toBe(10);
      for (const source of definition.dataSources) {
        expect(source).toMatchObject({ kind: 'GAUGE', heartbeatS: 30, min: 0, max: null });
        expect(source.name).toMatch(/^[a-z_0-9]{1,19}$/);
      }
    }
    expect(workerDefinition(1).dataSources.map(({ name }) => name)).toEqual(WORKER_SERIES);
  });
});

describe('samples', () => {
  test('of a heartbeat have its figures in file order', () => {
    const sample = workerSample({
      sentAt: 1_700_000_000_999,
      ramUsedKib: 9,
      throughput: 8,
      inputQueueSize: 7,
      publishersAlive: 6,
      publishersCount: 5,
      consumersAlive: 4,
      consumersCount: 3,
      workerAlive: 2,
      workerCount: 1,
    });
    expect(sample).toEqual({ atS: 1_700_000_000, values: [1, 2, 3, 4, 5, 6, 7, 8, 9] });
    expect(WORKER_SERIES).toEqual([
      ...['worker_count', 'worker_alive', 'consumers_count', 'consumers_alive'],
      ...['publishers_count', 'publishers_alive', 'input_queue_size', 'throughput', 'ram_used'],
    ]);
  });

  test('of the site have its totals in file order', () => {
    const writes = commonWrites(COUNTS, { atS: 60, stepS: 10 });
    expect(writes.map(({ name }) => name)).toEqual(COMMON_FILE_NAMES);
    expect(writes.map(({ sample }) => sample)).toEqual([
      { atS: 60, values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
      { atS: 60, values: [11, 12, 13, 14, 0.1, 0.2, 0.3, 0.4] },
    ]);
    // Those of the original first: files that are there keep their fields.
    const [first = [], further] = writes.map(({ definition }) =>
      definition.dataSources.map(({ name }) => name),
    );
    expect(first).toEqual([
      ...['checks_ok', 'checks_warn', 'checks_error', 'checks_incorrect', 'checks_all'],
      ...['checks_active', 'hosts_all', 'hosts_active', 'hosts_active_up', 'ram_used'],
    ]);
    expect(further).toEqual([
      ...['hosts_down', 'hosts_unreachable', 'problems_soft', 'problems_unhandled'],
      ...['lateness_median', 'lateness_p99', 'missed_per_second', 'results_per_second'],
    ]);
  });
});

describe('the file of a worker', () => {
  test('is named by its id', () => {
    expect(workerFileName('web-01')).toBe('worker-web-01');
    expect(workerFileName('../Web')).toBe('worker-%2E%2E%2F%57eb');
    expect(() => workerFileName('')).toThrow(AssertionError);
  });

  test('has a safe name for any id, and never that of the common file or of another worker', () => {
    const id = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(id, id, (one, other) => {
        const name = workerFileName(one);
        expect(name).toMatch(/^(?:[a-z0-9_-]|%[0-9A-F]{2}){1,207}$/);
        expect(COMMON_FILE_NAMES).not.toContain(name.toLowerCase());
        expect(name.toLowerCase() === workerFileName(other).toLowerCase()).toBe(one === other);
      }),
    );
  });

  test('of a long id is named by a hash', () => {
    expect(workerFileName('a'.repeat(200))).toBe(`worker-${'a'.repeat(200)}`);
    expect(workerFileName('A'.repeat(200))).toMatch(/^longworker-[0-9a-f]{64}$/);
    expect(workerFileName('A'.repeat(199))).not.toBe(workerFileName('A'.repeat(200)));
  });
});
