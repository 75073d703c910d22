/** S12: where secrets turn up, in a whole system that logs everything, and a plugin that tells them. */

import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckJson } from '../../src/contract/checks.ts';
import { type ApiCaller, apiOf, isReady, startPpalette } from '../servers/program.ts';
import {
  freePort,
  type RunningProcess,
  type TempFolder,
  tempFolder,
  waitFor,
} from '../servers/temp.ts';

const PLUGINS = join(import.meta.dirname, '..', 'fixtures', 'plugins');
/** Of `$USER5$`, from a file that a variable names; of `$USER6$`, from one in the configuration. */
const RUN = randomBytes(6).toString('hex');
const MARKERS = [`marker-of-five-${RUN}`, `marker of six ${RUN}`];
const MESSAGE_KEY = `marker-of-the-message-key-${RUN}`;
const ALL = new RegExp([...MARKERS, MESSAGE_KEY].join('|'));

describe.runIf(process.platform === 'linux')('a secret', () => {
  let folder: TempFolder;
  let data: string;
  let api: ApiCaller;
  let up: RunningProcess;
  let shown: CheckJson;
  /** What other processes could read while the plugin ran, by the group of whom it is about. */
  let readable: { readonly group: number; readonly place: string; readonly text: string }[];
  let pluginPid: number;

  beforeAll(async () => {
    folder = await tempFolder();
    const [five, six, key] = ['five', 'six', 'key'].map((name) => join(folder.path, name));
    await writeFile(five ?? '', `${MARKERS[0]}\n`);
    await writeFile(six ?? '', `${MARKERS[1]}\n`);
    await writeFile(key ?? '', MESSAGE_KEY);
    data = join(folder.path, 'var');
    const address = `127.0.0.1:${await freePort()}`;
    await writeFile(
      join(folder.path, 'ppalette.yaml'),
      `violet: { macroFiles: { USER6: ${JSON.stringify(six)} } }\n`,
    );
    up = await startPpalette(['up', '--no-starter', '--data', data, '--listen', address], {
      cwd: folder.path,
      env: {
        PPALETTE_VIOLET__MACROS__USER5_FILE: five ?? '',
        PPALETTE_SECURITY__MESSAGE_KEY_FILE: key ?? '',
        PPALETTE_VIOLET__PLUGIN_PATHS: PLUGINS,
        PPALETTE_LOG__LEVEL: 'debug',
        OF_VIOLET_ALONE: 'x',
      },
    });
    api = apiOf(`http://${address}`, data);
    await waitFor('the API', () => isReady(`http://${address}`), 30_000);
    await api.send('POST', '/suites', { name: 's' });
    const pidFile = join(folder.path, 'pid');
    const plugin = { name: 'tells', script: 'check_tells', suites: ['s'], timeout: 30 };
    const params = `${pidFile} $USER5$ '$USER6$'`;
    await api.send('POST', '/plugins', { ...plugin, interval: 3_600, params });
    await api.send('POST', '/hosts', {
      ...{ name: 'h', address: '192.0.2.1', suites: ['s'], history: true },
    });
    const running = api.send('POST', '/checks/h/tells/run?wait=true');
    pluginPid = await waitFor('the plugin', async () => Number(await readFile(pidFile, 'utf8')));
    readable = await readProcesses();
    await rm(pidFile);
    const { status, body } = await running;
    expect(status, JSON.stringify(body)).toBe(200);
    shown = body as CheckJson;
  }, 90_000);
  afterAll(async () => {
    await up?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  test('that a plugin prints is masked, and nothing else of its text', () => {
    expect(shown).toMatchObject({
      ...{ state: 'warning', output: 'TELLS WARNING - ****** ******' },
      perfdata: [{ label: 'of ****** ******', value: 1 }],
    });
  });

  test('is in no environment, and the plugin sees the listed names only', () => {
    const names = shown.longOutput.split('\n').map((line) => line.split('=')[0]);
    const known = ['HOME', 'LANG', 'LC_ALL', 'PATH', 'PWD', 'OLDPWD', '_', 'SHLVL'];
    expect(names.filter((name) => !known.includes(name ?? ''))).toEqual([]);
    expect(names).toContain('LC_ALL');
    const environments = readable.filter(({ place }) => place === 'environ');
    expect(environments.some(({ text }) => text.includes('OF_VIOLET_ALONE'))).toBe(true);
    expect(environments.filter(({ text }) => ALL.test(text))).toEqual([]);
  });

  test('is in no command line but that of the plugin that was given it', () => {
    const lines = readable.filter(({ place, text }) => place === 'cmdline' && ALL.test(text));
    // What it starts is it for a moment.
    expect(new Set(lines.map(({ group }) => group))).toEqual(new Set([pluginPid]));
  });

  test('is in no log, no answer of the API, no file and no statistics', async () => {
    expect(up.output()).toMatch(/check run/);
    expect(up.output()).not.toMatch(ALL);
    for (const path of [
      ...['/checks', '/checks/h/tells/history', '/hosts', '/plugins', '/workers', '/status'],
      ...['/audit', '/schedule', '/checks/h/tells/perfdata'],
    ]) {
      expect(JSON.stringify(await api.get(path)), path).not.toMatch(ALL);
    }
    const plugin = await api.send('GET', '/plugins/tells');
    expect(JSON.stringify(plugin.body)).toContain('$USER5$');
    const files = (await readdir(data, { recursive: true })).map((name) => join(data, name));
    expect(files.some((file) => file.endsWith('.db'))).toBe(true);
    for (const file of files) {
      if (!(await stat(file)).isFile()) continue;
      expect(await readFile(file, 'latin1'), file).not.toMatch(ALL);
    }
  });
});

/** Environment and command line of every process, as root or its owner sees them. */
async function readProcesses() {
  const found: { group: number; place: string; text: string }[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'latin1').catch(() => '');
    const group = Number(/^\d+ \(.*\) \S \d+ (\d+)/s.exec(stat)?.[1]);
    for (const place of ['environ', 'cmdline']) {
      const text = await readFile(`/proc/${entry}/${place}`, 'latin1').catch(() => '');
      found.push({ group, place, text });
    }
  }
  return found;
}
