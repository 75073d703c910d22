import { describe, expect, test } from 'vitest';
import { createMetrics, limitValues } from './metrics.ts';

describe('metrics', () => {
  test('a counter is there before it counts', async () => {
    const metrics = createMetrics();
    const plain = metrics.counter('a_total', 'A.');
    const labelled = metrics.counter('b_total', 'B.', ['reason'], ['known']);
    expect(await metrics.format()).toMatch(/^a_total 0\n[\s\S]*^b_total\{reason="known"\} 0$/m);
    plain.add();
    plain.add(2);
    labelled.add(1, { reason: 'other' });
    expect(await metrics.format()).toMatch(/^a_total 3\n[\s\S]*^b_total\{reason="other"\} 1$/m);
  });

  test('a counter that is kept elsewhere is read', async () => {
    const metrics = createMetrics();
    let value = 5;
    metrics.readCounter('c_total', 'C.', () => value);
    expect(await metrics.format()).toMatch(/^c_total 5$/m);
    value = 7;
    expect(await metrics.format()).toMatch(/^c_total 7$/m);
  });

  test('a figure has as many series as are read, also fewer than before', async () => {
    const metrics = createMetrics();
    const values = new Map([
      ['a', 1],
      ['b', 2],
    ]);
    const read = () => [...values].map(([zone, value]) => ({ labels: { zone }, value }));
    metrics.gauge('zones', 'Z.', read, ['zone']);
    expect(await metrics.format()).toMatch(/^zones\{zone="a"\} 1\nzones\{zone="b"\} 2$/m);
    values.delete('a');
    const text = await metrics.format();
    expect(text).toContain('zones{zone="b"} 2');
    expect(text).not.toContain('zone="a"');
  });

  test('a figure that cannot be read is left out, and nothing else with it', async () => {
    const metrics = createMetrics();
    metrics.gauge('broken', 'B.', () => Promise.reject(new Error('away')));
    metrics.gauge('none', 'N.', () => null);
    metrics.gauge('series', 'S.', () => Promise.reject(new Error('away')), ['zone']);
    metrics.gauge('there', 'T.', async () => 4);
    const text = await metrics.format();
    expect(text).toMatch(/^there 4$/m);
    expect(text).not.toMatch(/^(broken|none|series)\b/m);
  });

  test('a distribution has series for its labels', async () => {
    const metrics = createMetrics();
    const observe = metrics.histogram('d_seconds', 'D.', [1, 2], ['operation']);
    observe(1.5, { operation: 'x' });
    expect(await metrics.format()).toContain('d_seconds_bucket{le="2",operation="x"} 1');
  });
});

test('beyond its limit a label has one value for all others', () => {
  const limit = limitValues(2);
  expect(['a', 'b', 'c', 'a', 'd'].map(limit)).toEqual(['a', 'b', 'other', 'a', 'other']);
});
