import pino from 'pino';
import { expect, test } from 'vitest';
import { openNoStatistics } from './none.ts';
import { workerDefinition } from './series.ts';

const SPAN = { fromS: 0, toS: 60, stepS: 1, consolidation: 'AVERAGE' } as const;
const NO_SAMPLE = { atS: 1_700_000_000, values: [] };

function openLogged() {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(line) });
  return { lines, store: openNoStatistics(log) };
}

test('without statistics nothing is kept, and what is lost is counted', async () => {
  const { store } = openLogged();
  expect(await store.update('a', workerDefinition(60), [NO_SAMPLE, NO_SAMPLE])).toBe(0);
  expect(await store.update('b', workerDefinition(60), [NO_SAMPLE])).toBe(0);
  expect(store.droppedCount()).toBe(3);
  expect(await store.fetch('a', SPAN)).toBeNull();
  await store.close();
});

test('that there are no statistics is told with the reason, and logged once', async () => {
  const { store, lines } = openLogged();
  await store.update('a', workerDefinition(60), [NO_SAMPLE]);
  expect(store.driver).toBe('none');
  expect(store.problem()).toBe('statistics are off: rrd.driver is none');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('statistics are off');
});
