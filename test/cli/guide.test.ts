/** The guide to ppadm says only what ppadm understands. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { splitParams } from '../../src/violet/plugins/arguments.ts';
import { tempFolder } from '../servers/temp.ts';
import { run, surroundingsOf } from './ppadm-surroundings.ts';

const GUIDE = await readFile(join(import.meta.dirname, '../../docs/ppadm.md'), 'utf8');
const LINES = GUIDE.split('\n').filter((line) => line.startsWith('ppadm '));

test('it has examples', () => {
  expect(LINES.length).toBeGreaterThan(20);
});

test.each(LINES)('%s', async (line) => {
  await using folder = await tempFolder();
  await writeFile(join(folder.path, 'my.token'), 'pp_token');
  await writeFile(join(folder.path, 'site.yaml'), 'kind: Suite\nmetadata: { name: web }\n');
  const [words = ''] = line.split(' > ');
  const split = splitParams(words);
  const inFolder = (word: string) => (word === 'site.yaml' ? join(folder.path, word) : word);
  const args = 'args' in split ? split.args.slice(1).map(inFolder) : [];
  const { exitCode, errors } = await run(args, surroundingsOf(folder.path));
  // Wrong usage would be 2; without a server all but help and completion fail with 6.
  expect(args.length).toBeGreaterThan(0);
  expect({ exitCode, errors }).not.toMatchObject({ exitCode: 2 });
});
