/** What a process shows of itself: which metrics there are, what they are called, who may see them. */

import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram } from '../../scripts/programs.mjs';
import { type App, type Role, startApp } from '../../src/app/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { needs } from '../servers/needs.ts';
import { type ApiCaller, apiOf } from '../servers/program.ts';
import { type TempFolder, tempFolder, waitFor } from '../servers/temp.ts';

const GUIDE = join(import.meta.dirname, '../../docs/monitoring-ppalette.md');

let folder: TempFolder;
const apps: App[] = [];
let logged = '';

const start = async (name: string, roles: readonly Role[], flags: Record<string, unknown> = {}) => {
  const data = join(folder.path, name);
  const { config } = await loadConfig({
    environment: {},
    flags: { data, 'red.listen': '127.0.0.1:0', 'metrics.violet': '127.0.0.1:0', ...flags },
  });
  const log = pino(
    new Writable({
      write(line, _encoding, done) {
        logged += String(line);
        done();
      },
    }),
  );
  const { signal } = new AbortController();
  const app = await startApp(config, roles, {
    ...{ clock: systemClock, random: Math.random, log, signal },
  });
  apps.push(app);
  return { app, data };
};

const textOf = async (url: string) => (await fetch(url)).text();

beforeAll(async () => {
  folder = await tempFolder();
});
afterAll(async () => {
  for (const app of apps) await app.stop();
  await folder?.[Symbol.asyncDispose]();
});

describe('metrics of the whole system', () => {
  let url: string;
  let api: ApiCaller;

  beforeAll(async () => {
    const flags = { 'metrics.checks': true, 'metrics.maxCheckSeries': 5 };
    const { app, data } = await start('all', ['grey', 'violet', 'red'], flags);
    url = app.api?.url ?? '';
    api = apiOf(url, data);
    await api.send('POST', '/suites', { name: 's' });
    const plugin = { builtin: 'dummy', suites: ['s'], interval: 1, params: "1 'x | a=1s b=2'" };
    await api.send('POST', '/plugins', { name: 'p', ...plugin });
    for (const name of ['h1', 'h2', 'h3']) {
      await api.send('POST', '/hosts', { name, address: `${name}.test`, suites: ['s'] });
    }
    await waitFor('states', async () =>
      /ppalette_red_check_state\{host="h3"/.test(await textOf(`${url}/metrics`)),
    );
  });

  test('are all in the guide, with what they mean', async () => {
    const text = await textOf(`${url}/metrics`);
    const kinds = new Map(
      [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)].map(([, name = '', kind = '']) => [name, kind]),
    );
    const rows = [...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(
      ([, name = '', help = '']) => `| \`${name}\` | ${kinds.get(name)} | ${help} |`,
    );
    const table = ['| metric | kind | meaning |', '| --- | --- | --- |', ...rows.sort()];
    const [, inGuide] = (await readFile(GUIDE, 'utf8')).split(/<!-- table of metrics.*-->\n\n/);
    expect(inGuide).toBe(`${table.join('\n')}\n`);
  });

  test('have names by the conventions', async () => {
    const text = await textOf(`${url}/metrics`);
    for (const [, name = '', kind = ''] of text.matchAll(/^# TYPE (\S+) (\w+)$/gm)) {
      expect(name).toMatch(
        /^(ppalette_(red|violet|grey|database|rrd|broker|build)|process|nodejs)_/,
      );
      expect([name, /_total$/.test(name)]).toEqual([name, kind === 'counter']);
    }
  });

  test.skipIf(needs('prometheus'))('are in order for promtool', async () => {
    const check = spawnSync(findProgram('promtool') ?? '', ['check', 'metrics'], {
      input: await textOf(`${url}/metrics`),
      encoding: 'utf8',
    });
    expect({ code: check.status, says: check.stderr + check.stdout }).toEqual({
      code: 0,
      says: '',
    });
  });

  test('count what happened', async () => {
    await waitFor('counts', async () => {
      const text = await textOf(`${url}/metrics`);
      const figure = (series: string) =>
        Number(
          text
            .split('\n')
            .find((line) => line.startsWith(`${series} `))
            ?.split(' ')[1] ?? 0,
        );
      return (
        figure('ppalette_red_requests_total') >= 3 &&
        figure('ppalette_red_schedule_lateness_seconds_count') >= 3 &&
        figure('ppalette_violet_check_duration_seconds_count{plugin="p"}') >= 3 &&
        figure('ppalette_violet_start_latency_seconds_count') >= 3 &&
        figure('ppalette_grey_results_total') >= 3 &&
        figure('ppalette_grey_batch_results_sum') >= 3 &&
        figure('ppalette_grey_store_seconds_count') >= 1 &&
        figure('ppalette_database_operation_seconds_count{operation="transaction"}') >= 1 &&
        figure('ppalette_rrd_operation_seconds_count{operation="update"}') >= 1 &&
        figure('ppalette_red_zone_workers{zone="default"}') === 1 &&
        figure('ppalette_red_zone_hosts{zone="default"}') === 3 &&
        figure('ppalette_red_lease_held') === 1 &&
        figure('ppalette_red_scheduled_checks') === 3
      );
    });
    const text = await textOf(`${url}/metrics`);
    expect(text).toMatch(/^ppalette_red_queue_messages\{queue="results\.0"\} \d+$/m);
    expect(text).toMatch(
      /^ppalette_red_api_request_seconds_count\{route="createHost",method="POST",status="2xx"\} 3$/m,
    );
    expect(text).toMatch(
      /^ppalette_build_info\{version="[\d.]+",node="v[\d.]+",roles="grey,red,violet"\} 1$/m,
    );
  });

  test('of checks end at their limit, states first, and what is cut is counted', async () => {
    const text = await textOf(`${url}/metrics`);
    expect(text.match(/^ppalette_red_check_state\{/gm)).toHaveLength(3);
    expect(text.match(/^ppalette_red_check_perfdata\{/gm)).toHaveLength(2);
    expect(text).toContain(
      'ppalette_red_check_perfdata{host="h1",plugin="p",label="a",unit="s"} 1',
    );
    expect(text).toContain('ppalette_red_check_series_left_out 4');
  });
});

describe('a violet without an API', () => {
  test('has metrics, health and readiness of its own', async () => {
    const { app } = await start('violet', ['violet']);
    const url = app.metricsUrl ?? '';
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const text = await textOf(`${url}/metrics`);
    expect(text).toMatch(/^ppalette_violet_slots\{kind="program"\} \d+$/m);
    expect(text).not.toMatch(/ppalette_(red|grey|database)_/);
    expect(await textOf(`${url}/healthz`)).toBe('{"status":"ok"}');
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ status: 'ready', problems: { broker: null } });
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(404);
  });

  test('works on where its address is taken, and says so', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const address = squatter.address();
    const port = typeof address === 'object' ? address?.port : 0;
    try {
      logged = '';
      const { app } = await start('taken', ['violet'], { 'metrics.violet': `127.0.0.1:${port}` });
      expect(app.metricsUrl).toBeNull();
      expect(logged).toContain('set metrics.violet to a free one');
      expect(logged).toContain('violet takes checks');
    } finally {
      squatter.close();
    }
  });

  test('shows nothing where nobody wants it', async () => {
    const { app } = await start('none', ['violet'], { 'metrics.violet': '' });
    expect(app.metricsUrl).toBeNull();
  });
});

test('a grey tells which of its needs is away', async () => {
  const flags = { 'metrics.grey': '127.0.0.1:0', 'rrd.driver': 'none' };
  const { app } = await start('grey', ['grey'], flags);
  const ready = await fetch(`${app.metricsUrl}/readyz`);
  expect(await ready.json()).toEqual({
    status: 'ready',
    problems: { database: null, broker: null },
  });
  expect(await textOf(`${app.metricsUrl}/metrics`)).toMatch(/^ppalette_grey_statistics_lease 1$/m);
});
