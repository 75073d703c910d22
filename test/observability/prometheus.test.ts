/**
 * A real Prometheus that scrapes red, violet and grey as processes over RabbitMQ and PostgreSQL: what
 * dashboard and alerts ask for is there. And one check's way, through their logs and by `ppadm trace`.
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TraceJson } from '../../src/contract/traces.ts';
import { needs } from '../servers/needs.ts';
import { type ApiCaller, apiOf, isReady, runPpadm, startPpalette } from '../servers/program.ts';
import { type PrometheusServer, startPrometheus } from '../servers/prometheus.ts';
import { type RabbitmqServer, startRabbitmq } from '../servers/rabbitmq.ts';
import {
  freePort,
  type RunningProcess,
  type TempFolder,
  tempFolder,
  waitFor,
} from '../servers/temp.ts';
import { createTestDatabase, type TestDatabase } from '../servers/test-database.ts';
import {
  ALERTS_FILE,
  fillIn,
  metricsIn,
  queriesOf,
  readDashboard,
  readRules,
  seriesIn,
} from './contrib.ts';

interface Target {
  readonly health: string;
  readonly lastError: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface RuleGroups {
  readonly groups: readonly {
    readonly rules: readonly { name: string; health: string; state: string; lastError?: string }[];
  }[];
}

interface Answer {
  readonly result: readonly { metric: Record<string, string>; value: [number, string] }[];
}

const ROLES = ['red', 'violet', 'grey'] as const;

describe.skipIf(needs('prometheus', 'rabbitmq', 'postgres'))('watched services', () => {
  let folder: TempFolder;
  let rabbitmq: RabbitmqServer;
  let database: TestDatabase;
  let prometheus: PrometheusServer;
  let api: ApiCaller;
  let url: string;
  const services = new Map<string, RunningProcess>();
  const ports = new Map<string, number>();

  const start = async (role: (typeof ROLES)[number]) => {
    const data = join(folder.path, role);
    await mkdir(data, { recursive: true });
    const address = (name: string) => `127.0.0.1:${ports.get(name)}`;
    services.set(
      role,
      await startPpalette([role], {
        cwd: data,
        env: {
          PPALETTE_DATA: data,
          PPALETTE_DATABASE__URL: role === 'violet' ? 'postgres://127.0.0.1:1/none' : database.url,
          PPALETTE_BROKER__URL: rabbitmq.url,
          PPALETTE_RED__LISTEN: address('red'),
          PPALETTE_METRICS__VIOLET: address('violet'),
          PPALETTE_METRICS__GREY: address('grey'),
          PPALETTE_METRICS__CHECKS: 'true',
          PPALETTE_VIOLET__HEARTBEAT_INTERVAL: '1',
          PPALETTE_GREY__STATS_INTERVAL: '1',
          PPALETTE_RRD__DRIVER: 'builtin',
          PPALETTE_LOG__LEVEL: 'debug',
          PPALETTE_LOG__FORMAT: 'json',
        },
      }),
    );
  };
  const ppadm = async (...args: string[]) => {
    const token = join(folder.path, 'red', 'admin.token');
    return runPpadm(['--url', url, '--token-file', token, ...args], { cwd: folder.path });
  };
  const query = (expr: string) =>
    prometheus.get<Answer>(`/query?query=${encodeURIComponent(expr)}`);

  beforeAll(async () => {
    [folder, rabbitmq, database] = await Promise.all([
      tempFolder(),
      startRabbitmq(),
      createTestDatabase('postgres'),
    ]);
    for (const role of ROLES) ports.set(role, await freePort());
    url = `http://127.0.0.1:${ports.get('red')}`;
    api = apiOf(url, join(folder.path, 'red'));
    for (const role of ROLES) await start(role);
    await waitFor('the API', () => isReady(url), 60_000);
    await api.send('POST', '/suites', { name: 's' });
    const plugin = { builtin: 'dummy', suites: ['s'], interval: 1, params: "0 'x | a=1s'" };
    await api.send('POST', '/plugins', { name: 'p', ...plugin });
    await api.send('POST', '/hosts', {
      name: 'h',
      address: 'h.test',
      suites: ['s'],
      history: true,
    });
    const jobs = ROLES.map((role) => ({
      job: `ppalette-${role}`,
      targets: [`127.0.0.1:${ports.get(role)}`],
    }));
    prometheus = await startPrometheus(jobs, [ALERTS_FILE]);
  }, 180_000);
  afterAll(async () => {
    await prometheus?.[Symbol.asyncDispose]();
    await Promise.all([...services.values()].map((service) => service.stop('SIGTERM', 5_000)));
    await rabbitmq?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  test('are all scraped without an error', async () => {
    await waitFor(
      'three targets',
      async () => {
        const { activeTargets } = await prometheus.get<{ activeTargets: Target[] }>('/targets');
        const up = activeTargets.filter(({ health }) => health === 'up');
        return up.length === ROLES.length && up.every(({ lastError }) => lastError === '');
      },
      60_000,
    );
  });

  test('have every metric that the dashboard and the alerts ask for', async () => {
    // By the kinds that were announced, since some series begin with their first event.
    const metadata = await waitFor(
      'metrics of all services',
      async () => {
        const known = await prometheus.get<Record<string, { type: string }[]>>('/metadata');
        return 'ppalette_grey_results_total' in known && 'ppalette_violet_slots' in known && known;
      },
      60_000,
    );
    const queries = [...queriesOf(await readDashboard()), ...(await readRules())].map(
      ({ expr }) => expr,
    );
    const asked = new Set(queries.flatMap(metricsIn));
    expect(asked.size).toBeGreaterThan(40);
    expect([...asked].filter((name) => !(name in metadata))).toEqual([]);

    // A histogram has series with endings alone, anything else none; rates are of what only rises.
    const kindOf = (name: string) => metadata[name]?.[0]?.type;
    const isSeries = (name: string) =>
      kindOf(name) !== undefined
        ? kindOf(name) !== 'histogram'
        : kindOf(name.replace(/_(bucket|count|sum)$/, '')) === 'histogram';
    expect(queries.flatMap(seriesIn).filter((name) => !isSeries(name))).toEqual([]);
    const rated = queries.flatMap((expr) =>
      [...expr.matchAll(/\b(?:rate|increase)\((\w+)/g)].map(([, name = '']) => name),
    );
    expect(rated.length).toBeGreaterThan(20);
    expect(rated.filter((name) => kindOf(name) === 'gauge')).toEqual([]);
  });

  test('have the labels that the dashboard and the alerts ask for', async () => {
    const labels = new Map<string, Set<string>>();
    const labelsOf = async (name: string) => {
      const known = labels.get(name);
      if (known) return known;
      const series = await prometheus.get<Record<string, string>[]>(`/series?match[]=${name}`);
      const found = new Set(series.flatMap((one) => Object.keys(one)));
      labels.set(name, found);
      return found;
    };
    for (const { expr } of [...queriesOf(await readDashboard()), ...(await readRules())]) {
      const grouped = [...expr.matchAll(/\b(?:by|on) ?\(([^)]*)\)/g)].flatMap(
        ([, list = '']) => list.match(/\w+/g) ?? [],
      );
      const matched = [...expr.matchAll(/[{,]\s*(\w+)\s*[=!]/g)].map(([, label = '']) => label);
      const names = [...seriesIn(expr), ...(expr.match(/\w+(?=\{)/g) ?? [])];
      const found = await Promise.all(names.map(labelsOf));
      // Some series begin with their first event; until then nobody can tell.
      if (found.some(({ size }) => size === 0)) continue;
      const all = new Set(found.flatMap((one) => [...one]));
      expect(
        [...grouped, ...matched].filter((label) => !all.has(label)),
        expr,
      ).toEqual([]);
    }
  });

  test('are what the variables of the dashboard offer', async () => {
    const { templating } = await readDashboard();
    const offers: Record<string, string[]> = {};
    for (const { name, definition } of templating.list) {
      if (definition === undefined) continue;
      const [, selector = '', label] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? [];
      const match = encodeURIComponent(fillIn(selector));
      offers[name] = await prometheus.get<string[]>(`/label/${label}/values?match[]=${match}`);
    }
    const instances = [...ports.values()].map((port) => `127.0.0.1:${port}`);
    expect(offers).toEqual({
      job: ROLES.map((role) => `ppalette-${role}`).sort(),
      instance: instances.sort(),
    });
  });

  test('fill the dashboard', async () => {
    const queries = queriesOf(await readDashboard());
    const escaped = `127\\\\.0\\\\.0\\\\.1:${ports.get('grey')}`;
    for (const { expr, title, legend } of queries) {
      // As Grafana writes several choices of a variable. Either throws for one that is no query.
      const chosen = { job: '(ppalette-red|ppalette-grey)', instance: `(${escaped}|none)` };
      await query(fillIn(expr, chosen));
      const { result } = await query(fillIn(expr));
      for (const { metric } of result)
        expect(Object.keys(metric), title).toEqual(expect.arrayContaining([...legend]));
    }
    const wanted = ['Checks by state', 'Lateness', 'Storing a batch', 'Slots', 'Queues', 'Memory'];
    for (const title of wanted) {
      const expr = fillIn(queries.find((each) => each.title === title)?.expr ?? '');
      await waitFor(
        `data in "${title}"`,
        async () => {
          const { result } = await query(expr);
          return result.length > 0 && result.every(({ value }) => value[1] !== 'NaN');
        },
        60_000,
      );
    }
  });

  test('evaluate the alerts without an error, and healthy ones raise none that is critical', async () => {
    const rules = await waitFor(
      'evaluated rules',
      async () => {
        const { groups } = await prometheus.get<RuleGroups>('/rules');
        const all = groups.flatMap((group) => group.rules);
        return all.length > 0 && all.every(({ health }) => health !== 'unknown') && all;
      },
      60_000,
    );
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(rules.filter(({ state }) => state === 'firing').map(({ name }) => name)).toEqual([]);
  });

  test('tell the way of one check in the logs of all three, by its id', async () => {
    const { id } = await waitFor('a stored result', async () => {
      const trace = await api.get<TraceJson>('/checks/h/p/trace');
      return trace.progress === 'stored' && trace.steps.at(-1)?.step === 'stored' && trace;
    });
    const wordsOf = (role: string) =>
      (services.get(role)?.output() ?? '')
        .split('\n')
        .filter((line) => line.includes(`"requestId":"${id}"`))
        .map((line) => String((JSON.parse(line) as { msg: unknown }).msg));
    await waitFor('the last words', () => wordsOf('violet').includes('result confirmed'));
    expect(wordsOf('red')).toEqual(['check request sent', 'check request confirmed']);
    expect(wordsOf('violet')).toEqual([
      ...['request received', 'check started', 'check run', 'result confirmed'],
    ]);
    expect(wordsOf('grey')).toEqual(['result received', 'result stored']);
  });

  test('tell it by ppadm, with the time at each step', async () => {
    const { items } = await api.get<{ items: { requestId: string }[] }>('/checks/h/p/history');
    const id = items.at(-1)?.requestId ?? '';
    const json = await ppadm('trace', id, '-o', 'json');
    const trace = JSON.parse(json.stdout) as TraceJson;
    expect(trace).toMatchObject({ id, host: 'h', plugin: 'p', progress: 'stored', state: 'ok' });
    const steps = ['due', 'sent', 'confirmed', 'received', 'started', 'finished', 'collected'];
    expect(trace.steps.map(({ step }) => step)).toEqual([...steps, 'stored']);
    // One machine, one clock: each step but the confirm, which nobody waits for, follows another.
    const way = trace.steps.filter(({ step }) => step !== 'confirmed');
    expect(way.every(({ took }) => took === null || took >= 0)).toBe(true);
    expect(trace.clockDifference).toBeNull();
    const table = await ppadm('trace', 'h', 'p');
    expect(table.stdout).toMatch(/^received +violet +20\S+Z +[\dms]+ +[\dms]+$/m);
  });

  test('tell how far a request came that never came back', async () => {
    await services.get('violet')?.stop();
    // One that was due after that expires a second later, and red hears of it.
    await waitFor(
      'an expired request',
      async () => {
        const { stdout } = await ppadm('trace', 'h', 'p');
        const id = /^h\/p {2}(\S+)/.exec(stdout)?.[1] ?? '';
        return waitFor('its end', async () => {
          const { progress, detail, steps } = await api.get<TraceJson>(`/traces/${id}`);
          const ways = steps.map(({ step }) => step).join(' ');
          return progress === 'expired' && ways === 'due sent confirmed expired' && detail !== '';
        });
      },
      60_000,
    );
    const unknown = await ppadm('trace', '1-5');
    expect(unknown).toMatchObject({ code: 3, stdout: '' });
    await start('violet');
  });

  test('raise the alert when no worker is left in a zone', async () => {
    await services.get('violet')?.stop();
    await waitFor(
      'a pending alert',
      async () => {
        const { groups } = await prometheus.get<RuleGroups>('/rules');
        const rule = groups
          .flatMap(({ rules }) => rules)
          .find(({ name }) => name === 'PpaletteNoWorkerInZone');
        return rule?.state === 'pending' || rule?.state === 'firing';
      },
      60_000,
    );
  }, 90_000);
});
