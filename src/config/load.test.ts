import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError } from '../model/errors.ts';
import { loadConfig } from './load.ts';
import { formatConfig, formatExample } from './show.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ppalette-config-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Loads a file of this content. */
async function load(text: string, options: { name?: string; environment?: object } = {}) {
  const file = join(folder, options.name ?? 'ppalette.yaml');
  await writeFile(file, text);
  return loadConfig({ file, environment: { ...options.environment } });
}

describe('configuration', () => {
  test('without anything written the defaults hold, in the data folder', async () => {
    const { config, file } = await loadConfig({ environment: {}, flags: { data: '/srv/pp' } });
    expect(file).toBeNull();
    expect(config.database.url).toBe('sqlite:/srv/pp/ppalette.db');
    expect(config.rrd.dir).toBe('/srv/pp/rrd');
    expect(config.violet.pluginPaths).toContain('/srv/pp/plugins');
    expect(config.red.listen).toBe('127.0.0.1:5000');
  });

  test.each([
    ['ppalette.yaml', 'violet:\n  concurrency: 7\n'],
    ['ppalette.toml', '[violet]\nconcurrency = 7\n'],
    ['ppalette.json', '{ "violet": { "concurrency": 7 } }'],
  ])('%s is read', async (name, text) => {
    expect((await load(text, { name })).config.violet.concurrency).toBe(7);
  });

  test('the environment wins over the file, flags win over both', async () => {
    const file = join(folder, 'ppalette.yaml');
    await writeFile(file, 'red:\n  listen: 127.0.0.1:1\nlog:\n  level: error\n');
    const { config } = await loadConfig({
      file,
      environment: {
        PPALETTE_RED__LISTEN: '127.0.0.1:2',
        PPALETTE_LOG__LEVEL: 'debug',
        PPALETTE_VIOLET__ZONES: 'a, b',
        PPALETTE_VIOLET__HEARTBEAT_INTERVAL: '5',
        PPALETTE_GREY__HISTORY: 'false',
        PPALETTE_OTHER: 'not ours',
      },
      flags: { 'red.listen': '127.0.0.1:3' },
    });
    expect(config.red.listen).toBe('127.0.0.1:3');
    expect(config.log.level).toBe('debug');
    expect(config.violet).toMatchObject({ zones: ['a', 'b'], heartbeatInterval: 5 });
    expect(config.grey.history).toBe(false);
  });

  test('a secret can come from a file', async () => {
    const secret = join(folder, 'key');
    await writeFile(secret, 'hush\n');
    const environment = { PPALETTE_SECURITY__MESSAGE_KEY_FILE: secret };
    expect((await load('', { environment })).config.security.messageKey).toBe('hush');
  });

  test('names of the operator are set one by one too, secrets by files', async () => {
    const secret = join(folder, 'password');
    await writeFile(secret, 'hush\n');
    const environment = {
      PPALETTE_VIOLET__MACROS__USER3_FILE: secret,
      PPALETTE_VIOLET__MACROS__USER4: 'public',
      PPALETTE_VIOLET__ENVIRONMENT__http_proxy: 'http://proxy:3128',
      PPALETTE_VIOLET__MACRO_FILES__USER5: 'DATA/five',
      PPALETTE_DATA: folder,
    };
    const { config } = await load('violet: { macros: { USER1: /plugins, USER4: old } }', {
      environment,
    });
    expect(config.violet).toMatchObject({
      macros: { USER1: '/plugins', USER3: 'hush', USER4: 'public' },
      macroFiles: { USER5: join(folder, 'five') },
      environment: { http_proxy: 'http://proxy:3128' },
    });
    const misspelt = load('', { environment: { PPALETTE_VIOLET__MACROS__USR3: 'x' } });
    await expect(misspelt).rejects.toThrow(/PPALETTE_VIOLET__MACROS__USR3: there is no such/);
  });

  test.each<[string, string, RegExp]>([
    [
      'an unknown key',
      'violet:\n  zones: [a]\n  treads: 5\n',
      /yaml:3: unknown key violet\.treads/,
    ],
    ['an unknown section', 'log:\n  level: info\nviolett: {}\n', /yaml:3: unknown key violett/],
    ['a wrong type', 'violet:\n  concurrency: many\n', /yaml:2: violet\.concurrency must be/],
    ['a value out of range', 'grey:\n  shards: 0\n', /yaml:2: grey\.shards must be/],
    ['broken YAML', 'violet:\n  zones: [a\n', /yaml:\d: /],
    ['a list at the top', '- a\n', /yaml:1: the file must hold sections/],
    ['a bomb of aliases', 'a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n', /./],
  ])('%s is refused with file, line and key', async (_, text, reason) => {
    const failure = await load(text).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect(String(failure)).toMatch(reason);
  });

  test('each mistake is told in one line of its own, and nothing besides', async () => {
    const lines = [
      ...['red: { listn: x, prt: 1 }', 'nothing: 1', 'grey:', '  shards: many'],
      ...['violet:', '  ssh: { odd: true }'],
    ];
    const failure = await load(lines.join('\n')).catch((error: unknown) => error);
    const told = String(failure instanceof Error ? failure.message : '').split('\n');
    expect(told.map((line) => line.replace(/^.*yaml:/, '')).sort()).toEqual([
      '1: unknown key red.listn',
      '1: unknown key red.prt',
      '2: unknown key nothing',
      '4: grey.shards must be integer',
      '6: unknown key violet.ssh.odd',
    ]);
  });

  test('broken TOML is refused with its line', async () => {
    await expect(load('[violet\n', { name: 'x.toml' })).rejects.toThrow(/x\.toml:1: /);
  });

  test('keys deeper down come from file and environment alike', async () => {
    const environment = { PPALETTE_VIOLET__SSH__MAX_SESSIONS_PER_HOST: '2' };
    const text = 'data: /d\nviolet: { ssh: { hostKeyPolicy: accept-new, keys: [DATA/k] } }\n';
    const { config } = await load(text, { environment });
    expect(config.violet.ssh).toMatchObject({
      ...{ hostKeyPolicy: 'accept-new', keys: ['/d/k'], maxSessionsPerHost: 2, agent: '' },
      knownHosts: ['/d/ssh/known_hosts', '/etc/ssh/ssh_known_hosts'],
    });
    await expect(load('violet:\n  ssh:\n    jumpHost: a b\n')).rejects.toThrow(
      /yaml:3: violet\.ssh\.jumpHost must match/,
    );
  });

  test('a key of several forms is read in the one that fits', async () => {
    const read = async (text: string) => {
      const { config } = await load('', { environment: { PPALETTE_VIOLET__CONCURRENCY: text } });
      return config.violet.concurrency;
    };
    expect([await read('8'), await read('auto')]).toEqual([8, 'auto']);
    await expect(read('many')).rejects.toThrow(/PPALETTE_VIOLET__CONCURRENCY/);
    const urlOf = async (text: string) =>
      (await load('', { environment: { PPALETTE_BROKER__URL: text } })).config.broker.url;
    expect(await urlOf('amqp://a')).toBe('amqp://a');
    expect(await urlOf('amqp://a, amqp://b')).toEqual(['amqp://a', 'amqp://b']);
    expect(await urlOf('amqp://u:p,w@a')).toBe('amqp://u:p,w@a');
    expect(await urlOf('amqp://u:p,w@a,amqp://b')).toEqual(['amqp://u:p,w@a', 'amqp://b']);
  });

  test('a wrong environment variable is named', async () => {
    await expect(load('', { environment: { PPALETTE_VIOLET__NOPE: '1' } })).rejects.toThrow(
      /PPALETTE_VIOLET__NOPE: there is no such configuration key/,
    );
    await expect(load('', { environment: { PPALETTE_GREY__SHARDS: 'x' } })).rejects.toThrow(
      /PPALETTE_GREY__SHARDS: grey\.shards must be/,
    );
  });

  test('a named file that is missing is an error with the remedy', async () => {
    const missing = loadConfig({ file: '/nonexistent.yaml', environment: {} });
    await expect(missing).rejects.toThrow(
      /nonexistent\.yaml: there is no such file.*config example/,
    );
  });

  test('the example is valid and says the defaults', async () => {
    const example = formatExample();
    const uncommented = example
      .split('\n')
      .map((line) => line.replace(/^# ?/, ''))
      .slice(1)
      .join('\n');
    const { config } = await load(uncommented);
    const { config: defaults } = await loadConfig({ environment: {} });
    expect(config).toEqual(defaults);
  });

  test('what is shown has no secret', async () => {
    const { config } = await load(`
security: { messageKey: marker-one }
violet: { macros: { USER1: marker-two } }
database: { url: 'postgres://u:marker-three@db/x' }
broker: { url: ['amqp://u:marker-four@mq/x'] }
`);
    const shown = formatConfig(config);
    expect(shown).not.toMatch(/marker-/);
    expect(shown).toContain('postgres://u:......@db/x');
  });
});
