import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hash32 } from './hash.ts';

test('gives the same numbers in every release: phases and shards depend on them', () => {
  const texts = ['', 'a', 'b', 'localhost/ping', 'Größe', '\u{1f3a8}'];
  expect(texts.map(hash32)).toEqual([
    0xab3e7c0b, 0x1a80b1b3, 0x82c46232, 0x7fd127c0, 0x547634c0, 0x08b95b37,
  ]);
});

test('gives an unsigned 32-bit integer for any text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '/', 'ß', '\ud800', '\u{1f3a8}') }),
      (text) => {
        const hash = hash32(text);
        expect(Number.isInteger(hash)).toBe(true);
        expect(hash).toBeGreaterThanOrEqual(0);
        expect(hash).toBeLessThan(2 ** 32);
      },
    ),
  );
});

test.each([8, 60, 300, 1000])(
  'spreads names that differ in a digit evenly over %i places',
  (places) => {
    const count = places * 200;
    const filled = new Array<number>(places).fill(0);
    for (let index = 0; index < count; index++) {
      const place = hash32(`host-${index}.example.org/ping`) % places;
      filled[place] = (filled[place] ?? 0) + 1;
    }
    // 200 are expected in each place, with a deviation of 14 when it is chance: five of them.
    expect(Math.min(...filled)).toBeGreaterThan(130);
    expect(Math.max(...filled)).toBeLessThan(270);
  },
);

test('hardly ever gives two texts the same number', () => {
  const hashes = new Set(Array.from({ length: 20_000 }, (_, index) => hash32(`check ${index}`)));
  // Chance lets 20000 values in 2^32 collide 0.05 times.
  expect(hashes.size).toBeGreaterThanOrEqual(19_998);
});
