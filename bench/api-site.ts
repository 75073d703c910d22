/** The site that the lists of the API are measured on: 10,000 hosts x 10 plugins, with what lies beside. */

import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { openDatabase } from '../src/app/adapters.ts';
import { loadConfig } from '../src/config/load.ts';
import type { Sql } from '../src/database/database.ts';
import { migrate } from '../src/database/migrations/migrate.ts';
import { foldTallies } from '../src/database/queries/tallies.ts';
import { chunksOf } from '../src/database/queries/upsert.ts';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';

const HOST_COUNT = 10_000;
const PLUGIN_COUNT = 10;
const INTERVAL_S = 600;
const ROWS_AT_ONCE = 500;
/** Which of 20 something is, so that each filter leaves a known part. */
const RARE = 20;
/** Of so many checks one has a memory. */
const REMEMBERED = 10;
/** Suites, subnets and downtimes that nothing else is about. */
const EXTRA_COUNT = 200;
const DISCOVERY_COUNT = 1_000;

/** Row by row instead of by the API, which would take a quarter of an hour. */
export async function createApiSite(environment: Readonly<Record<string, string>>): Promise<void> {
  const { config } = await loadConfig({ environment });
  const { signal } = new AbortController();
  const context = { clock: systemClock, random: Math.random, log: silentLog(), signal };
  const database = await openDatabase(config, context);
  await migrate(database);
  await database.transaction(insertSite);
  await foldTallies(database);
  // PostgreSQL does it by itself within a minute, SQLite when it is opened.
  if (database.traits.kind === 'postgres') await sql`vacuum analyze`.execute(database.db);
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
    for (const plugin of [null, ...plugins]) {
      await db
        .insertInto('check_pair')
        .values(part.map(({ id }) => ({ host_id: id, plugin_id: plugin })))
        .execute();
    }
  }
  const pairs = await db
    .selectFrom('check_pair')
    .select('check_pair.check_id')
    .where('check_pair.plugin_id', 'is not', null)
    .execute();
  for (const part of chunksOf(pairs, ROWS_AT_ONCE)) {
    await db
      .insertInto('check_state')
      .values(part.map(({ check_id }) => stateRow(check_id)))
      .execute();
    const remembered = part.filter(({ check_id }) => check_id % REMEMBERED === 0);
    await db
      .insertInto('check_memory')
      .values(remembered.map(({ check_id }) => memoryRow(check_id)))
      .execute();
  }
  await insertBeside({ db }, { hosts, subnet, stored });
}

type Stored = Readonly<Record<'created_at' | 'updated_at' | 'version', number>>;

/** What is listed beside hosts and checks. */
async function insertBeside(
  { db }: Pick<Sql, 'db'>,
  site: {
    readonly hosts: readonly { readonly id: string; readonly index: number }[];
    readonly subnet: string;
    readonly stored: Stored;
  },
): Promise<void> {
  const { hosts, subnet, stored } = site;
  const extra = Array.from({ length: EXTRA_COUNT }, (_, index) => index);
  await db
    .insertInto('suite')
    .values(
      extra.map((index) => ({
        ...{ id: randomUUID(), name: `extra-${index}`, description: '', ...stored },
      })),
    )
    .execute();
  await db
    .insertInto('subnet')
    .values(
      extra.map((index) => ({
        ...{ id: randomUUID(), name: `extra-${index}`, cidr: `10.0.${index}.0/24`, exclude: '[]' },
        ...{ auto_discovery: 0 as const, interval_ms: 1_800_000, zone: 'other', description: '' },
        ...stored,
      })),
    )
    .execute();
  await db
    .insertInto('downtime')
    .values(
      hosts.slice(0, EXTRA_COUNT).map(({ id, index }) => ({
        ...{ id: randomUUID(), host_id: id, plugin_id: null, suite_id: null, subnet_id: null },
        ...{
          labels: '',
          all_checks: 1 as const,
          start_at: 1_000 + index,
          end_at: 2_000 + index,
          is_fixed: 1 as const,
        },
        ...{ duration_ms: 1_000, recurrence: '', time_zone: 'UTC', author: 'seed', comment: '' },
        ...{ created_at: 1_000, cancelled_at: 1_500, over_at: 2_000 },
      })),
    )
    .execute();
  for (const part of chunksOf([...Array(DISCOVERY_COUNT).keys()], ROWS_AT_ONCE)) {
    await db
      .insertInto('discovery')
      .values(
        part.map((index) => ({
          ...{ id: randomUUID(), subnet_id: subnet, running_subnet_id: null, exclude: '[]' },
          ...{ cidr: '192.0.2.0/24', zone: 'default', slice_size: 256, total: 256, scanned: 256 },
          ...{ state: 'done', requested_by: 'seed', started_at: Date.now() - index * 60_000 },
          ...{ finished_at: Date.now() - index * 60_000, problem: null, added_count: 0 },
          ...{ known_count: 0, gone_count: 0, added: '[]', known: '[]', gone: '[]' },
        })),
      )
      .execute();
  }
  for (const part of chunksOf(hosts, ROWS_AT_ONCE)) {
    await db
      .insertInto('audit')
      .values(
        part.map((host) => ({
          ...{ at: Date.now() - host.index, actor: 'seed', action: 'create', kind: 'host' },
          ...{ object_id: host.id, name: hostRow(host, subnet).name, before_json: null },
          after_json: JSON.stringify(hostRow(host, subnet)),
        })),
      )
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

/** Each other one is acknowledged, the rest only has a history of changes. */
function memoryRow(checkId: number) {
  return {
    ...{ check_id: checkId, is_flapping: 0 as const, flap_percent: 0 },
    ...{ is_acknowledged: checkId % (2 * REMEMBERED) === 0 ? (1 as const) : (0 as const) },
    ...{
      is_in_downtime: 0 as const,
      is_measured: 1 as const,
      next_change_at: null,
      is_silence_expected: 0 as const,
    },
    ...{ memory: '{}', revision: 1 },
  };
}

/** One of 20, of every host and plugin alike. */
function isProblem(checkId: number): boolean {
  return (checkId + Math.floor(checkId / RARE)) % RARE === 0;
}

function stateRow(checkId: number) {
  const at = Date.now() - checkId;
  return {
    ...{ check_id: checkId, state: isProblem(checkId) ? 2 : 0, exit_code: 0 },
    ...{ output: 'DUMMY OK - all is well here', long_output: '', perfdata: '[]', worker: 'seed' },
    ...{ scheduled_at: at, started_at: at, finished_at: at, last_state_change_at: at },
    ...{
      state_type: isProblem(checkId) && checkId % 3 === 0 ? 0 : 1,
      attempt: 1,
      max_check_attempts: 1,
      last_hard_state_change_at: at,
    },
    is_passive: 0 as const,
  };
}
