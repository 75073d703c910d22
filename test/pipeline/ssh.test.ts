/** A plugin with `ssh` on, from the API to its state, against OpenSSH's own server. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, startApp } from '../../src/app/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { CheckJson } from '../../src/contract/checks.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { needs } from '../servers/needs.ts';
import { type ApiCaller, apiOf } from '../servers/program.ts';
import { type Sshd, startSshd } from '../servers/sshd.ts';
import { type TempFolder, tempFolder } from '../servers/temp.ts';

describe.skipIf(needs('sshd'))('a check through ssh', () => {
  let folder: TempFolder;
  let sshd: Sshd;
  let app: App;
  let api: ApiCaller;
  beforeAll(async () => {
    folder = await tempFolder();
    sshd = await startSshd();
    const { config } = await loadConfig({
      environment: {},
      flags: {
        data: folder.path,
        'red.listen': '127.0.0.1:0',
        'violet.ssh.keys': [sshd.userKey],
        'violet.ssh.hostKeyPolicy': 'accept-new',
        'violet.ssh.pluginPaths': [join(import.meta.dirname, '..', 'fixtures', 'plugins')],
      },
    });
    const { signal } = new AbortController();
    const context = { clock: systemClock, random: Math.random, log: silentLog(), signal };
    app = await startApp(config, ['grey', 'violet', 'red'], context);
    api = apiOf(app.api?.url ?? '', folder.path);
    await api.send('POST', '/suites', { name: 's' });
    await api.send('POST', '/plugins', {
      name: 'words',
      script: 'check_argv',
      params: `'a b' '$HOSTNAME$;id'`,
      ssh: true,
      suites: ['s'],
    });
  });
  afterAll(async () => {
    await app?.stop();
    await sshd?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const run = async (host: string) =>
    (await api.send('POST', `/checks/${host}/words/run?wait=true`)).body as CheckJson;

  test('runs the script there with the arguments as they are', async () => {
    const host = { name: 'there', address: '127.0.0.1', login: sshd.login, sshPort: sshd.port };
    await api.send('POST', '/hosts', { ...host, suites: ['s'] });
    const { output, longOutput, exitCode } = await run('there');
    expect(exitCode, output).toBe(0);
    const words = [output, longOutput].map((hex) => Buffer.from(hex, 'hex').toString());
    expect(words).toEqual(['a b', 'there;id']);
  });

  test('of a host that cannot be reached is unknown, and says where it failed', async () => {
    const host = { name: 'closed', address: '127.0.0.2', login: sshd.login, sshPort: 1 };
    await api.send('POST', '/hosts', { ...host, suites: ['s'] });
    expect(await run('closed')).toMatchObject({
      state: 'unknown',
      output: expect.stringMatching(/ssh failed: connect/),
    });
  });

  test('needs a script: a built-in probe cannot run there', async () => {
    const refused = await api.send('POST', '/plugins', { name: 'b', builtin: 'ping', ssh: true });
    expect(refused.status).toBe(422);
  });
});
