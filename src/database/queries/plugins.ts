/** Plugins in SQL. */

import type { Selectable } from 'kysely';
import { assert } from '../../lib/assert.ts';
import { type CheckPolicy, DEFAULT_POLICY } from '../../model/check-policy.ts';
import type { Plugin } from '../../model/objects.ts';
import type { Sql } from '../database.ts';
import type { PluginTable } from '../schema.ts';
import { removeDependenciesOn } from './dependencies.ts';
import { listSuiteNames, replaceSuites, resolveNames } from './memberships.ts';
import { insertedBy, type ObjectQueries, toStored, updatedBy } from './objects.ts';
import { contains, readPage } from './page.ts';
import { listPeriodNames, resolvePeriod } from './timeperiod-names.ts';

/** A plugin is found by id or name. */
export const pluginQueries: ObjectQueries<Plugin> = {
  kind: 'plugin',

  async find(sql, reference) {
    const row = await sql.db
      .selectFrom('plugin')
      .selectAll('plugin')
      .where(({ or, eb }) =>
        or([eb('plugin.id', '=', reference), eb('plugin.name', '=', reference)]),
      )
      .executeTakeFirst();
    if (!row) return undefined;
    return readPlugin(row, {
      suites: await listSuiteNames(sql, 'plugin', [row.id]),
      periods: await listPeriodNames(sql, [row]),
    });
  },

  async list(sql, page, filters) {
    let query = sql.db.selectFrom('plugin').selectAll('plugin');
    for (const [name, value] of Object.entries(filters)) {
      if (name === 'q') query = query.where(contains('plugin.name', value));
      if (name === 'script') query = query.where('plugin.script', '=', value);
      if (name === 'builtin') query = query.where('plugin.builtin', '=', value);
      if (name === 'suite') {
        query = query.where(({ exists, selectFrom }) =>
          exists(
            selectFrom('plugin_suite')
              .innerJoin('suite', 'suite.id', 'plugin_suite.suite_id')
              .whereRef('plugin_suite.member_id', '=', 'plugin.id')
              .where('suite.name', '=', value)
              .select('suite.id'),
          ),
        );
      }
    }
    const result = await readPage(
      query,
      {
        columns: {
          name: 'plugin.name',
          interval: 'plugin.interval_ms',
          createdAt: 'plugin.created_at',
          updatedAt: 'plugin.updated_at',
        },
        tieBreaker: 'plugin.id',
        defaultSort: [{ name: 'name', descending: false }],
      },
      page,
    );
    const rows = result.items as unknown as Selectable<PluginTable>[];
    const suites = await listSuiteNames(
      sql,
      'plugin',
      rows.map((row) => row.id),
    );
    const periods = await listPeriodNames(sql, rows);
    return { ...result, items: rows.map((row) => readPlugin(row, { suites, periods })) };
  },

  async insert(change, id, spec) {
    const suiteIds = await resolveNames(change, 'suite', spec.suites, '/suites');
    await change.db
      .insertInto('plugin')
      .values({ ...insertedBy(change, id), ...(await pluginColumns(change, spec)) })
      .execute();
    await replaceSuites(change, 'plugin', id, suiteIds);
    change.reconcile('plugin', [id]);
    await change.touch('plugin', [id]);
  },

  async update(change, id, spec) {
    const suiteIds = await resolveNames(change, 'suite', spec.suites, '/suites');
    await change.db
      .updateTable('plugin')
      .set({ ...updatedBy(change), ...(await pluginColumns(change, spec)) })
      .where('plugin.id', '=', id)
      .execute();
    await replaceSuites(change, 'plugin', id, suiteIds);
    change.reconcile('plugin', [id]);
    await change.touch('plugin', [id]);
  },

  async delete(change, id) {
    await change.touch('plugin', [id]);
    await removeDependenciesOn(change, 'plugin', id);
    await change.removeChecksOf('plugin', id);
    await change.db.deleteFrom('plugin').where('plugin.id', '=', id).execute();
  },
};

/** What a plugin's row runs. */
export function readRun(row: Pick<PluginTable, 'script' | 'builtin'>): Plugin['run'] {
  if (row.script !== null) return { script: row.script };
  assert(row.builtin !== null, 'a plugin has a script or a built-in');
  return { builtin: row.builtin };
}

/** The policy of a plugin's row. */
export function readPolicy({ policy }: Pick<PluginTable, 'policy'>): CheckPolicy {
  return { ...DEFAULT_POLICY, ...(JSON.parse(policy) as Partial<CheckPolicy>) };
}

function readPlugin(
  row: Selectable<PluginTable>,
  {
    suites,
    periods,
  }: {
    readonly suites: ReadonlyMap<string, string[]>;
    readonly periods: ReadonlyMap<string, string>;
  },
) {
  return toStored<Plugin>(row, {
    name: row.name,
    run: readRun(row),
    ssh: row.ssh === 1,
    params: row.params,
    intervalMs: row.interval_ms,
    timeoutMs: row.timeout_ms,
    policy: readPolicy(row),
    checkPeriod: periods.get(row.check_period_id ?? '') ?? null,
    eventHandlerPeriod: periods.get(row.event_handler_period_id ?? '') ?? null,
    activeChecks: row.active_checks === 1,
    passiveChecks: row.passive_checks === 1,
    freshnessMs: row.freshness_ms,
    hostCheck: row.host_check === 1,
    description: row.description,
    suites: suites.get(row.id) ?? [],
  });
}

async function pluginColumns(sql: Sql, spec: Plugin) {
  return {
    name: spec.name,
    script: 'script' in spec.run ? spec.run.script : null,
    builtin: 'builtin' in spec.run ? spec.run.builtin : null,
    ssh: spec.ssh ? 1 : 0,
    params: spec.params,
    interval_ms: spec.intervalMs,
    timeout_ms: spec.timeoutMs,
    policy: JSON.stringify(spec.policy),
    check_period_id: await resolvePeriod(sql, spec.checkPeriod, '/checkPeriod'),
    event_handler_period_id: await resolvePeriod(
      sql,
      spec.eventHandlerPeriod,
      '/eventHandlerPeriod',
    ),
    active_checks: spec.activeChecks ? 1 : 0,
    passive_checks: spec.passiveChecks ? 1 : 0,
    freshness_ms: spec.freshnessMs,
    host_check: spec.hostCheck ? 1 : 0,
    description: spec.description,
  } as const;
}
