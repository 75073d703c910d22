import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NOW } from '../../test/cli/ppadm-surroundings.ts';
import { page, problem, useScriptedPpadm } from '../../test/cli/scripted-ppadm.ts';
import { formatInstant } from '../lib/instant.ts';

const cli = useScriptedPpadm();
const ago = (seconds: number) => formatInstant(NOW - seconds * 1_000);

describe('status, statistics, history', () => {
  const status = {
    version: '1.2.3',
    checks: {
      ...{ all: 9, active: 8, ok: 5, warning: 1, critical: 2, unknown: 0, pending: 0 },
      ...{ soft: 1, unhandled: 3 },
    },
    hosts: { all: 3, active: 2, up: 1, down: 1, unreachable: 0, pending: 0 },
    workers: { connected: 1, all: 2 },
    problems: [
      {
        kind: 'noWorker',
        subject: 'north',
        since: '2026-11-23T09:00:00.000Z',
        text: 'No worker serves the zone north.',
      },
    ],
    checksPerSecond: 1.234,
    scheduler: { active: true, jobs: 8, requested: 7, missed: 0, lateness: 0.004 },
    database: { address: 'sqlite:x' },
    broker: { address: 'memory:' },
    statistics: { driver: 'none', problem: 'off\x1b' },
  };

  test('status', async () => {
    cli.answer = () => ({ body: status });
    const { output } = await cli.ppadm('show', 'status');
    expect(output).toContain('2 critical, 1 warning, 0 unknown, 0 pending, 5 ok; 8 active of 9');
    expect(output).toMatch(/^Hosts +1 down, 1 up; 2 active of 3$/m);
    expect(output).toMatch(/^Problems +3 unhandled, 1 soft$/m);
    expect(output).toMatch(/^Statistics +none: off\\x1b$/m);
    expect(output).toMatch(/^Problem +No worker serves the zone north\. \(since .*\)$/m);
    expect(JSON.parse((await cli.ppadm('show', 'status', '-o', 'json')).output)).toEqual(status);
  });

  test('scheduler: how it does, then its jobs', async () => {
    const job = { host: 'web1', plugin: 'ping', interval: 30, lastDue: null, nextDue: ago(-5) };
    cli.answer = ({ path }) => (path.endsWith('/status') ? { body: status } : page([job]));
    const { output } = await cli.ppadm('show', 'scheduler', '--host', 'web1');
    expect(output).toMatch(/^active, 8 jobs; 7 requested, 4ms late, 0 missed\n\nHOST/);
    expect(output).toMatch(/web1 +ping +30s +- +in 5 s/);
    expect(cli.server.asked.at(-1)?.query).toMatchObject({ host: 'web1' });
    expect(JSON.parse((await cli.ppadm('show', 'scheduler', '-o', 'json')).output)).toEqual([job]);
  });

  test('series as CSV, which nothing else is', async () => {
    const table = 'time,checks_ok\r\n2026-11-23T10:00:00.000Z,5\r\n';
    cli.answer = () => ({ body: table });
    expect((await cli.ppadm('show', 'stats', '-o', 'csv')).output).toBe(table);
    expect((await cli.ppadm('show', 'perfdata', 'web1', 'ping', '-o', 'csv')).output).toBe(table);
    expect(cli.server.asked.map(({ accept }) => accept)).toEqual(['text/csv', 'text/csv']);
    expect(await cli.ppadm('list', 'hosts', '-o', 'csv')).toMatchObject({
      exitCode: 2,
      errors: expect.stringContaining('only series are written as CSV'),
    });
  });

  test('a graph into a file', async () => {
    cli.answer = () => ({ body: '<svg/>' });
    const shown = await cli.ppadm('show', 'perfdata', 'web1', 'ping', '--graph', 'ping.svg');
    expect(shown).toEqual({ exitCode: 0, output: '', errors: 'Drew ping.svg.\n' });
    expect(await readFile(join(cli.folder.path, 'ping.svg'), 'utf8')).toBe('<svg/>');
    await cli.ppadm('show', 'stats', 'violet-1', '--graph', join(cli.folder.path, 'a.PNG'));
    expect(cli.server.asked.map(({ accept }) => accept)).toEqual(['image/svg+xml', 'image/png']);
    for (const [file, words] of [
      ['ping.gif', 'must end with .svg or .png'],
      ['no/such/folder.svg', 'cannot be written (ENOENT)'],
    ] as const) {
      const refused = await cli.ppadm('show', 'stats', '--graph', file);
      expect(refused).toMatchObject({ exitCode: 2, errors: expect.stringContaining(words) });
    }
  });

  test('statistics of the site and of a worker', async () => {
    const last = { at: ago(5), values: { checks_ok: 5, ram_used: null } };
    const series = { start: ago(3_600), step: 60, values: { checks_ok: [1, null, 3] } };
    cli.answer = ({ path }) => ({ body: path.endsWith('/last') ? last : series });
    const { output } = await cli.ppadm('show', 'stats', '--period', '2h');
    expect(output).toContain('common: latest of 2026-11-23 09:59:55Z; last 2h in steps of 1m');
    expect(output).toMatch(/^checks_ok +5 +1 +2 +3 +▁ █$/m);
    expect(output).toMatch(/^ram_used +- +- +- +-$/m);
    expect(cli.server.asked.find(({ path }) => path.endsWith('/common'))?.query).toEqual({
      from: ago(7_200),
      to: ago(0),
    });
    const json = await cli.ppadm('show', 'stats', 'violet-1', '-o', 'json');
    expect(JSON.parse(json.output)).toEqual({ last, series });
    expect(cli.server.asked.at(-1)?.path).toContain('/stats/workers/violet-1');
  });

  test('history, part after part', async () => {
    const results = Array.from({ length: 1_500 }, (_, index) => ({
      ...{ kind: 'result', state: 'ok', output: `run ${index}`, executionTime: 0.5 },
      ...{ startedAt: ago(index), scheduledAt: ago(index) },
    }));
    cli.answer = ({ query }) => {
      const older = results.filter(({ scheduledAt }) => scheduledAt < (query['to'] ?? '9'));
      return { body: { items: older.slice(0, Number(query['limit'])) } };
    };
    const all = await cli.ppadm('history', 'web1', 'ping', '--limit', '5000', '-o', 'json');
    expect(JSON.parse(all.output)).toEqual(results);
    const { output } = await cli.ppadm('history', 'web1/ping', '--limit', '2', '--from', '1h');
    expect(output).toBe(
      'STARTED               STATE  TOOK   OUTPUT\n' +
        '2026-11-23 10:00:00Z  ok     500ms  run 0\n' +
        '2026-11-23 09:59:59Z  ok     500ms  run 1\n',
    );
    expect(cli.server.asked.at(-1)?.query).toEqual({ from: ago(3_600), limit: '2' });
  });

  test('trace, by names and by id', async () => {
    const step = (name: string, service: string, offset: number, took: number | null) => ({
      ...{ step: name, service, at: ago(-offset), offset, took },
    });
    const trace = {
      ...{ id: '12-1764000000000', host: 'web1', plugin: 'ping', worker: 'violet-1' },
      ...{ progress: 'stored', detail: 'Its result is stored.', state: 'warning' },
      steps: [step('due', 'red', 0, null), step('received', 'violet', -0.25, -0.25)],
      clockDifference: 0.25,
    };
    cli.answer = () => ({ body: trace });
    const { output } = await cli.ppadm('trace', 'web1', 'ping');
    expect(output).toBe(
      'web1/ping  12-1764000000000  stored, warning, by violet-1\nIts result is stored.\n\n' +
        'STEP      SERVICE  AT                        AFTER DUE  TOOK\n' +
        'due       red      2026-11-23T10:00:00.000Z  0s\n' +
        'received  violet   2026-11-23T09:59:59.750Z  -250ms     -250ms\n\n' +
        'The clocks of two services differ by 250ms at least; times across them are off by that.\n',
    );
    expect(cli.server.asked.at(-1)?.path).toBe('/api/v1/checks/web1/ping/trace');
    const json = await cli.ppadm('trace', '12-1764000000000', '-o', 'json');
    expect(JSON.parse(json.output)).toEqual(trace);
    expect(cli.server.asked.at(-1)?.path).toBe('/api/v1/traces/12-1764000000000');
    cli.answer = () => problem(404, 'There is no trace of a request "1-2".');
    expect(await cli.ppadm('trace', '1-2')).toMatchObject({ exitCode: 3 });
  });

  test('history that is not kept says how to keep it', async () => {
    cli.answer = () => ({ body: { items: [] } });
    const { errors } = await cli.ppadm('history', 'web1', 'ping');
    expect(errors).toContain('ppadm edit host web1 --history on');
  });
});
