/** `ppalette doctor` in surroundings that are well and in those that are not. */

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/app/doctor.ts';
import { needs } from '../servers/needs.ts';
import { startPpalette } from '../servers/program.ts';
import { type TempFolder, tempFolder } from '../servers/temp.ts';
import { createTestDatabase } from '../servers/test-database.ts';

let folder: TempFolder;
beforeEach(async () => {
  folder = await tempFolder();
  await mkdir(join(folder.path, 'plugins'));
  await writeFile(join(folder.path, 'plugins', 'check_x'), '#!/bin/sh\n', { mode: 0o755 });
});
afterEach(() => folder[Symbol.asyncDispose]());

async function run(words: readonly string[], settings: Record<string, string>) {
  const env = {
    PPALETTE_DATA: folder.path,
    PPALETTE_VIOLET__PLUGIN_PATHS: join(folder.path, 'plugins'),
    ...settings,
  };
  const program = await startPpalette([...words], { cwd: folder.path, env });
  const { code } = await program.exited;
  return { code, output: program.output() };
}

async function examine(settings: Record<string, string> = {}) {
  const { code, output } = await run(['doctor', '-o', 'json'], settings);
  const findings = JSON.parse(output) as Finding[];
  return { code, of: (subject: string) => findings.find((one) => one.subject === subject) };
}

describe('ppalette doctor', () => {
  test('finds that all is well, in a line for each thing', async () => {
    const { code, output } = await run(['doctor'], { PPALETTE_RRD__DRIVER: 'builtin' });
    expect(output).toMatch(/^(ok {4}[a-z]+ +\S.*\n){8}$/);
    for (const text of ['made at the first start', 'builtin', '1 in ', 'ssh-keygen']) {
      expect(output).toContain(text);
    }
    expect(output).toMatch(
      /^ok {4}icmp +((ping|raw) socket, without a process|\/.*ping, since .+)$/m,
    );
    expect(code).toBe(0);
  });

  test('says what is wrong and what to do, and ends with 1', async () => {
    const key = join(folder.path, 'key');
    await writeFile(key, 'secret');
    await chmod(key, 0o644);
    const { code, of } = await examine({
      PPALETTE_DATABASE__URL: 'postgres://u:secret-word@127.0.0.1:1/x',
      PPALETTE_BROKER__URL: 'amqp://u:secret-word@127.0.0.1:1',
      PPALETTE_RRD__DRIVER: 'rrdcached',
      PPALETTE_RRD__ADDRESS: `unix:${join(folder.path, 'socket')}`,
      PPALETTE_VIOLET__PLUGIN_PATHS: '/nowhere',
      PPALETTE_VIOLET__SSH__KEYS: key,
    });
    expect(code).toBe(1);
    expect(of('data')).toMatchObject({ isOk: true, remedy: null });
    const expected = {
      database: /ECONNREFUSED/,
      broker: /ECONNREFUSED/,
      rrd: /rrdcached/,
      plugins: /no plugins in \/nowhere/,
      ssh: /others may read the private key/,
      clock: /ECONNREFUSED/,
    };
    for (const [subject, text] of Object.entries(expected)) {
      const found = of(subject);
      expect(found, subject).toMatchObject({ isOk: false, remedy: expect.stringMatching(/\.$/) });
      expect(found?.text, subject).toMatch(text);
      expect(JSON.stringify(found)).not.toContain('secret-word');
    }
  });

  test.skipIf(needs('postgres'))(
    'tells of a schema that is behind, and compares clocks',
    async () => {
      await using database = await createTestDatabase('postgres');
      const settings = { PPALETTE_DATABASE__URL: database.url };
      expect((await examine(settings)).of('database')).toMatchObject({
        isOk: false,
        text: expect.stringMatching(/lacks (\d+) of \1 migrations/),
        remedy: expect.stringContaining('ppalette db migrate'),
      });
      await run(['db', 'migrate'], settings);
      const after = await examine(settings);
      expect(after.of('database')).toMatchObject({ isOk: true });
      expect(after.of('clock')).toMatchObject({
        isOk: true,
        text: expect.stringMatching(/^as that of the database, to \d+ ms$/),
      });
    },
  );

  test.skipIf(needs('mariadb'))('compares clocks with MariaDB', async () => {
    await using database = await createTestDatabase('mariadb');
    const { of } = await examine({ PPALETTE_DATABASE__URL: database.url });
    expect(of('clock')?.text).toMatch(/^as that of the database, to \d+ ms$/);
  });
});
