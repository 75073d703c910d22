/** The first start: a token for the administrator, and this host with a few real checks. */

import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../database/database.ts';
import { changeConfiguration } from '../database/queries/configuration.ts';
import { hostQueries } from '../database/queries/hosts.ts';
import { agreeOnSetting } from '../database/queries/settings.ts';
import { deleteTokenByName, findTokenByHash, insertToken } from '../database/queries/tokens.ts';
import type { Clock } from '../lib/clock.ts';
import { DEFAULT_CONTROL } from '../model/check-control.ts';
import { DEFAULT_HOST_POLICY, DEFAULT_POLICY } from '../model/check-policy.ts';
import { ConfigError } from '../model/errors.ts';
import type { Plugin } from '../model/objects.ts';
import { createSecret, hashSecret } from '../red/api/auth.ts';
import type { Draft } from '../red/api/editing.ts';
import { createHostEditor } from '../red/api/hosts.ts';
import { createPluginEditor } from '../red/api/plugins.ts';
import { createSuiteEditor } from '../red/api/suites.ts';

const TOKEN_FILE = 'admin.token';
const TOKEN_NAME = 'admin (local file)';

/** Makes sure that `DATA/admin.token` holds a valid token of an administrator; its path. */
export async function ensureAdminToken(
  database: Database,
  dataFolder: string,
  now: number,
): Promise<string> {
  const file = join(dataFolder, TOKEN_FILE);
  const existing = await readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
  if (existing && (await findTokenByHash(database, hashSecret(existing)))) return file;
  const secret = createSecret();
  await database.transaction(async (sql) => {
    await deleteTokenByName(sql, TOKEN_NAME);
    await insertToken(sql, {
      id: randomUUID(),
      name: TOKEN_NAME,
      role: 'admin',
      hash: hashSecret(secret),
      createdAt: now,
      expiresAt: null,
    });
  });
  try {
    await writeFile(file, `${secret}\n`, { mode: 0o600 });
  } catch (error) {
    throw new ConfigError(`Cannot write the token to ${file}: ${String(error)}`);
  }
  return file;
}

/** What the starter site is made of. */
export interface StarterOptions {
  /** What the host is called. */
  readonly hostName: string;
  /** The API's own port, which two of the checks watch. */
  readonly port: number;
  /** File names in the plugin folders. */
  readonly scripts: readonly string[];
  readonly now: number;
  readonly clock: Clock;
}

/**
 * Creates the starter site once in a database's life, and only if there is no host yet. Resolves to
 * the version of the configuration that this made, or null when nothing was to be done.
 */
export async function ensureStarterSite(
  database: Database,
  options: StarterOptions,
): Promise<number | null> {
  const mark = `made ${options.now}`;
  if ((await agreeOnSetting(database, 'starterSite', mark)) !== mark) return null;
  const hosts = await hostQueries.list(database, { limit: 1, sort: [], cursor: null }, {});
  if (hosts.total > 0) return null;
  const origin = { at: options.now, actor: 'ppalette' };
  const { version } = await changeConfiguration(database, origin, async (change) => {
    const suite = 'starter';
    const [suiteEditor, pluginEditor, hostEditor] = [
      createSuiteEditor(),
      createPluginEditor(),
      createHostEditor(options),
    ];
    await suiteEditor.create(
      change,
      draftOf({
        name: suite,
        description: 'Made at the first start. Change or delete it as you like.',
        hosts: [],
        plugins: [],
        subnets: [],
      }),
    );
    for (const plugin of starterPlugins(options)) {
      await pluginEditor.create(change, draftOf({ ...plugin, suites: [suite] }));
    }
    await hostEditor.create(
      change,
      draftOf({
        name: options.hostName,
        address: '127.0.0.1',
        login: 'violet',
        sshPort: 22,
        maintenance: false,
        history: true,
        zone: 'default',
        subnet: null,
        suites: [suite],
        hostCheck: null,
        eventHandlerPeriod: null,
        parents: [],
        policy: DEFAULT_HOST_POLICY,
        overrides: {},
        labels: {},
        vars: {},
      }),
    );
  });
  return version;
}

/** Complete as it is. */
function draftOf<Spec extends object>(spec: Spec): Draft<Spec> {
  return { spec, given: new Set(Object.keys(spec)) };
}

function starterPlugins({ port, scripts }: StarterOptions): Omit<Plugin, 'suites'>[] {
  const rhythm = {
    ...{ ssh: false, intervalMs: 30_000, timeoutMs: 10_000 },
    ...{ policy: DEFAULT_POLICY, ...DEFAULT_CONTROL, hostCheck: false },
  };
  const wanted: Omit<Plugin, 'suites'>[] = [
    {
      name: 'ping',
      run: { builtin: 'ping' },
      params: '-w 100,20% -c 500,60% -p 3',
      description: 'The host answers to ICMP',
      ...rhythm,
      hostCheck: true,
    },
    {
      name: 'api-port',
      run: { builtin: 'tcp' },
      params: `-p ${port} -w 1 -c 5`,
      description: 'The port of the API is open',
      ...rhythm,
    },
    {
      name: 'api-health',
      run: { builtin: 'http' },
      params: `-p ${port} -u /healthz -w 1 -c 5`,
      description: 'The API says that it is alive',
      ...rhythm,
    },
    {
      name: 'load',
      run: { builtin: 'load' },
      params: '-r -w 5,4,3 -c 10,8,6',
      description: 'Load average per processor',
      ...rhythm,
    },
    {
      name: 'disk',
      run: { builtin: 'disk' },
      params: '-w 10% -c 5% -p /',
      description: 'Free space of the root file system',
      ...rhythm,
    },
    {
      name: 'memory',
      run: { builtin: 'memory' },
      params: '-w 90 -c 95',
      description: 'Memory in use',
      ...rhythm,
    },
    {
      name: 'processes',
      run: { script: 'check_procs' },
      params: '-w 2000 -c 5000',
      description: 'Number of processes, counted by a plugin of Debian',
      ...rhythm,
    },
  ];
  return wanted.filter(({ run }) => !('script' in run) || scripts.includes(run.script));
}
