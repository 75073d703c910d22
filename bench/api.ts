/**
 * Lists, filters and single objects of the API over HTTP: 10,000 hosts x 10 plugins, on SQLite and
 * PostgreSQL, one client asking for 100 rows after the other while the checks run. Goals: 95 of 100
 * lists in 50 ms, single objects in 10 ms.
 */

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import { sql } from 'kysely';
import { openDatabase } from '../src/app/adapters.ts';
import { loadConfig } from '../src/config/load.ts';
import type { Sql } from '../src/database/database.ts';
import { migrate } from '../src/database/migrations/migrate.ts';
import { chunksOf } from '../src/database/queries/upsert.ts';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { freePort } from '../test/servers/temp.ts';
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

const HOST_COUNT = 10_000;
const PLUGIN_COUNT = 10;
const INTERVAL_S = 600;
const ROWS_AT_ONCE = 500;
const WARM_UP = 3;
/** Which of 20 something is, so that each filter leaves a known part. */
const RARE = 20;

const LISTS = [
  '/checks',
  '/checks?state=ok',
  '/checks?state=critical',
  '/checks?problem=true',
  '/checks?problem=true&sort=-lastStateChange',
  '/checks?host=host-00070',
  '/checks?plugin=plugin-3',
  '/checks?suite=everywhere',
  '/checks?suite=rare',
  '/checks?subnet=net',
  '/checks?zone=default',
  '/checks?label=team',
  '/checks?label=team=rare',
  '/checks?q=0070',
  '/checks?q=host',
  '/checks?zone=default&problem=true',
  '/hosts',
  '/hosts?q=0070',
  '/hosts?suite=rare',
  '/hosts?subnet=net',
  '/hosts?zone=default',
  '/hosts?label=team=rare',
  '/hosts?maintenance=true',
  '/plugins',
  '/suites',
  '/subnets',
  '/schedule',
  '/schedule?host=host-00070',
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
    await createSite(environment);
    const child = await startProcess(['grey', 'violet', 'red'], environment);
    try {
      const token = readFileSync(join(folder, 'admin.token'), 'utf8').trim();
      const ask = createAsk(`http://127.0.0.1:${port}/api/v1`, token);
      for (const path of [...LISTS, ...SINGLE]) {
        const isList = LISTS.includes(path);
        rows.push({ database: name, path, isList, ...(await measure(ask, path, requestCount)) });
      }
      const { nextCursor } = await ask('/checks?limit=100');
      const second = `/checks?cursor=${nextCursor}`;
      const measured = await measure(ask, second, requestCount);
      rows.push({ database: name, path: '/checks, second page', isList: true, ...measured });
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

async function measure(ask: Ask, path: string, requestCount: number) {
  const isPaged = LISTS.includes(path) || path.includes('cursor=');
  const whole = isPaged ? `${path}${path.includes('?') ? '&' : '?'}limit=100` : path;
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

/** Row by row instead of by the API, which would take a quarter of an hour. */
async function createSite(environment: Readonly<Record<string, string>>): Promise<void> {
  const { config } = await loadConfig({ environment });
  const { signal } = new AbortController();
  const context = { clock: systemClock, random: Math.random, log: silentLog(), signal };
  const database = await openDatabase(config, context);
  await migrate(database);
  await database.transaction(insertSite);
  // PostgreSQL does it by itself within a minute, SQLite when it is opened.
  if (database.traits.kind === 'postgres') await sql`analyze`.execute(database.db);
  await database.close();
}

async function insertSite({ db }: Sql): Promise<void> {
  const stored = { created_at: Date.now(), updated_at: Date.now(), version: 1 };
  const ids = (count: number) => Array.from({ length: count }, () => randomUUID());
  const [everywhere = '', rare = '', subnet = ''] = ids(3);
  const plugins = ids(PLUGIN_COUNT);
  const hosts = ids(HOST_COUNT).map((id, index) => ({ id, index }));
  await db
    .insertInto('suite')
    .values([
      { id: everywhere, name: 'everywhere', description: '', ...stored },
      { id: rare, name: 'rare', description: '', ...stored },
    ])
    .execute();
  await db
    .insertInto('subnet')
    .values({
      ...{ id: subnet, name: 'net', cidr: '192.0.2.0/24', exclude: '[]', auto_discovery: 0 },
      ...{ interval_ms: 1_800_000, zone: 'default', description: '', ...stored },
    })
    .execute();
  await db
    .insertInto('plugin')
    .values(
      plugins.map((id, index) => ({
        ...{ id, name: `plugin-${index}`, script: null, builtin: 'dummy', ssh: 0, params: '0' },
        ...{ interval_ms: INTERVAL_S * 1_000, timeout_ms: 10_000, description: '', ...stored },
      })) as never,
    )
    .execute();
  await db
    .insertInto('plugin_suite')
    .values([
      ...plugins.map((id) => ({ member_id: id, suite_id: everywhere })),
      { member_id: plugins[0] ?? '', suite_id: rare },
    ])
    .execute();
  for (const part of chunksOf(hosts, ROWS_AT_ONCE)) {
    await db
      .insertInto('host')
      .values(part.map((host) => ({ ...hostRow(host, subnet), ...stored })) as never)
      .execute();
    await db
      .insertInto('host_suite')
      .values(
        part.flatMap(({ id, index }) => [
          { member_id: id, suite_id: everywhere },
          ...(index % RARE === 0 ? [{ member_id: id, suite_id: rare }] : []),
        ]),
      )
      .execute();
    for (const plugin of plugins) {
      await db
        .insertInto('check_pair')
        .values(part.map(({ id }) => ({ host_id: id, plugin_id: plugin })))
        .execute();
    }
  }
  const pairs = await db.selectFrom('check_pair').select('check_pair.check_id').execute();
  for (const part of chunksOf(pairs, ROWS_AT_ONCE)) {
    await db
      .insertInto('check_state')
      .values(part.map(({ check_id }) => stateRow(check_id)))
      .execute();
  }
}

function hostRow({ id, index }: { id: string; index: number }, subnet: string) {
  const number = String(index).padStart(5, '0');
  const team = index % RARE === 0 ? 'rare' : 'web';
  return {
    ...{ id, name: `host-${number}`, address: `host-${number}.example.net`, login: 'violet' },
    ...{ ssh_port: 22, maintenance: index % RARE === 1 ? 1 : 0, history: 0 },
    ...{ zone: index % 2 === 0 ? 'default' : 'other', subnet_id: index % 2 ? subnet : null },
    ...{ labels: JSON.stringify({ team }), vars: '{}' },
  };
}

function stateRow(checkId: number) {
  const at = Date.now() - checkId;
  return {
    ...{ check_id: checkId, state: checkId % RARE === 0 ? 2 : 0, exit_code: 0 },
    ...{ output: 'DUMMY OK - all is well here', long_output: '', perfdata: '[]', worker: 'seed' },
    ...{ scheduled_at: at, started_at: at, finished_at: at, last_state_change_at: at },
    ...{ state_type: 1, attempt: 1, max_check_attempts: 1, last_hard_state_change_at: at },
    is_passive: 0 as const,
  };
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
