import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConfigError } from '../model/errors.ts';
import { claimGivenId, claimWorkerId, isAlive } from './worker-id.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ppalette-id-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a worker that starts again gets its old name', async () => {
  const first = await claimWorkerId(folder);
  expect(first.id).toMatch(/^violet-[0-9a-f]{8}$/);
  await first.release();
  const second = await claimWorkerId(folder);
  expect(second.id).toBe(first.id);
});

test('two workers in one folder have different names', async () => {
  const ids = await Promise.all([
    claimWorkerId(folder),
    claimWorkerId(folder),
    claimWorkerId(folder),
  ]);
  expect(new Set(ids.map(({ id }) => id)).size).toBe(3);
});

test('a given name is one worker at a time, and free again when that has ended', async () => {
  const first = await claimGivenId(folder, 'web.one');
  expect(first.id).toBe('web.one');
  await expect(claimGivenId(folder, 'web.one')).rejects.toThrow(ConfigError);
  expect((await claimGivenId(folder, 'two')).id).toBe('two');
  await first.release();
  await writeFile(join(folder, 'web.one.lock'), '4194305'); // of a process that there is not
  expect((await claimGivenId(folder, 'web.one')).id).toBe('web.one');
});

test('the name of a worker that was killed is free again', async () => {
  const first = await claimWorkerId(folder);
  // No process has this number: it is above what Linux gives out.
  await writeFile(join(folder, `${first.id}.lock`), '4194305');
  expect((await claimWorkerId(folder)).id).toBe(first.id);
});

test.runIf(process.platform === 'linux')(
  'a number that has become that of another process holds no name',
  async () => {
    await claimGivenId(folder, 'one');
    const lock = join(folder, 'one.lock');
    expect(await readFile(lock, 'utf8')).toMatch(new RegExp(`^${process.pid} \\d+$`));
    // As in a container, where each start has the same number.
    await writeFile(lock, `${process.pid} 1`);
    expect((await claimGivenId(folder, 'one')).id).toBe('one');
  },
);

test('a folder that is not there yet is made, and only names and locks lie in it', async () => {
  const deep = join(folder, 'a', 'b');
  const { id } = await claimWorkerId(deep);
  expect((await readdir(deep)).sort()).toEqual([id, `${id}.lock`]);
});

test.runIf(process.platform === 'linux')('a process that died unburied is not alive', async () => {
  // The shell starts a child that ends at once, and becomes a program that does not ask after it.
  const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 30'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const pid = await new Promise<number>((resolve) => {
      parent.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())));
    });
    await expect.poll(() => isAlive(pid)).toBe(false);
    expect(isAlive(process.pid)).toBe(true);
  } finally {
    parent.kill('SIGKILL');
  }
});
