import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RemoteOutput } from './remote-output.ts';

const MARK = '\u0001ppalette y\u0002\n';

/** The bytes in pieces of these sizes, then the rest. */
function* cut(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let start = 0;
  for (const size of sizes) {
    yield bytes.subarray(start, start + size);
    start += size;
  }
  yield bytes.subarray(start);
}

test('what comes before the mark is noise, however the bytes arrive', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'é', '\n', '\u0001', 'ppalette ', '\u0002'),
  });
  fc.assert(
    fc.property(text, text, fc.array(fc.nat(9)), (before, after, sizes) => {
      const output = new RemoteOutput(10_000);
      for (const chunk of cut(Buffer.from(before + MARK + after), sizes)) output.add(chunk);
      expect(output.letter).toBe('y');
      expect(output.text()).toBe(after);
      expect(output.noise()).toBe(before.trim());
    }),
  );
});

test('without a mark all is noise, of which the beginning is kept', () => {
  const output = new RemoteOutput(10_000);
  output.add(Buffer.from('This account is currently not available.\n'));
  expect(output.letter).toBeNull();
  expect(output.text()).toBe('');
  expect(output.noise()).toBe('This account is currently not available.');
  for (let count = 0; count < 100; count++) output.add(Buffer.alloc(1_000, 'x'));
  expect(output.noise().length).toBeLessThan(1_100);
});

test('a second mark belongs to the output, which is cut at the limit', () => {
  const output = new RemoteOutput(20);
  output.add(Buffer.from(`${MARK}${MARK}${'x'.repeat(30)}`));
  expect(output.text()).toBe(`${MARK}${'x'.repeat(20 - MARK.length)}`);
  expect(output.isTruncated).toBe(true);
});
