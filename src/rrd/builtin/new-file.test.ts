import { readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../test/servers/temp.ts';
import { checkDefinition } from '../check-series.ts';
import { encodeHeader } from './layout.ts';
import { createFile } from './new-file.ts';

const START_S = 1_700_000_000;
/** Some 800 KB of rows. */
const ROW_COUNT = 100_003;

test('a new file is its header and unknown values to the last one, written in portions', async () => {
  await using temp = await tempFolder();
  const folder = temp.path;
  const archives = [{ consolidation: 'AVERAGE', stepCount: 1, rowCount: ROW_COUNT }] as const;
  const definition = { ...checkDefinition([{ unit: '' }], 60), archives };
  const header = encodeHeader(definition, START_S);
  const sizeBytes = header.length + 8 * ROW_COUNT;
  const seen = new Set<number>();
  let isMade = false;
  const look = () => {
    for (const name of readdirSync(folder)) {
      // It may get its name in this moment.
      seen.add(statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0);
    }
    if (!isMade) setImmediate(look);
  };
  const made = createFile({ folder, name: 'a' }, definition, START_S);
  look();
  await made;
  isMade = true;
  // What else this process does got its turn meanwhile.
  expect([...seen].filter((size) => size > 0 && size < sizeBytes).length).toBeGreaterThan(1);
  expect(readdirSync(folder)).toEqual(['a.rrd']);
  const bytes = await readFile(join(folder, 'a.rrd'));
  expect(bytes.length).toBe(sizeBytes);
  expect(bytes.subarray(0, header.length).equals(header)).toBe(true);
  const unknown = Buffer.alloc(8);
  unknown.writeDoubleLE(Number.NaN);
  const rows = bytes.subarray(header.length);
  expect(rows.equals(Buffer.alloc(rows.length, unknown))).toBe(true);
});
