/**
 * The services as separate processes on "several nodes" over real RabbitMQ and PostgreSQL, operated by
 * `ppadm`: states, history, statistics; a new worker; and what happens when parts are killed.
 */

import { execFileSync } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckJson, HistoryJson, ResultJson } from '../../src/contract/checks.ts';
import type { PageJson } from '../../src/contract/client.ts';
import type { StatusJson, WorkersJson } from '../../src/contract/statistics.ts';
import { patienceMs } from '../../src/model/patience.ts';
import { parentOf } from '../process-group.ts';
import { needs } from '../servers/needs.ts';
import { type ApiCaller, apiOf, isReady, runPpadm, startPpalette } from '../servers/program.ts';
import { type RabbitmqServer, startRabbitmq } from '../servers/rabbitmq.ts';
import {
  freePort,
  type RunningProcess,
  type TempFolder,
  tempFolder,
  waitFor,
} from '../servers/temp.ts';
import { createTestDatabase, type TestDatabase } from '../servers/test-database.ts';

interface ResultsJson {
  readonly items: readonly ResultJson[];
}

const PLUGINS = join(import.meta.dirname, '..', 'fixtures', 'plugins');
const CHECKS = 4;
const INTERVAL_S = 4;
const TAKES_S = 1;
/** That of a plugin by default. */
const TIMEOUT_S = 10;

describe.skipIf(needs('rabbitmq', 'postgres', 'rrdtool'))('distributed', () => {
  let folder: TempFolder;
  let rabbitmq: RabbitmqServer;
  let database: TestDatabase;
  let url: string;
  let api: ApiCaller;
  const running: RunningProcess[] = [];
  const services = new Map<string, RunningProcess>();

  /** A node is a folder of its own; nothing is shared but broker and database. */
  const startService = async (role: string, node: string, env: Record<string, string> = {}) => {
    const data = join(folder.path, node);
    await mkdir(data, { recursive: true });
    const service = await startPpalette([role], {
      cwd: data,
      env: {
        PPALETTE_DATA: data,
        PPALETTE_DATABASE__URL: role === 'violet' ? 'postgres://127.0.0.1:1/none' : database.url,
        PPALETTE_BROKER__URL: rabbitmq.url,
        PPALETTE_RED__LISTEN: url.slice('http://'.length),
        PPALETTE_VIOLET__PLUGIN_PATHS: PLUGINS,
        PPALETTE_VIOLET__HEARTBEAT_INTERVAL: '1',
        PPALETTE_VIOLET__CONCURRENCY: '8',
        PPALETTE_GREY__STATS_INTERVAL: '1',
        PPALETTE_SECURITY__MESSAGE_KEY: 'a shared secret',
        PPALETTE_LOG__LEVEL: 'debug',
        ...env,
      },
    });
    running.push(service);
    services.set(node, service);
    return service;
  };
  const ppadm = async (...args: string[]) => {
    const token = join(folder.path, 'node-red', 'admin.token');
    const run = await runPpadm(['--url', url, '--token-file', token, ...args], {
      cwd: folder.path,
    });
    if (run.code !== 0) throw new Error(`ppadm ${args.join(' ')}: ${run.code} ${run.stderr}`);
    return run.stdout;
  };

  /** Once the worker of a node runs checks: of which hosts. */
  const hostsCheckedBy = (node: string) =>
    waitFor(
      'the worker to run a check',
      async () => {
        const names = (await readdir(folder.path)).filter((name) => name.endsWith('.running'));
        const mine: string[] = [];
        for (const name of names) {
          // The worker's helper started it.
          const starter = await parentOf(Number(name.split('.').at(-2)));
          if (starter === services.get(node)?.pid) mine.push(name.split('.')[0] ?? '');
        }
        return mine.length > 0 && mine;
      },
      30_000,
    );
  /** Two rounds after `at` each check has exactly one result for each of its due times. */
  const expectEachDueTimeOnce = async (at: number) => {
    await waitFor('two more rounds', () => Date.now() > at + 2.5 * INTERVAL_S * 1_000, 30_000);
    for (let index = 0; index < CHECKS; index++) {
      const { items } = await api.get<ResultsJson>(
        `/checks/host-${index}/announce/history?limit=1000`,
      );
      const dueTimes = items.map((item) => Date.parse(item.scheduledAt)).reverse();
      const gaps = dueTimes.slice(2).map((due, place) => due - (dueTimes[place + 1] ?? 0));
      expect(new Set(gaps)).toEqual(new Set([INTERVAL_S * 1_000]));
    }
  };

  beforeAll(async () => {
    [folder, rabbitmq, database] = await Promise.all([
      tempFolder(),
      startRabbitmq(),
      createTestDatabase('postgres'),
    ]);
    url = `http://127.0.0.1:${await freePort()}`;
    api = apiOf(url, join(folder.path, 'node-red'));
  });
  afterAll(async () => {
    await Promise.all(running.map((service) => service.stop('SIGTERM', 5_000)));
    await rabbitmq?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  test('any service may start first and says what it waits for', async () => {
    await rabbitmq.kill();
    const violet = await startService('violet', 'node-1');
    const grey = await startService('grey', 'node-grey');
    for (const service of [violet, grey]) {
      await waitFor('a word of waiting', () => /waiting for/i.test(service.output()));
      expect(service.output()).not.toMatch(/secret/);
    }
    await rabbitmq.restart();
    await startService('red', 'node-red');
    await waitFor('the API', () => isReady(url), 30_000);
    const workers = await waitFor(
      'a worker',
      async () => {
        const answer = await api.get<WorkersJson>('/workers');
        return answer.items.length > 0 && answer;
      },
      30_000,
    );
    expect(workers.items[0]?.connected).toBe(true);
  });

  test('hosts added by ppadm get states, history and statistics', async () => {
    await ppadm('add', 'suite', 'announced');
    await ppadm(
      ...['add', 'plugin', 'announce', '--script', 'check_announce', '--suite', 'announced'],
      ...['--interval', String(INTERVAL_S), '--params', `${folder.path} ${TAKES_S} $HOSTNAME$`],
    );
    for (let index = 0; index < CHECKS; index++) {
      const host = `host-${index}`;
      const options = ['--suite', 'announced', '--history', 'on'];
      await ppadm('add', 'host', '--name', host, '--address', `192.0.2.${index + 1}`, ...options);
    }
    const checks = await waitFor(
      'every check to have a state',
      async () => {
        const list = JSON.parse(await ppadm('list', 'checks', '-o', 'json')) as CheckJson[];
        return list.length === CHECKS && list.every((check) => check.state === 'ok') && list;
      },
      30_000,
    );
    expect(checks[0]).toMatchObject({
      output: expect.stringMatching(/^ANNOUNCE OK - host-/),
      perfdata: [
        { label: 'time', value: TAKES_S, unit: 's', warn: '5', crit: '10', min: 0, max: 60 },
      ],
    });
    expect(checks[0]?.executionTime).toBeGreaterThanOrEqual(TAKES_S);
    expect(await ppadm('history', 'host-0', 'announce')).toContain('ANNOUNCE OK - host-0');

    const rrdFolder = join(folder.path, 'node-grey', 'rrd');
    const files = await waitFor('statistics files', async () => {
      const names = await readdir(rrdFolder);
      return names.length >= 2 && names;
    });
    for (const file of files) {
      const info = execFileSync('rrdtool', ['info', join(rrdFolder, file)], { encoding: 'utf8' });
      expect(info).toContain('last_update');
    }
    const common = files.find((file) => file === 'common.rrd') ?? '';
    await waitFor('a value of checks_ok', () => {
      const fetched = execFileSync('rrdtool', ['lastupdate', join(rrdFolder, common)], {
        encoding: 'utf8',
      });
      const [names, , values] = fetched
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/\s+/));
      const column = names?.indexOf('checks_ok') ?? -1;
      // The line of values begins with the time.
      return values?.[column + 1] === String(CHECKS);
    });
  });

  test('another violet takes load at once, with no change elsewhere', async () => {
    const before = await api.get<WorkersJson>('/workers');
    await startService('violet', 'node-2');
    await waitFor(
      'both workers in the results',
      async () => {
        const page = await api.get<PageJson<CheckJson>>('/checks');
        return new Set(page.items.map((check) => check.worker)).size === 2;
      },
      30_000,
    );
    const after = await api.get<WorkersJson>('/workers');
    expect(after.items.filter((worker) => worker.connected).length).toBe(before.total + 1);
  });

  test('checks of a worker that is killed in mid-check are done elsewhere, none lost or doubled', async () => {
    const victim = services.get('node-1');
    const interrupted = await hostsCheckedBy('node-1');
    const killedAt = Date.now();
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    await victim?.exited;

    for (const host of interrupted) {
      const redone = await waitFor(
        'the interrupted check to be done elsewhere',
        async () => {
          const { items } = await api.get<ResultsJson>(`/checks/${host}/announce/history`);
          return items.find(
            (item) =>
              Date.parse(item.scheduledAt) <= killedAt &&
              Date.parse(item.startedAt) >= killedAt - 50,
          );
        },
        15_000,
      );
      expect(redone.state).toBe('ok');
    }
    await expectEachDueTimeOnce(killedAt);
  });

  test('a worker that is told to stop in mid-check ends that first, and loses or doubles nothing', async () => {
    await startService('violet', 'node-3');
    await hostsCheckedBy('node-3');
    const [host] = await hostsCheckedBy('node-2');
    const stoppedAt = Date.now();
    const { code } = await stopService('node-2');
    expect(code).toBe(0);
    expect(Date.now() - stoppedAt).toBeLessThan(30_000);
    await startService('violet', 'node-2');
    const ended = await waitFor('the result of what it ran', async () => {
      const { items } = await api.get<ResultsJson>(`/checks/${host}/announce/history`);
      return items.find(
        (item) =>
          Date.parse(item.startedAt) <= stoppedAt &&
          Date.parse(item.finishedAt) >= stoppedAt - TAKES_S * 1_000,
      );
    });
    expect(ended).toMatchObject({ state: 'ok' });
    await expectEachDueTimeOnce(stoppedAt);
  });

  test('a killed worker is shown as lost, one that was stopped is not', async () => {
    await waitFor('the lost worker', async () => {
      const { items } = await api.get<WorkersJson>('/workers');
      return items.filter((worker) => worker.status === 'lost').length === 1;
    });
    const { code } = await stopService('node-2');
    expect(code).toBe(0);
    await waitFor('the stopped worker', async () => {
      const { items } = await api.get<WorkersJson>('/workers');
      return items.filter((worker) => worker.status === 'draining').length === 1;
    });
    await startService('violet', 'node-2');
  });

  test('a grey that is killed loses nothing: another stores what it held', async () => {
    // What was due before may have been with the worker that was killed.
    const beganAt = Date.now();
    await startService('grey', 'node-grey-2');
    await waitFor('the second grey', () =>
      services.get('node-grey-2')?.output().includes('grey collects results'),
    );
    const grey = services.get('node-grey');
    process.kill(grey?.pid ?? 0, 'SIGKILL');
    await grey?.exited;
    const killedAt = Date.now();
    const laterAt = killedAt + INTERVAL_S * 1_000;
    await waitFor(
      'results due after the kill',
      async () => {
        const page = await api.get<PageJson<CheckJson>>('/checks');
        return page.items.every((check) => Date.parse(check.scheduledAt ?? '') > laterAt);
      },
      30_000,
    );
    const { items } = await api.get<ResultsJson>('/checks/host-0/announce/history?limit=1000');
    const dueTimes = items.map((item) => Date.parse(item.scheduledAt));
    const recent = dueTimes.filter((due) => due > beganAt);
    const gaps = recent.slice(1).map((due, place) => (recent[place] ?? 0) - due);
    expect(new Set(gaps)).toEqual(new Set([INTERVAL_S * 1_000]));
  });

  test('a second red stands by and takes over within five seconds of a SIGKILL', async () => {
    const secondUrl = `http://127.0.0.1:${await freePort()}`;
    const second = apiOf(secondUrl, join(folder.path, 'node-red-2'));
    await startService('red', 'node-red-2', {
      PPALETTE_RED__LISTEN: secondUrl.slice('http://'.length),
    });
    await waitFor('the second API', () => isReady(secondUrl), 30_000);
    expect((await second.get<StatusJson>('/status')).scheduler.active).toBe(false);
    const red = services.get('node-red');
    process.kill(red?.pid ?? 0, 'SIGKILL');
    await red?.exited;
    const killedAt = performance.now();
    await waitFor('the second red to run the schedule', async () => {
      const status = await second.get<StatusJson>('/status');
      return status.scheduler.active && status.scheduler.requested > 0;
    });
    expect(performance.now() - killedAt).toBeLessThan(5_000 + INTERVAL_S * 1_000);
    await waitFor(
      'fresh results',
      async () => {
        const page = await second.get<PageJson<CheckJson>>('/checks');
        return page.items.every(
          (check) => Date.now() - Date.parse(check.scheduledAt ?? '') < 2 * INTERVAL_S * 1_000,
        );
      },
      20_000,
    );
  });

  test('history tells when no red ran, though workers and greys went on', async () => {
    const lastsMs = patienceMs({ intervalMs: INTERVAL_S * 1_000, timeoutMs: TIMEOUT_S * 1_000 });
    expect((await stopService('node-red-2')).code).toBe(0);
    const overdueAt = Date.now() + lastsMs;
    await waitFor('results to be overdue', () => Date.now() > overdueAt, 2 * lastsMs);
    await startService('red', 'node-red');
    await waitFor('the API', () => isReady(url), 30_000);
    const path = '/checks/host-0/announce/history';
    const [again, gap] = await waitFor(
      'the gap in history',
      async () => {
        const { items } = await api.get<HistoryJson>(`${path}?kind=states`);
        const states = items.filter((item) => item.kind === 'state');
        return states[1]?.state === 'notMeasured' && states;
      },
      30_000,
    );
    expect(again).toMatchObject({ state: 'ok', cause: 'measuredAgain', to: null });
    expect(gap).toMatchObject({ cause: 'schedulerStopped', to: again?.from });
    const { items } = await api.get<ResultsJson>(`${path}?limit=100`);
    const [before] = items.filter(({ finishedAt }) => finishedAt < (gap?.from ?? ''));
    expect(Date.parse(gap?.from ?? '')).toBe(Date.parse(before?.scheduledAt ?? '') + lastsMs);
    expect(items.some(({ finishedAt }) => finishedAt === again?.from)).toBe(true);
  }, 120_000);

  async function stopService(node: string) {
    const service = services.get(node);
    await service?.stop('SIGTERM', 15_000);
    return (await service?.exited) ?? { code: null };
  }
});
