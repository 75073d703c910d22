/** A small site in a real database for tests of the roles: hosts, plugins and suites by name. */

import { randomUUID } from 'node:crypto';
import type { QueueNames } from '../src/broker/topology.ts';
import type { Database } from '../src/database/database.ts';
import { migrate } from '../src/database/migrations/migrate.ts';
import { readAgendaChecks } from '../src/database/queries/agenda.ts';
import { changeConfiguration } from '../src/database/queries/configuration.ts';
import { hostQueries } from '../src/database/queries/hosts.ts';
import { pluginQueries } from '../src/database/queries/plugins.ts';
import { suiteQueries } from '../src/database/queries/suites.ts';
import { openSqlite } from '../src/database/sqlite.ts';
import { DEFAULT_CONTROL } from '../src/model/check-control.ts';
import { DEFAULT_HOST_POLICY, DEFAULT_POLICY } from '../src/model/check-policy.ts';
import type { Host, Plugin } from '../src/model/objects.ts';

/** Queue names without prefix. */
export const QUEUE_NAMES: QueueNames = {
  prefix: '',
  checks: 'checks',
  results: 'results',
  heartbeats: 'heartbeats',
  events: 'events',
  expired: 'expired',
  discoveries: 'discoveries',
  discovered: 'discovered',
  dead: 'dead',
};

/** An empty database in memory. */
export async function createMemoryDatabase(): Promise<Database> {
  const database = await openSqlite(':memory:');
  await migrate(database);
  return database;
}

/** A host, a plugin and a suite of one name, and so one check. */
export async function addCheck(
  database: Database,
  name: string,
  fields: { readonly host?: Partial<Host>; readonly plugin?: Partial<Plugin> } = {},
): Promise<{ readonly checkId: number; readonly hostId: string; readonly version: number }> {
  const hostId = randomUUID();
  const { version } = await changeConfiguration(
    database,
    { at: 1, actor: 'test' },
    async (change) => {
      await suiteQueries.insert(change, randomUUID(), {
        name,
        description: '',
        hosts: [],
        plugins: [],
        subnets: [],
      });
      await pluginQueries.insert(change, randomUUID(), pluginSpec(name, fields.plugin));
      await hostQueries.insert(change, hostId, hostSpec(name, fields.host));
    },
  );
  for await (const [check] of readAgendaChecks(database, [hostId])) {
    if (check) return { checkId: check.checkId, hostId, version };
  }
  throw new Error('the check was not made');
}

/** Changes a host that `addCheck` made. */
export async function updateHost(
  database: Database,
  hostId: string,
  name: string,
  fields: Partial<Host>,
): Promise<void> {
  await changeConfiguration(database, { at: 2, actor: 'test' }, (change) =>
    hostQueries.update(change, hostId, hostSpec(name, fields)),
  );
}

/** Deletes a host that `addCheck` made. */
export async function deleteHost(database: Database, hostId: string): Promise<void> {
  await changeConfiguration(database, { at: 2, actor: 'test' }, (change) =>
    hostQueries.delete(change, hostId),
  );
}

/** Changes a plugin that `addCheck` made. */
export async function updatePlugin(
  database: Database,
  name: string,
  fields: Partial<Plugin>,
): Promise<void> {
  await changeConfiguration(database, { at: 2, actor: 'test' }, async (change) => {
    const plugin = await pluginQueries.find(change, name);
    await pluginQueries.update(change, plugin?.id ?? '', pluginSpec(name, fields));
  });
}

/** A host as `addCheck` makes it. */
export function hostSpec(name: string, fields: Partial<Host> = {}): Host {
  return {
    name,
    address: `${name}.test`,
    login: 'violet',
    sshPort: 22,
    maintenance: false,
    history: true,
    zone: 'default',
    subnet: null,
    suites: [name],
    hostCheck: null,
    eventHandlerPeriod: null,
    parents: [],
    policy: DEFAULT_HOST_POLICY,
    overrides: {},
    labels: {},
    vars: {},
    ...fields,
  };
}

/** A plugin as `addCheck` makes it. */
export function pluginSpec(name: string, fields: Partial<Plugin> = {}): Plugin {
  return {
    name,
    run: { builtin: 'dummy' },
    ssh: false,
    params: '0',
    intervalMs: 60_000,
    timeoutMs: 10_000,
    policy: DEFAULT_POLICY,
    ...DEFAULT_CONTROL,
    hostCheck: false,
    description: '',
    suites: [name],
    ...fields,
  };
}
