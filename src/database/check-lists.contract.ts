/** Lists of checks of every order and filter, against what a plain sort and filter in memory gives. */

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { DEFAULT_CONTROL } from '../model/check-control.ts';
import { DEFAULT_HOST_POLICY, DEFAULT_POLICY } from '../model/check-policy.ts';
import type { Database } from './database.ts';
import { writeBatch } from './queries/check-states.ts';
import { type CheckView, listChecks } from './queries/checks.ts';
import { changeConfiguration } from './queries/configuration.ts';
import { hostQueries } from './queries/hosts.ts';
import type { SortKey } from './queries/page.ts';
import { pluginQueries } from './queries/plugins.ts';
import { suiteQueries } from './queries/suites.ts';
import { foldTallies } from './queries/tallies.ts';
import { sumCheckTallies } from './queries/tally-sums.ts';

/** Together more checks than are sorted in one piece. */
const HOST_COUNT = 144;
const PLUGIN_COUNT = 20;

/** Slow machines take a second for each list. */
const TIMEOUT_MS = 120_000;

/** Adds the test, which looks at all checks of the database. */
export function testCheckLists(getDatabase: () => Database): void {
  test(
    'a list of many checks is what sorting and filtering all of them gives',
    async () => {
      const database = getDatabase();
      await addSite(database);
      const all = await readAll(database, {}, []);
      const pairs = await database.db
        .selectFrom('check_pair')
        .select('check_id')
        .where('plugin_id', 'is not', null)
        .execute();
      expect(all.map(({ checkId }) => checkId).sort()).toEqual(
        pairs.map(({ check_id }) => check_id).sort(),
      );
      const compare = async (
        filters: Readonly<Record<string, string>>,
        sort: readonly SortKey[],
      ) => {
        const wanted = all.filter((check) => passes(check, filters)).sort(compareBy(sort));
        const what = `${JSON.stringify(filters)} by ${JSON.stringify(sort)}`;
        expect((await readAll(database, filters, sort)).map(nameOf), what).toEqual(
          wanted.map(nameOf),
        );
      };
      const compareAll = async () => {
        for (const sort of SORTS) await compare({}, sort);
        for (const filters of FILTERS) {
          await compare(filters, []);
          await compare(filters, [desc('state')]);
          await compare(filters, [desc('lastStateChange')]);
        }
      };
      // Before anything is counted in, and from the counts.
      expect(await sumCheckTallies(database, 0)).toBeNull();
      await compareAll();
      await foldTallies(database);
      expect(await sumCheckTallies(database, 0)).not.toBeNull();
      await compareAll();
    },
    TIMEOUT_MS,
  );
}

const asc = (name: string): SortKey => ({ name, descending: false });
const desc = (name: string): SortKey => ({ name, descending: true });

const SORTS: readonly (readonly SortKey[])[] = [
  [],
  [desc('host')],
  [asc('plugin')],
  [desc('plugin'), asc('host')],
  [asc('zone')],
  [desc('zone'), asc('plugin')],
  [asc('state')],
  [desc('state'), asc('host')],
  [asc('state'), desc('lastStateChange')],
  [asc('lastStateChange')],
  [desc('lastStateChange')],
];

const FILTERS: readonly Readonly<Record<string, string>>[] = [
  { suite: 'lists' },
  { suite: 'lists', problem: 'true' },
  { suite: 'few' },
  { suite: 'few', problem: 'true' },
  { suite: 'few', maintenance: 'true', handled: 'false' },
  { suite: 'few', q: 'lists-1' },
  { suite: 'lists', zone: 'near', problem: 'true' },
  { state: 'ok' },
  { state: 'pending' },
  { state: 'pending,critical' },
  { state: 'ok,warning,critical,unknown,pending' },
  { stateType: 'soft' },
  { problem: 'true' },
  { problem: 'false' },
  { handled: 'true' },
  { handled: 'false' },
  { problem: 'true', handled: 'false' },
  { problem: 'false', handled: 'false', maintenance: 'false' },
  { zone: 'near' },
  { zone: 'near', problem: 'true' },
  { maintenance: 'false' },
  { q: 'lists-1', problem: 'true' },
  { plugin: 'lists-3', state: 'ok' },
];

/** What of a host, plugin or state follows from its number. */
const suitesOf = (number: number) => (number % 4 === 0 ? ['lists', 'few'] : ['lists']);
const zoneOf = (host: number) => (host % 4 === 0 ? 'near' : 'far');
const isPending = (id: number) => id % 11 === 0;
const stateOf = (id: number) => (id % 5 === 0 ? ((id / 5) % 3) + 1 : 0);
const isSoft = (id: number) => stateOf(id) > 0 && id % 2 === 0;
const isAcknowledged = (id: number) => !isPending(id) && id % 7 === 0;
/** Some at the same instant. */
const changedAt = (id: number) => 1_000 + (id % 400);

async function addSite(database: Database): Promise<void> {
  const empty = { description: '', hosts: [], plugins: [], subnets: [] };
  await changeConfiguration(database, { at: 1, actor: 'test' }, async (change) => {
    for (const name of ['lists', 'few']) {
      await suiteQueries.insert(change, randomUUID(), { name, ...empty });
    }
    for (let index = 0; index < PLUGIN_COUNT; index++) {
      await pluginQueries.insert(change, randomUUID(), {
        ...{ name: `lists-${index}`, run: { builtin: 'dummy' }, ssh: false, params: '' },
        ...{ intervalMs: 60_000, timeoutMs: 1_000, policy: DEFAULT_POLICY, description: '' },
        ...DEFAULT_CONTROL,
        suites: suitesOf(index),
        hostCheck: index === 0,
      });
    }
    for (let index = 0; index < HOST_COUNT; index++) {
      await hostQueries.insert(change, randomUUID(), {
        ...{ name: `lists-${index}`, address: `lists-${index}`, login: 'violet', sshPort: 22 },
        ...{ maintenance: index % 9 === 0, history: false, zone: zoneOf(index), subnet: null },
        ...{
          suites: suitesOf(index),
          labels: {},
          vars: {},
          hostCheck: null,
          eventHandlerPeriod: null,
          parents: [],
        },
        ...{ policy: DEFAULT_HOST_POLICY, overrides: {} },
      });
    }
  });
  const checks = await readAll(database, { suite: 'lists' }, []);
  expect(checks.length).toBe(HOST_COUNT * PLUGIN_COUNT);
  const ids = checks.map(({ checkId }) => checkId);
  const measured = ids.filter((id) => !isPending(id));
  await database.transaction((sql) =>
    writeBatch(sql, {
      states: measured.map((id) => ({
        ...{ check_id: id, state: stateOf(id), exit_code: 0, output: '', long_output: '' },
        ...{ perfdata: '[]', scheduled_at: 1, started_at: 1, finished_at: 1, worker: '' },
        ...{ last_state_change_at: changedAt(id), state_type: isSoft(id) ? 0 : 1, attempt: 1 },
        ...{ max_check_attempts: 1, last_hard_state_change_at: 1, is_passive: 0 as const },
      })),
      results: [],
      memories: measured
        .filter((id) => id % 2 === 1)
        .map((id) => ({
          ...{ check_id: id, is_flapping: 0 as const, flap_percent: 0, is_in_downtime: 0 as const },
          ...{ is_acknowledged: isAcknowledged(id) ? (1 as const) : (0 as const), revision: 1 },
          ...{
            is_measured: 1 as const,
            next_change_at: null,
            is_silence_expected: 0 as const,
            memory: '{}',
          },
        })),
    }),
  );
}

/** Page after page; the size leaves pages that end between and inside states. */
async function readAll(
  database: Database,
  filters: Readonly<Record<string, string>>,
  sort: readonly SortKey[],
): Promise<CheckView[]> {
  const found: CheckView[] = [];
  let cursor: string | null = null;
  do {
    const page = await listChecks(database, { limit: 941, sort, cursor }, filters);
    found.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === null) expect(page.total, JSON.stringify(filters)).toBe(found.length);
  } while (cursor !== null);
  return found;
}

const nameOf = ({ host, plugin }: CheckView) => `${host} ${plugin}`;

/** By the state that was read, which other tests cover. */
function passes(check: CheckView, filters: Readonly<Record<string, string>>): boolean {
  const state = check.run?.state ?? 'pending';
  const isProblem = !['ok', 'pending'].includes(state);
  const tests: Readonly<Record<string, (value: string) => boolean>> = {
    state: (value) => value.split(',').includes(state),
    stateType: (value) => check.run?.stateType === value,
    problem: (value) => isProblem === (value === 'true'),
    handled: (value) => check.acknowledged === (value === 'true'),
    maintenance: (value) => check.maintenance === (value === 'true'),
    // Names of hosts and plugins of no other suite begin so.
    suite: (value) =>
      [check.host, check.plugin].every((name) => {
        const [prefix, number] = name.split('-');
        return prefix === 'lists' && suitesOf(Number(number)).includes(value);
      }),
    zone: (value) => check.zone === value,
    plugin: (value) => check.plugin === value,
    q: (value) => check.host.includes(value) || check.plugin.includes(value),
  };
  return Object.entries(filters).every(([name, value]) => tests[name]?.(value));
}

const CODES = ['pending', 'ok', 'warning', 'critical', 'unknown'];

function compareBy(sort: readonly SortKey[]) {
  const descending = sort.at(-1)?.descending ?? false;
  const last = ['host', 'plugin'].filter((name) => sort.every((key) => key.name !== name));
  const keys = [...sort, ...last.map((name) => ({ name, descending }))];
  const keyOf = (check: CheckView, name: string): string | number => {
    if (name === 'host') return check.host;
    if (name === 'plugin') return check.plugin;
    if (name === 'zone') return check.zone;
    if (name === 'state') return CODES.indexOf(check.run?.state ?? 'pending');
    return check.run?.lastStateChangeAt ?? 0;
  };
  return (a: CheckView, b: CheckView): number => {
    for (const key of keys) {
      const [left, right] = [keyOf(a, key.name), keyOf(b, key.name)];
      if (left !== right) return left < right !== key.descending ? -1 : 1;
    }
    return 0;
  };
}
