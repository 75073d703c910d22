import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../test/servers/temp.ts';
import { createSimulatedClock } from '../../../test/simulated-clock.ts';
import { silentLog } from '../../lib/log.ts';
import { openPluginFolders } from './plugin-folder.ts';

async function writePlugin(path: string): Promise<void> {
  await writeFile(path, '#!/bin/sh\nexit 0\n');
  await chmod(path, 0o755);
}

/** Two folders with plugins, and one outside. */
async function createSite() {
  const temp = await tempFolder();
  const [first, second, outside] = ['first', 'second', 'outside'].map((name) =>
    join(temp.path, name),
  ) as [string, string, string];
  for (const folder of [first, second, outside]) await mkdir(folder);
  await writePlugin(join(first, 'check_a'));
  await writePlugin(join(first, 'check_both'));
  await writePlugin(join(second, 'check_both'));
  await writePlugin(join(outside, 'check_out'));
  const clock = createSimulatedClock();
  return {
    ...{ path: temp.path, first, second, outside, clock },
    open: (...folders: string[]) => openPluginFolders(folders, { clock, log: silentLog() }),
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

const problem = (why: string, detail: RegExp) => ({
  problem: { kind: 'notStarted', why, detail: expect.stringMatching(detail) },
});

describe('finding a script', () => {
  test('gives its path; the later folder wins', async () => {
    await using site = await createSite();
    const { first, second } = site;
    const folders = await site.open(first, second);
    expect(await folders.find('check_a')).toBe(join(first, 'check_a'));
    expect(await folders.find('check_both')).toBe(join(second, 'check_both'));
    const others = await site.open(second, first);
    expect(await others.find('check_both')).toBe(join(first, 'check_both'));
  });

  test.each([
    ...['', '.', '..', 'a/b', '/bin/sh', '../outside/check_out', './check_a', '-check', 'a\0b'],
    'x'.repeat(300),
  ])('refuses %j, which is no plain name', async (name) => {
    await using site = await createSite();
    const folders = await site.open(site.first);
    expect(await folders.find(name)).toEqual(problem('refused', /not the plain name of a file/));
  });

  test('says what is missing, and where it looked', async () => {
    await using site = await createSite();
    const folders = await site.open(site.first, join(site.path, 'absent'));
    expect(await folders.find('check_z')).toEqual(problem('missing', /check_z.*first, .*absent/));
    const none = await site.open();
    expect(await none.find('check_z')).toEqual(problem('missing', /no folder is configured/));
  });

  test('refuses what is not executable, and what is no file', async () => {
    await using site = await createSite();
    await writeFile(join(site.first, 'check_plain'), '#!/bin/sh\n');
    await mkdir(join(site.first, 'check_folder'));
    const folders = await site.open(site.first);
    expect(await folders.find('check_plain')).toEqual(problem('notExecutable', /chmod \+x/));
    expect(await folders.find('check_folder')).toEqual(problem('notExecutable', /regular file/));
  });

  test('follows links within the folders only, and gives the name of the link', async () => {
    await using site = await createSite();
    const { first, second, outside } = site;
    await symlink(join(outside, 'check_out'), join(first, 'check_leaves'));
    await symlink(join(second, 'check_both'), join(first, 'check_stays'));
    await symlink('check_loop', join(first, 'check_loop'));
    await symlink('nowhere', join(first, 'check_dangles'));
    const folders = await site.open(first, second);
    expect(await folders.find('check_stays')).toBe(join(first, 'check_stays'));
    expect(await folders.find('check_leaves')).toEqual(problem('refused', /outside\/check_out/));
    expect(await folders.find('check_loop')).toEqual(problem('missing', /check_loop/));
    expect(await folders.find('check_dangles')).toEqual(problem('missing', /check_dangles/));
  });

  test('a folder may be a link itself', async () => {
    await using site = await createSite();
    const link = join(site.path, 'link');
    await symlink(site.first, link);
    const folders = await site.open(link);
    expect(await folders.find('check_a')).toBe(join(link, 'check_a'));
  });

  test('a folder whose name begins like a configured one is outside', async () => {
    await using site = await createSite();
    const beside = `${site.first}-beside`;
    await mkdir(beside);
    await writePlugin(join(beside, 'check_x'));
    await symlink(join(beside, 'check_x'), join(site.first, 'check_x'));
    const folders = await site.open(site.first);
    expect(await folders.find('check_x')).toEqual(problem('refused', /beside/));
  });

  test('answers from memory for two seconds, then looks again', async () => {
    await using site = await createSite();
    const late = join(site.path, 'late');
    const folders = await site.open(site.first, late);
    expect(await folders.find('check_late')).toEqual(problem('missing', /check_late/));
    expect(await folders.find('check_a')).toBe(join(site.first, 'check_a'));
    await rm(join(site.first, 'check_a'));
    await rename(site.outside, late);
    await writePlugin(join(late, 'check_late'));
    expect(await folders.find('check_late')).toEqual(problem('missing', /check_late/));
    expect(await folders.find('check_a')).toBe(join(site.first, 'check_a'));
    await site.clock.advance(2_000);
    expect(await folders.find('check_late')).toBe(join(late, 'check_late'));
    expect(await folders.find('check_a')).toEqual(problem('missing', /check_a/));
  });
});

test('the list has every script once that can be run, sorted', async () => {
  await using site = await createSite();
  await writeFile(join(site.first, 'notes.txt'), '');
  await symlink(join(site.outside, 'check_out'), join(site.first, 'check_out'));
  const folders = await site.open(site.second, site.first, join(site.path, 'absent'));
  expect(await folders.list()).toEqual(['check_a', 'check_both']);
});
