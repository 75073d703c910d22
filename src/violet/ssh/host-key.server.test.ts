/** Whom violet believes to be a host, and as whom it logs in, against OpenSSH and its own tools. */

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findProgram } from '../../../scripts/programs.mjs';
import { openTestSsh, type SshTestSettings } from '../../../test/remote.ts';
import { needs } from '../../../test/servers/needs.ts';
import { type KeyType, type Sshd, sshKeygen, startSshd } from '../../../test/servers/sshd.ts';
import { startProcess, waitFor } from '../../../test/servers/temp.ts';
import { systemClock } from '../../lib/clock.ts';
import { readOutcome } from '../../nagios/plugin-output.ts';
import { runRemote } from './run-remote.ts';

const FIXTURES = join(import.meta.dirname, '../../../test/fixtures/plugins');

/** Runs a plugin that says nothing, once; what a check shows. */
async function check(sshd: Sshd, settings: SshTestSettings & { login?: string } = {}) {
  const ssh = openTestSsh({
    keys: [sshd.userKey],
    knownHostsPaths: [join(sshd.folder, 'known_hosts')],
    pluginPaths: [FIXTURES],
    ...settings,
  });
  const target = { login: settings.login ?? sshd.login, address: '127.0.0.1', port: sshd.port };
  const run = { target, script: 'check_silent', args: [], timeoutMs: 5_000, signal: undefined };
  const outcome = await runRemote(run, { ssh, maxOutputBytes: 1_000, clock: systemClock });
  ssh.connections.close();
  const reading = readOutcome(outcome, { serviceCheckTimeoutState: 'critical' });
  const { state, output, longOutput } = reading;
  return { state, output, longOutput };
}

const RAN = { state: 'ok', output: '(the plugin printed nothing)', longOutput: '' };

function failedAt(phase: string, text: RegExp) {
  const escaped = new RegExp(`^\\(ssh failed: ${phase}\\) .*${text.source}`, 's');
  return { state: 'unknown', output: expect.stringMatching(escaped), longOutput: '' };
}

describe.skipIf(needs('sshd'))('the key of a host', () => {
  let sshd: Sshd;
  const known = (text: string) => writeFile(join(sshd.folder, 'known_hosts'), text);
  /** Makes an authority and a certificate of the host's key; resolves to the authority's line. */
  async function certify(type: KeyType, ...options: string[]): Promise<string> {
    await rm(join(sshd.folder, 'ca'), { force: true });
    const authority = await sshd.makeKey('ca', { type });
    const key = join(sshd.folder, 'host_ed25519.pub');
    await sshKeygen('-q', '-s', authority, '-I', 'test', ...options, key);
    return (await readFile(`${authority}.pub`, 'utf8')).trim();
  }

  beforeAll(async () => {
    sshd = await startSshd({ hostKeys: ['ed25519', 'ecdsa', 'rsa'] });
    await writeFile(
      join(sshd.folder, 'sshd_config'),
      `${await readFile(join(sshd.folder, 'sshd_config'), 'utf8')}HostCertificate ${join(sshd.folder, 'host_ed25519-cert.pub')}\n`,
    );
  });

  afterAll(() => sshd[Symbol.asyncDispose]());

  beforeEach(() => rm(join(sshd.folder, 'known_hosts'), { force: true }));

  test.each<KeyType>(['ed25519', 'ecdsa', 'rsa'])(
    'of type %s is accepted when known',
    async (type) => {
      await known(await sshd.knownHostsLine(type));
      expect(await check(sshd)).toEqual(RAN);
    },
  );

  test('is found under a hashed name', async () => {
    await known(await sshd.knownHostsLine());
    await sshKeygen('-H', '-f', join(sshd.folder, 'known_hosts'));
    const hashed = await readFile(join(sshd.folder, 'known_hosts'), 'utf8');
    expect(hashed).not.toContain('127.0.0.1');
    expect(await check(sshd)).toEqual(RAN);
  });

  test('is refused when unknown', async () => {
    expect(await check(sshd)).toEqual(
      failedAt('host key', /the key is unknown: it shows ssh-ed25519 SHA256:/),
    );
    expect(await check(sshd, { failureState: 'critical' })).toMatchObject({ state: 'critical' });
  });

  test('is recorded by accept-new, and a changed one is refused from then on', async () => {
    expect(await check(sshd, { hostKeyPolicy: 'accept-new' })).toEqual({
      ...RAN,
      longOutput: expect.stringMatching(
        /^\(the key of this host was new and is recorded: ssh-ed25519 SHA256:\S{43}\)$/,
      ),
    });
    const recorded = await readFile(join(sshd.folder, 'known_hosts'), 'utf8');
    expect(recorded.trim()).toBe((await sshd.knownHostsLine()).trim());
    expect(await check(sshd)).toEqual(RAN);
    await known(
      recorded.replace(
        /AAAA\S+/,
        (await readFile(`${sshd.userKey}.pub`, 'utf8')).split(' ')[1] ?? '',
      ),
    );
    for (const hostKeyPolicy of ['strict', 'accept-new'] as const) {
      const before = sshd.log().length;
      expect(await check(sshd, { hostKeyPolicy })).toEqual(
        failedAt('host key', /THE KEY HAS CHANGED/),
      );
      expect(sshd.log().slice(before)).not.toContain('Accepted');
    }
  });

  test('is refused when it cannot be recorded', async () => {
    const knownHostsPaths = [join(sshd.userKey, 'known_hosts')];
    expect(await check(sshd, { hostKeyPolicy: 'accept-new', knownHostsPaths })).toEqual(
      failedAt('host key', /cannot be/),
    );
  });

  test('is refused when revoked', async () => {
    const line = await sshd.knownHostsLine();
    await known(`${line}@revoked * ${line.split(' ').slice(1).join(' ')}`);
    expect(await check(sshd)).toEqual(failedAt('host key', /the key is revoked/));
  });

  test.each<KeyType>(['ed25519', 'ecdsa', 'rsa'])(
    'is accepted by a certificate of an %s authority',
    async (type) => {
      const authority = await certify(type, '-h', '-n', '127.0.0.1,web1');
      await sshd.stop();
      await sshd.start();
      await known(`@cert-authority * ${authority}\n`);
      expect(await check(sshd)).toEqual(RAN);
      await known(`@cert-authority * ${authority}\n@revoked * ${authority}\n`);
      expect(await check(sshd)).toEqual(failedAt('host key', /its authority is revoked/));
      await known(`@cert-authority other.example ${authority}\n`);
      expect(await check(sshd)).toEqual(failedAt('host key', /the key is unknown/));
    },
  );

  test.each<[RegExp, string[]]>([
    [/it is not for 127\.0\.0\.1/, ['-h', '-n', 'web1']],
    [/it is not for 127\.0\.0\.1/, ['-h']],
    [/it has expired/, ['-h', '-n', '127.0.0.1', '-V', '20200101:20210101']],
    [/it is not valid yet/, ['-h', '-n', '127.0.0.1', '-V', '20900101:20910101']],
  ])('is refused with a certificate of which is said: %s', async (problem, options) => {
    const authority = await certify('ed25519', ...options);
    await sshd.stop();
    await sshd.start();
    await known(`@cert-authority * ${authority}\n`);
    expect(await check(sshd)).toEqual(failedAt('host key', problem));
  });
});

describe.skipIf(needs('sshd'))('the login', () => {
  let sshd: Sshd;

  beforeAll(async () => {
    sshd = await startSshd();
    await writeFile(join(sshd.folder, 'known_hosts'), await sshd.knownHostsLine());
  });

  afterAll(() => sshd[Symbol.asyncDispose]());

  test.each<KeyType>(['ed25519', 'ecdsa', 'rsa'])('takes a key of type %s', async (type) => {
    const key = await sshd.makeKey(`login_${type}`, { type });
    await sshd.authorize(key);
    expect(await check(sshd, { keys: [key] })).toEqual(RAN);
  });

  test('takes a key with a passphrase through an agent only', async () => {
    const key = await sshd.makeKey('locked', { passphrase: 'open sesame' });
    await sshd.authorize(key);
    const refused = await check(sshd, { keys: [key] });
    expect(refused).toEqual(
      failedAt('authentication', /locked \(has a passphrase: add it to the agent\)/),
    );
    expect(refused.output).not.toContain('sesame');

    const socket = join(sshd.folder, 'agent');
    await using agent = await startProcess(findProgram('ssh-agent') ?? '', ['-D', '-a', socket]);
    await waitFor('the agent', () => agent.output().includes(socket));
    const askpass = join(sshd.folder, 'askpass');
    await writeFile(askpass, '#!/bin/sh\necho open sesame\n', { mode: 0o755 });
    await using adder = await startProcess(findProgram('ssh-add') ?? '', [key], {
      env: { SSH_AUTH_SOCK: socket, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' },
    });
    expect(await adder.exited).toMatchObject({ code: 0 });
    expect(await check(sshd, { keys: [key], agent: socket })).toEqual(RAN);
    expect(await check(sshd, { keys: [], agent: socket })).toEqual(RAN);
  });

  test('is refused with a reason that names the keys, not what is in them', async () => {
    const stranger = await sshd.makeKey('stranger');
    const keys = [join(sshd.folder, 'absent'), stranger, join(sshd.folder, 'sshd_config')];
    expect(await check(sshd, { keys })).toEqual(
      failedAt(
        'authentication',
        /was not let in \(\S+stranger, \S+sshd_config \(is no private key\)\)/,
      ),
    );
    expect(await check(sshd, { keys: [keys[0] ?? ''] })).toEqual(
      failedAt('authentication', /no key: there is none of/),
    );
    expect(await check(sshd, { keys: [], agent: join(sshd.folder, 'absent') })).toEqual(
      failedAt('authentication', /the agent at \S+absent/),
    );
  });

  test('of an unknown user is refused', async () => {
    expect(await check(sshd, { login: 'nobody-knows' })).toEqual(
      failedAt('authentication', /nobody-knows was not let in/),
    );
    expect(await check(sshd, { login: '-oProxyCommand=id' })).toEqual(
      failedAt('authentication', /was not let in/),
    );
  });

  test.skipIf(process.getuid?.() !== 0)('of a user without a shell is told', async () => {
    expect(await check(sshd, { login: 'nobody' })).toEqual(
      failedAt(
        'channel',
        /the login shell did not run the command: exit code 1, it said "This account/,
      ),
    );
  });
});
