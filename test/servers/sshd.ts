/**
 * A private OpenSSH server on loopback, with host keys, user keys and known_hosts made by OpenSSH's
 * own tools in a temporary folder, which is also the home folder of who logs in. It lets in whoever
 * runs the tests, and as root any user.
 */

import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../../scripts/programs.mjs';
import { freePort, type RunningProcess, startProcess, tempFolder, waitFor } from './temp.ts';

const execute = promisify(execFile);

/** Settings of a server. */
export interface SshdOptions {
  /** Types of its host keys. Default: ed25519 only, which is quickest to make. */
  readonly hostKeys?: readonly KeyType[];
  /** Further lines of sshd_config. */
  readonly config?: readonly string[];
  /** The server itself runs as this user, and lets in nobody else; for root only. */
  readonly runAs?: string;
}

/** Types of keys, as for `ssh-keygen -t`. */
export type KeyType = 'ed25519' | 'ecdsa' | 'rsa';

/** A running server. */
export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** Where all its files are, and where tests may put more. */
  readonly folder: string;
  /** Who may log in. */
  readonly login: string;
  /** A private key that it accepts. */
  readonly userKey: string;
  /** The line for known_hosts with its host key, under `[127.0.0.1]:PORT`. */
  knownHostsLine(type?: KeyType): Promise<string>;
  /** Makes a pair of keys in its folder; resolves to the path of the private one. */
  makeKey(name: string, options?: KeyOptions): Promise<string>;
  /** Lets in who has this key, besides those before. */
  authorize(key: string): Promise<void>;
  /** What it logged, and what its start said. */
  log(): string;
  /** Ends the server and all its connections; `start` starts it again on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Settings of `makeKey`. */
export interface KeyOptions {
  readonly type?: KeyType;
  readonly passphrase?: string;
}

/** Runs `ssh-keygen` with these arguments; resolves to its output, throws when it fails. */
export async function sshKeygen(...args: string[]): Promise<string> {
  const { stdout } = await execute(findProgram('ssh-keygen') ?? 'ssh-keygen', args);
  return stdout;
}

/** Creates and starts a server; about 0.3 s. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const temp = await tempFolder();
  const folder = temp.path;
  const port = await freePort();
  await chmod(folder, 0o755);
  const { hostKeys = ['ed25519'], config = [], runAs } = options;
  for (const type of hostKeys) await makeKey(join(folder, `host_${type}`), { type });
  const userKey = await makeKey(join(folder, 'user'), {});
  const authorized = join(folder, 'authorized_keys');
  await writeFile(authorized, await readFile(`${userKey}.pub`));
  const configPath = join(folder, 'sshd_config');
  const settings = [
    ...hostKeys.map((type) => `HostKey ${join(folder, `host_${type}`)}`),
    ...config, // the first value of a keyword counts
    `ListenAddress 127.0.0.1:${port}`,
    `AuthorizedKeysFile ${authorized}`,
    `PidFile ${join(folder, 'pid')}`,
    `SetEnv HOME=${folder}`, // the start-up files of the account have no say
    ...['StrictModes no', 'UsePAM no', 'PasswordAuthentication no', 'MaxStartups 100'],
    ...['KbdInteractiveAuthentication no', 'PrintMotd no', 'LogLevel VERBOSE', 'UseDNS no'],
  ];
  await writeFile(configPath, `${settings.join('\n')}\n`);
  if (runAs !== undefined) await execute('chown', ['-R', runAs, folder]);
  const program = findProgram('sshd') ?? 'sshd';
  const command = [program, '-D', '-e', '-f', configPath];
  let server: RunningProcess | undefined;
  const start = async () => {
    // sshd wants a folder for processes without rights, which Debian makes at its own start.
    if (process.getuid?.() === 0) await execute('mkdir', ['-p', '-m', '0755', '/run/sshd']);
    server =
      runAs === undefined
        ? await startProcess(program, command.slice(1))
        : await startProcess('setpriv', [`--reuid=${runAs}`, '--clear-groups', ...command]);
    const running = server;
    await waitFor('sshd to listen', () => running.output().includes('Server listening'));
  };
  const stop = async () => {
    if (server === undefined) return;
    // Each connection has a process in a group of its own, which holds the output open.
    const connections = await childrenOf(server.pid);
    const stopped = server.stop();
    for (const pid of connections) kill(pid);
    await stopped;
  };
  try {
    await start();
  } catch (error) {
    await stop();
    await temp[Symbol.asyncDispose]();
    throw error;
  }
  return {
    ...{ port, folder, userKey, start, stop, login: runAs ?? userInfo().username },
    async knownHostsLine(type = hostKeys[0] ?? 'ed25519') {
      const [kind, key] = (await readFile(join(folder, `host_${type}.pub`), 'utf8')).split(' ');
      return `[127.0.0.1]:${port} ${kind} ${key}\n`;
    },
    makeKey: (name, keyOptions = {}) => makeKey(join(folder, name), keyOptions),
    async authorize(key) {
      await writeFile(authorized, await readFile(`${key}.pub`), { flag: 'a' });
    },
    log: () => server?.output() ?? '',
    async [Symbol.asyncDispose]() {
      await stop();
      await temp[Symbol.asyncDispose]();
    },
  };
}

async function makeKey(path: string, { type = 'ed25519', passphrase = '' }: KeyOptions) {
  await sshKeygen('-q', '-t', type, '-N', passphrase, '-C', '', '-f', path);
  return path;
}

async function childrenOf(parent: number): Promise<number[]> {
  const { stdout } = await execute('ps', ['-o', 'pid=', '--ppid', `${parent}`]).catch(() => {
    return { stdout: '' }; // there are none
  });
  return stdout
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended meanwhile.
  }
}
