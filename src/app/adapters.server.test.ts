import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { needs } from '../../test/servers/needs.ts';
import { type TempFolder, tempFolder } from '../../test/servers/temp.ts';
import { loadConfig } from '../config/load.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { ConfigError } from '../model/errors.ts';
import { openRrd } from './adapters.ts';

const CONTEXT = {
  clock: systemClock,
  random: () => 0,
  log: silentLog(),
  signal: new AbortController().signal,
};

describe('statistics', () => {
  let temp: TempFolder;

  beforeEach(async () => {
    temp = await tempFolder();
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await temp[Symbol.asyncDispose]();
  });

  /** The adapter that is opened for these flags; closed again. */
  const findDriver = async (flags: Record<string, string>) => {
    const { config } = await loadConfig({ environment: {}, flags: { data: temp.path, ...flags } });
    const store = await openRrd(config, CONTEXT);
    await store.close();
    return store.driver;
  };
  const nobody = () => `unix:${join(temp.path, 'socket')}`;

  test('are written by ourselves unless somebody wants it otherwise', async () => {
    expect(await findDriver({})).toBe('builtin');
    expect(await findDriver({ 'rrd.driver': 'builtin' })).toBe('builtin');
  });

  test.skipIf(needs('rrdtool'))('are written through rrdtool where that is wanted', async () => {
    expect(await findDriver({ 'rrd.driver': 'rrdtool' })).toBe('rrdtool');
    vi.stubEnv('PATH', temp.path);
    await expect(findDriver({ 'rrd.driver': 'rrdtool' })).rejects.toThrow(ConfigError);
  });

  test('go to an rrdcached that has an address', async () => {
    expect(await findDriver({ 'rrd.address': nobody() })).toBe('rrdcached');
    const rrdcached = { 'rrd.driver': 'rrdcached' };
    expect(await findDriver({ ...rrdcached, 'rrd.address': '[::1]:1' })).toBe('rrdcached');
    expect(await findDriver({ 'rrd.driver': 'builtin', 'rrd.address': nobody() })).toBe('builtin');
    await expect(findDriver(rrdcached)).rejects.toThrow('rrd.address');
  });

  test('are off when nobody wants them', async () => {
    expect(await findDriver({ 'rrd.driver': 'none' })).toBe('none');
  });

  test.each(['socket', 'unix:', 'unix:5', 'host', ':5', 'host:x', '[::1]', '/socket'])(
    'do not go to the address %j',
    async (address) => {
      await expect(findDriver({ 'rrd.address': address })).rejects.toThrow(/rrd\.address/);
    },
  );
});
