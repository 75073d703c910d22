import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkDefinition } from '../check-series.ts';
import type { Archive, DataSource, RrdDefinition } from '../rrd.ts';
import {
  decodeLayout,
  encodeHeader,
  findForeignHead,
  HEAD_BYTES,
  measureHeader,
  VALUE_BYTES,
} from './layout.ts';

const START_S = 1_700_000_000;

const bound = fc.option(fc.double({ noNaN: true }));
const source = fc.record<DataSource>({
  name: fc.stringMatching(/^[A-Za-z0-9_]{1,19}$/),
  kind: fc.constantFrom('GAUGE', 'COUNTER', 'DERIVE', 'ABSOLUTE'),
  heartbeatS: fc.integer({ min: 1, max: 2 ** 40 }),
  min: bound,
  max: bound,
});
const archive = fc.record<Archive>({
  consolidation: fc.constantFrom('AVERAGE', 'MIN', 'MAX', 'LAST'),
  stepCount: fc.integer({ min: 1, max: 2 ** 40 }),
  rowCount: fc.integer({ min: 1, max: 100_000 }),
});
const definition = fc.record<RrdDefinition>({
  stepS: fc.integer({ min: 1, max: 2 ** 40 }),
  dataSources: fc.array(source, { minLength: 1, maxLength: 20 }),
  archives: fc.array(archive, { minLength: 1, maxLength: 20 }),
});

/** What reading any bytes comes to: a layout, or why not. */
function readAny(bytes: Buffer): string {
  const reason = findForeignHead(bytes.subarray(0, HEAD_BYTES));
  if (reason !== null) return reason;
  if (measureHeader(bytes) > bytes.length) return 'it is cut off';
  const decoded = decodeLayout(bytes);
  return decoded.kind === 'refused' ? decoded.reason : 'a layout';
}

describe('a header', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(definition, (one) => {
        const header = encodeHeader(one, START_S);
        expect(findForeignHead(header)).toBeNull();
        expect(measureHeader(header)).toBe(header.length);
        const decoded = decodeLayout(header);
        const layout = decoded.kind === 'layout' ? decoded.layout : null;
        expect(layout?.stepS).toBe(one.stepS);
        expect(layout?.sources).toEqual(
          one.dataSources.map(({ min, max, ...rest }) => {
            return { ...rest, min: min ?? Number.NaN, max: max ?? Number.NaN };
          }),
        );
        let offset = header.length;
        for (const [index, { rowCount, ...rest }] of one.archives.entries()) {
          const expected = { ...rest, rowCount, index, offset, unknownShare: 0.5 };
          expect(layout?.archives[index]).toEqual(expected);
          offset += rowCount * one.dataSources.length * VALUE_BYTES;
        }
        expect(layout?.rowsOffset).toBe(header.length);
        expect(layout?.sizeBytes).toBe(offset);
      }),
    );
  });

  test('of any bytes is read or refused, and never throws', () => {
    const header = encodeHeader(checkDefinition([{ unit: '' }, { unit: 'c' }], 60), START_S);
    const change = fc.record({ at: fc.nat(header.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), fc.nat(header.length), (changes, length) => {
        const bytes = Buffer.from(header);
        for (const { at, byte } of changes) bytes[at] = byte;
        expect(readAny(bytes)).not.toBe('');
        expect(readAny(bytes.subarray(0, length))).not.toBe('');
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => readAny(Buffer.from(bytes)) !== ''),
    );
    expect(readAny(header)).toBe('a layout');
  });

  test.each([
    ['another word at its start', 0, 'PNG\0', 'not a file of rrdtool'],
    [
      'the bytes of a number the other way round',
      16,
      '\x5b\x1f\x2b\x43\xc7\xc0\x25\x2f',
      'kind of machine',
    ],
    ['another version', 4, '0005', '"0005"'],
    ['no data source', 24, '\0', 'makes no sense'],
    ['a data source of another kind', 148, 'COMPUTE\0', '"COMPUTE"'],
    ['an archive of another kind', 248, 'HWPREDICT\0', '"HWPREDICT"'],
    ['an archive without rows', 272, '\0\0', 'makes no sense'],
  ])('with %s is refused', (_, at, bytes, reason) => {
    const header = encodeHeader(checkDefinition([{ unit: '' }], 60), START_S);
    header.write(bytes, at, 'latin1');
    expect(readAny(header)).toContain(reason);
  });
});
