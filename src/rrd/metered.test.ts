import { expect, test } from 'vitest';
import { tempFolder } from '../../test/servers/temp.ts';
import { createSimulatedClock } from '../../test/simulated-clock.ts';
import { silentLog } from '../lib/log.ts';
import { createMetrics } from '../lib/metrics.ts';
import { InvalidInput, Unavailable } from '../model/errors.ts';
import { openBuiltin } from './builtin/builtin.ts';
import { withRrdMetrics } from './metered.ts';
import { openNoStatistics } from './none.ts';

const DEFINITION = {
  stepS: 1,
  dataSources: [{ name: 'a', kind: 'GAUGE', heartbeatS: 10, min: null, max: null }],
  archives: [{ consolidation: 'AVERAGE', stepCount: 1, rowCount: 10 }],
} as const;

test('updates and fetches are counted; a store that cannot do its work counts as failed', async () => {
  await using folder = await tempFolder();
  const metrics = createMetrics();
  const clock = createSimulatedClock();
  const inner = await openBuiltin({ folder: folder.path, clock, log: silentLog() });
  const store = withRrdMetrics(inner, metrics, clock);
  const atS = Math.floor(clock.now() / 1_000);
  await store.update('x', DEFINITION, [{ atS, values: [1] }]);
  const span = { fromS: atS - 5, toS: atS, stepS: 1 };
  await store.fetch('x', { ...span, consolidation: 'AVERAGE' });
  // What the file does not keep is a wrong question.
  await expect(store.fetch('x', { ...span, consolidation: 'MAX' })).rejects.toThrow(InvalidInput);
  const other = { ...DEFINITION, dataSources: [{ ...DEFINITION.dataSources[0], name: 'b' }] };
  await expect(store.update('x', other, [{ atS: atS + 1, values: [1] }])).rejects.toThrow(
    Unavailable,
  );
  await store.close();
  const text = await metrics.format();
  expect(text).toMatch(/^ppalette_rrd_operation_seconds_count\{operation="update"\} 2$/m);
  expect(text).toMatch(/^ppalette_rrd_operation_seconds_count\{operation="fetch"\} 2$/m);
  expect(text).toMatch(/^ppalette_rrd_failures_total\{operation="update"\} 1$/m);
  expect(text).toMatch(/^ppalette_rrd_failures_total\{operation="fetch"\} 0$/m);
  expect(text).toMatch(/^ppalette_rrd_available 1$/m);
});

test('statistics that nobody wants are neither available nor away', async () => {
  const metrics = createMetrics();
  withRrdMetrics(openNoStatistics(silentLog()), metrics, createSimulatedClock());
  expect(await metrics.format()).not.toMatch(/^ppalette_rrd_available/m);
});

test('a store that cannot write is not available', async () => {
  const metrics = createMetrics();
  const away = { ...openNoStatistics(silentLog()), driver: 'rrdcached' };
  withRrdMetrics(away, metrics, createSimulatedClock());
  expect(await metrics.format()).toMatch(/^ppalette_rrd_available 0$/m);
});
