/** `ppalette up` as a newcomer meets it: the built program, an empty folder, nothing else. */

import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckJson, HistoryJson } from '../../src/contract/checks.ts';
import type { PageJson } from '../../src/contract/client.ts';
import type { HostJson } from '../../src/contract/hosts.ts';
import type { StatusJson, WorkersJson } from '../../src/contract/statistics.ts';
import { needs } from '../servers/needs.ts';
import { type ApiCaller, apiOf, isReady, runPpadm, startPpalette } from '../servers/program.ts';
import {
  freePort,
  type RunningProcess,
  type TempFolder,
  tempFolder,
  waitFor,
} from '../servers/temp.ts';

let folder: TempFolder;
let data: string;
let url: string;
let up: RunningProcess;
let api: ApiCaller;

const start = async (...args: string[]) => {
  up = await startPpalette(
    ['up', '--data', data, '--listen', url.slice('http://'.length), ...args],
    {
      cwd: folder.path,
      env: { PPALETTE_GREY__STATS_INTERVAL: '1', PPALETTE_VIOLET__HEARTBEAT_INTERVAL: '1' },
    },
  );
  await waitFor('the API', () => isReady(url));
};

beforeAll(async () => {
  folder = await tempFolder();
  data = join(folder.path, 'var');
  url = `http://127.0.0.1:${await freePort()}`;
  api = apiOf(url, data);
  await start();
});
afterAll(async () => {
  await up?.stop();
  await folder?.[Symbol.asyncDispose]();
});

describe("a newcomer's first minute", () => {
  test('says where the API is, where the token lies and what to try', async () => {
    await waitFor('the welcome', () => up.output().includes('Try, in another terminal'));
    expect(up.output()).toContain(`${url}/api/v1`);
    expect(up.output()).toContain(join(data, 'admin.token'));
    expect((await stat(join(data, 'admin.token'))).mode & 0o777).toBe(0o600);
  });

  test('the starter site shows real states within 15 s, by ppadm that finds everything itself', async () => {
    await waitFor('every starter check to have a state', async () => {
      const { stdout } = await runPpadm(['list', 'checks', '-o', 'json'], { cwd: folder.path });
      const checks = JSON.parse(stdout) as CheckJson[];
      return checks.length >= 3 && checks.every((check) => check.state !== 'pending');
    });
    const page = await api.get<PageJson<CheckJson>>('/checks');
    for (const plugin of ['ping', 'api-port', 'api-health']) {
      const check = page.items.find((item) => item.plugin === plugin);
      expect(check, plugin).toMatchObject({
        state: 'ok',
        exitCode: 0,
        worker: expect.stringMatching(/^violet-/),
      });
      expect(check?.perfdata.length).toBeGreaterThan(0);
      expect(Date.parse(check?.nextDue ?? '')).toBeGreaterThan(Date.now() - 1_000);
    }
  });

  test.runIf(process.platform === 'linux')(
    'names of hosts are looked up on many threads',
    async () => {
      // Node has four, of which half look up names.
      expect((await readdir(`/proc/${up.pid}/task`)).length).toBeGreaterThan(64);
    },
  );

  test('a new check of an API client runs and turns up', async () => {
    await api.send('POST', '/suites', { name: 's1' });
    const plugin = {
      name: 'd1',
      builtin: 'dummy',
      params: '2 broken',
      interval: 5,
      suites: ['s1'],
    };
    await api.send('POST', '/plugins', plugin);
    await api.send('POST', '/hosts', {
      name: 'h1',
      address: '127.0.0.3',
      suites: ['s1'],
      history: true,
    });
    const check = await waitFor('the check to be critical', async () => {
      const current = await api.get<CheckJson>('/checks/h1/d1');
      return current.state === 'critical' && current;
    });
    expect(check).toMatchObject({ exitCode: 2, output: expect.stringContaining('broken') });
    const { items } = await api.get<HistoryJson>('/checks/h1/d1/history');
    expect(items[0]).toMatchObject({ kind: 'result', state: 'critical' });
  });

  test('a change is taken in within two seconds, maintenance stops the checks', async () => {
    const changedAt = performance.now();
    await api.send('PATCH', '/plugins/d1', { params: '0 mended', interval: 1 });
    await waitFor('the check to be mended', async () => {
      const { state } = await api.get<CheckJson>('/checks/h1/d1');
      return state === 'ok';
    });
    expect(performance.now() - changedAt).toBeLessThan(5_000);
    await api.send('PATCH', '/hosts/h1', { maintenance: true });
    await waitFor('no more jobs of the host', async () => {
      const jobs = await api.get<PageJson<unknown>>('/schedule?host=h1');
      return jobs.items.length === 0;
    });
    expect((await api.get<CheckJson>('/checks/h1/d1')).nextDue).toBeNull();
  });

  test.skipIf(needs('rrdtool'))('statistics lie in files that rrdtool reads', async () => {
    const rrd = join(data, 'rrd');
    const files = await waitFor('two files', async () => {
      const names = await readdir(rrd);
      return names.length >= 2 && names;
    });
    for (const file of files) {
      const info = execFileSync('rrdtool', ['info', join(rrd, file)], { encoding: 'utf8' });
      expect(info).toContain('rrd_version');
    }
    const last = await waitFor('statistics of the site', async () => {
      const answer = await api.get<{ values: Record<string, number | null> }>('/stats/common/last');
      return answer.values['checks_all'] != null && answer.values;
    });
    expect(last['checks_all']).toBeGreaterThanOrEqual(3);
  });

  test('status and workers tell how the site does', async () => {
    const workers = await waitFor('a connected worker', async () => {
      const answer = await api.get<WorkersJson>('/workers');
      return answer.items.some((worker) => worker.connected) && answer;
    });
    expect(workers.items[0]).toMatchObject({ zones: ['default'], status: 'running' });
    const status = await api.get<StatusJson>('/status');
    expect(status.checks.ok).toBeGreaterThanOrEqual(3);
    expect(status.scheduler).toMatchObject({ active: true });
    expect(status.workers.connected).toBe(1);
  });

  test('a second start keeps everything', async () => {
    const before = await api.get<PageJson<HostJson>>('/hosts');
    const token = await readFile(join(data, 'admin.token'), 'utf8');
    const { code } = await stopped();
    expect(code).toBe(0);
    await start();
    expect(await readFile(join(data, 'admin.token'), 'utf8')).toBe(token);
    expect(await api.get<PageJson<HostJson>>('/hosts')).toEqual(before);
    expect((await api.get<CheckJson>('/checks/h1/d1')).state).toBe('ok');
    expect((await api.get<WorkersJson>('/workers')).total).toBe(1);
  });

  test('what is deleted stays deleted over a start', async () => {
    const hosts = await api.get<PageJson<HostJson>>('/hosts');
    for (const host of hosts.items) await api.send('DELETE', `/hosts/${host.id}`);
    await stopped();
    await start();
    expect((await api.get<PageJson<HostJson>>('/hosts')).total).toBe(0);
  });
});

describe('what cannot work is said in a line, without a stack trace', () => {
  const run = async (args: string[], env: Record<string, string> = {}) => {
    const program = await startPpalette(args, { cwd: folder.path, env });
    const { code } = await program.exited;
    expect(program.output()).not.toMatch(/\n\s+at /);
    return { code, output: program.output() };
  };

  test('a taken port', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const address = squatter.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const other = join(folder.path, 'other');
      const { code, output } = await run(['up', '--data', other, '--listen', `127.0.0.1:${port}`]);
      expect(code).toBe(2);
      expect(output).toContain(`127.0.0.1:${port} is taken by another program: choose another`);
    } finally {
      squatter.close();
    }
  });

  test('a data folder that is in use', async () => {
    const { code, output } = await run(['up', '--data', data, '--listen', '127.0.0.1:0']);
    expect(code).toBe(2);
    expect(output).toMatch(/already runs in .*: stop it, or choose another folder with --data/);
  });

  test('a folder that cannot be made', async () => {
    const file = join(folder.path, 'a-file');
    await writeFile(file, '');
    const { code, output } = await run(['up', '--data', join(file, 'var')]);
    expect(code).toBe(2);
    expect(output).toMatch(/Cannot make the folder .*a-file\/var.*choose another with --data/);
  });

  test('a broken configuration file', async () => {
    const file = join(folder.path, 'broken.yaml');
    await writeFile(file, 'violet:\n  concurency: 5\n');
    const { code, output } = await run(['up', '--config', file]);
    expect(code).toBe(2);
    expect(output).toContain('broken.yaml:2: unknown key violet.concurency');
  });

  test('a service alone with the in-process broker', async () => {
    const { code, output } = await run(['violet', '--data', join(folder.path, 'alone')]);
    expect(code).toBe(2);
    expect(output).toContain('set it to amqp://');
  });

  test('a wrong option or command', async () => {
    expect((await run(['up', '--nonsense'])).code).toBe(2);
    expect((await run(['dance'])).code).toBe(2);
    expect(await run(['--help'])).toMatchObject({ code: 0 });
  });

  test('a database of a kind that there is not', async () => {
    await mkdir(join(folder.path, 'kind'), { recursive: true });
    const env = { PPALETTE_DATABASE__URL: 'oracle://x' };
    const { code, output } = await run(['up', '--data', join(folder.path, 'kind')], env);
    expect(code).toBe(2);
    expect(output).toContain('must begin with sqlite:, postgres:// or mysql://');
  });
});

/** Stops the instance as Ctrl-C does. */
async function stopped() {
  await up.stop('SIGINT');
  return up.exited;
}
