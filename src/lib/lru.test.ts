import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Lru } from './lru.ts';

describe('a bounded map', () => {
  test('forgets what was used longest ago', () => {
    const evicted: number[] = [];
    const lru = new Lru<string, number>(2, (value) => evicted.push(value));
    lru.set('a', 1);
    lru.set('b', 2);
    lru.get('a');
    lru.set('c', 3);
    expect(evicted).toEqual([2]);
    expect([...lru.values()]).toEqual([1, 3]);
    expect([lru.get('a'), lru.get('b'), lru.get('c')]).toEqual([1, undefined, 3]);
  });

  test('setting a key again replaces its value, makes it recent, and evicts nothing', () => {
    const evicted: number[] = [];
    const lru = new Lru<string, number>(2, (value) => evicted.push(value));
    lru.set('a', 1);
    lru.set('b', 2);
    lru.set('a', 10);
    expect(evicted).toEqual([]);
    lru.set('c', 3);
    expect(evicted).toEqual([2]);
    expect(lru.get('a')).toBe(10);
  });

  test('what is deleted or cleared is not reported as evicted', () => {
    const lru = new Lru<string, number>(2, () => expect.unreachable());
    lru.set('a', 1);
    lru.delete('a');
    lru.delete('never there');
    lru.set('b', 2);
    lru.clear();
    expect(lru.count).toBe(0);
    expect(lru.get('b')).toBeUndefined();
  });

  test('behaves like a list ordered by use, whatever is done to it', () => {
    const key = fc.integer({ min: 0, max: 6 });
    const step = fc.record({ kind: fc.constantFrom('get', 'set', 'delete'), key });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step), (limit, steps) => {
        const lru = new Lru<number, string>(limit);
        let model: { key: number; value: string }[] = [];
        for (const [index, { kind, key }] of steps.entries()) {
          const known = model.find((entry) => entry.key === key);
          const others = model.filter((entry) => entry.key !== key);
          if (kind === 'get') {
            expect(lru.get(key)).toBe(known?.value);
            model = known === undefined ? others : [...others, known];
          } else if (kind === 'set') {
            lru.set(key, `value ${index}`);
            model = [...others, { key, value: `value ${index}` }].slice(-limit);
          } else {
            lru.delete(key);
            model = others;
          }
          expect(lru.count).toBe(model.length);
        }
      }),
    );
  });
});
