import { expect, test } from 'vitest';
import { waitFor } from '../../../test/servers/temp.ts';
import { createSimulatedClock } from '../../../test/simulated-clock.ts';
import { LocalFiles } from './local-files.ts';

/** A file system in memory, wherever there are devices. */
const MEMORY = '/dev';

/** Asks until it is known. */
const settle = (files: LocalFiles, path: string) =>
  waitFor('the path to be known', async () => files.areLocal([path]) || undefined);

test('a path is local once that is known, and only for a while', async () => {
  const clock = createSimulatedClock();
  const files = new LocalFiles(clock);
  const path = MEMORY;
  expect(files.areLocal([path])).toBe(false);
  await settle(files, path);
  await clock.advance(59_999);
  expect(files.areLocal([path])).toBe(true);
  await clock.advance(1);
  expect(files.areLocal([path])).toBe(false);
  await settle(files, path);
});

test.each([
  ['on a file system that is on no disk of this machine', '/proc/self'],
  ['that is not there', '/nonexistent/plugin'],
])('a path %s is not local', async (_where, path) => {
  const files = new LocalFiles(createSimulatedClock());
  const local = MEMORY;
  for (let count = 0; count < 3; count++) {
    await settle(files, local);
    expect(files.areLocal([local, path])).toBe(false);
    await new Promise((resolve) => setImmediate(resolve));
  }
});
