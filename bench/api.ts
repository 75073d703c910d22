/**
 * Lists, filters and single objects of the API over HTTP: 10,000 hosts x 10 plugins, on SQLite and
 * PostgreSQL, one client asking for 100 rows after the other while the checks run. Goals: 95 of 100
 * lists in 50 ms, single objects in 10 ms.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import { freePort } from '../test/servers/temp.ts';
import { createApiSite } from './api-site.ts';
import { startProcess, stopProcess } from './system.ts';

/** What one kind of request took. */
export interface ApiRow {
  readonly database: string;
  readonly path: string;
  readonly isList: boolean;
  /** Rows that pass the filters; null for what is no list. */
  readonly total: number | null;
  readonly medianMs: number;
  readonly p95Ms: number;
}

const WARM_UP = 3;
/** Requests of each kind before any is measured. */
const SETTLING = 5;

/** Each filter and each order of each list, alone and with others where they meet different tables. */
const LISTS = [
  '/checks',
  '/checks?state=ok',
  '/checks?state=critical',
  '/checks?state=warning,critical,unknown',
  '/checks?state=pending',
  '/checks?stateType=soft',
  '/checks?stateType=hard',
  '/checks?problem=true',
  '/checks?problem=false',
  '/checks?problem=true&sort=-lastStateChange',
  '/checks?problem=true&handled=false',
  '/checks?problem=true&handled=false&stateType=hard',
  '/checks?handled=true',
  '/checks?handled=false',
  '/checks?host=host-00070',
  '/checks?plugin=plugin-3',
  '/checks?plugin=plugin-3&state=critical',
  '/checks?suite=everywhere',
  '/checks?suite=rare',
  '/checks?suite=rare&problem=true',
  '/checks?subnet=net',
  '/checks?subnet=net&problem=true',
  '/checks?zone=default',
  '/checks?zone=default&problem=true',
  '/checks?label=team',
  '/checks?label=team=rare',
  '/checks?label=team=web&problem=true',
  '/checks?q=0070',
  '/checks?q=host',
  '/checks?q=plugin-3',
  '/checks?q=host&problem=true',
  '/checks?sort=-host',
  '/checks?sort=plugin',
  '/checks?sort=zone,host',
  '/checks?sort=state',
  '/checks?sort=-state,host',
  '/checks?sort=lastStateChange',
  '/checks?sort=-lastStateChange',
  '/hosts',
  '/hosts?q=0070',
  '/hosts?q=host',
  '/hosts?suite=everywhere',
  '/hosts?suite=rare',
  '/hosts?subnet=net',
  '/hosts?zone=default',
  '/hosts?label=team=rare',
  '/hosts?label=team',
  '/hosts?maintenance=true',
  '/hosts?maintenance=false',
  '/hosts?sort=-name',
  '/hosts?sort=address',
  '/hosts?sort=zone,name',
  '/hosts?sort=-createdAt',
  '/hosts?sort=-updatedAt',
  '/plugins',
  '/plugins?q=3',
  '/plugins?suite=everywhere',
  '/plugins?builtin=dummy',
  '/plugins?script=check_disk',
  '/plugins?sort=-interval',
  '/suites',
  '/suites?q=extra',
  '/subnets',
  '/subnets?q=192',
  '/subnets?zone=default',
  '/subnets?autoDiscovery=false',
  '/subnets?sort=cidr',
  '/schedule',
  '/schedule?host=host-00070',
  '/schedule?plugin=plugin-3',
  '/discoveries',
  '/discoveries?subnet=net',
  '/discoveries?state=done',
  '/discoveries?sort=subnet',
  '/downtimes',
  '/downtimes?host=host-00070',
  '/downtimes?state=open',
  '/downtimes?sort=end',
  '/tokens',
  '/audit',
  '/audit?kind=host',
  '/audit?name=host-00070',
  '/audit?actor=seed',
  '/audit?actor=nobody',
  '/audit?action=delete',
  '/audit?from=2026-01-01T00:00:00Z&to=2100-01-01T00:00:00Z',
  '/audit?sort=name',
];
/** Lists of which the pages behind the first are asked for too. */
const PAGED = [
  '/checks',
  '/checks?problem=true',
  '/checks?sort=-lastStateChange',
  '/hosts',
  '/audit',
];
const SINGLE = [
  '/checks/host-00070/plugin-3',
  '/checks/host-00070/plugin-3/history?kind=results,states',
  '/hosts/host-00070',
  '/plugins/plugin-3',
  '/workers',
  '/status',
];

/** Measures on one database after the other and prints a table. */
export async function benchApi(
  databases: readonly { readonly name: string; readonly folder: string; readonly url: string }[],
  requestCount: number,
): Promise<ApiRow[]> {
  const rows: ApiRow[] = [];
  for (const { name, folder, url } of databases) {
    process.stderr.write(`lists of the API on ${name} ...\n`);
    const port = await freePort();
    const environment = {
      PPALETTE_DATA: folder,
      PPALETTE_RED__LISTEN: `127.0.0.1:${port}`,
      PPALETTE_DATABASE__URL: url,
      PPALETTE_LOG__LEVEL: 'error',
    };
    await createApiSite(environment);
    const child = await startProcess(['grey', 'violet', 'red'], environment);
    try {
      const token = readFileSync(join(folder, 'admin.token'), 'utf8').trim();
      const ask = createAsk(`http://127.0.0.1:${port}/api/v1`, token);
      // A process and a database that have just been started are not what people wait for.
      for (const path of [...LISTS, ...SINGLE]) await measure(ask, path, SETTLING);
      for (const path of [...LISTS, ...SINGLE]) {
        const isList = LISTS.includes(path);
        rows.push({ database: name, path, isList, ...(await measure(ask, path, requestCount)) });
      }
      for (const path of PAGED) {
        const { nextCursor } = await ask(withParameter(path, 'limit=100'));
        const second = withParameter(path, `cursor=${nextCursor}`);
        const measured = await measure(ask, second, requestCount);
        rows.push({ database: name, path: `${path}, second page`, isList: true, ...measured });
      }
    } finally {
      await stopProcess(child);
    }
  }
  printRows(rows);
  return rows;
}

type Ask = (path: string) => Promise<{ total?: number; nextCursor?: string | null }>;

function createAsk(url: string, token: string): Ask {
  return async (path) => {
    const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Awaited<ReturnType<Ask>>;
  };
}

function withParameter(path: string, parameter: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${parameter}`;
}

async function measure(ask: Ask, path: string, requestCount: number) {
  const isPaged = LISTS.includes(path) || path.includes('cursor=');
  const whole = isPaged ? withParameter(path, 'limit=100') : path;
  let total: number | null = null;
  for (let count = 0; count < WARM_UP; count++) total = (await ask(whole)).total ?? null;
  const times: number[] = [];
  for (let count = 0; count < requestCount; count++) {
    const startedAt = performance.now();
    await ask(whole);
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  const quantile = (share: number) => times[Math.ceil(times.length * share) - 1] ?? Number.NaN;
  return { total, medianMs: quantile(0.5), p95Ms: quantile(0.95) };
}

function printRows(rows: readonly ApiRow[]): void {
  const table = new Table({
    head: ['request', 'database', 'rows', 'median ms', 'p95 ms'],
    style: { head: [], border: [] },
  });
  for (const { path, database, total, medianMs, p95Ms } of rows) {
    table.push([path, database, total ?? '', medianMs.toFixed(1), p95Ms.toFixed(1)]);
  }
  process.stdout.write(`${table.toString()}\n`);
}
