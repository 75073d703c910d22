import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../test/servers/temp.ts';
import { ConfigError } from '../../model/errors.ts';
import { readUserMacros } from './user-macros.ts';

test('a file holds one value, the newline at its end apart, and wins over a written one', async () => {
  await using folder = await tempFolder();
  const path = (name: string) => join(folder.path, name);
  await writeFile(path('a'), 'pass word\n');
  await writeFile(path('b'), ' two\nlines \r\n');
  const written = { USER1: '/plugins', USER3: 'old' };
  expect(await readUserMacros(written, { USER3: path('a'), USER4: path('b') })).toEqual({
    ...{ USER1: '/plugins', USER3: 'pass word', USER4: ' two\nlines ' },
  });
  expect(await readUserMacros(written, {})).toEqual(written);
});

test.each<[string, Buffer | null, RegExp]>([
  ['missing', null, /^violet\.macroFiles\.USER3: .*value cannot be read \(ENOENT\): correct/],
  ['empty', Buffer.from('\n'), /^violet\.macroFiles\.USER3: .*value is empty/],
  ['with NUL', Buffer.from('a\0marker'), /holds no text that an argument can be/],
  ['too long', Buffer.alloc(131_073, 'x'), /holds no text that an argument can be/],
])('a file that is %s is a mistake of the configuration', async (_title, content, text) => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'value');
  if (content !== null) await writeFile(path, content);
  const reading = readUserMacros({}, { USER3: path });
  await expect(reading).rejects.toThrow(ConfigError);
  await expect(reading).rejects.toThrow(text);
  await expect(reading).rejects.not.toThrow('marker');
});
