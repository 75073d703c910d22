/** What a local instance leaves behind for `ppadm`: where it is and where its token lies. */

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { ConfigError } from '../model/errors.ts';
import { isAlive } from './worker-id.ts';

/** A running `ppalette up`. */
export interface Instance {
  readonly url: string;
  /** Absolute path. */
  readonly tokenFile: string;
  readonly pid: number;
}

const FILE_NAME = 'instance.json';
/** For an instance on this machine to answer. */
const ANSWER_MS = 1_000;
const HTTPS_PORT = 443;

/**
 * Writes the note into the data folder and, for `ppadm` run elsewhere, into the user's state folder.
 * The result takes both away again, as far as they still are this instance's.
 */
export async function announceInstance(
  folders: readonly string[],
  instance: Instance,
): Promise<() => Promise<void>> {
  const files = folders.map((folder) => join(folder, FILE_NAME));
  for (const file of files) {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, `${JSON.stringify(instance)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
  return async () => {
    for (const file of files) {
      const current = await readInstance(file);
      if (current?.pid === instance.pid) await rm(file, { force: true });
    }
  };
}

/** Throws `ConfigError` when another living instance works in this data folder. */
export async function refuseSecondInstance(dataFolder: string): Promise<void> {
  const instance = await readInstance(join(dataFolder, FILE_NAME));
  if (!instance || instance.pid === process.pid || !isAlive(instance.pid)) return;
  // The number may have been given to another program since a crash; only ours answers there.
  if (!(await answersThere(instance.url))) return;
  throw new ConfigError(
    `ppalette already runs in ${dataFolder} (process ${instance.pid}, ${instance.url}): stop it, or choose another folder with --data.`,
  );
}

/** Over TLS it is enough that somebody listens: the certificate need not be for this address. */
async function answersThere(url: string): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol === 'https:') return listensThere(hostname.replace(/^\[|\]$/g, ''), Number(port));
  const signal = AbortSignal.timeout(ANSWER_MS);
  return fetch(`${url}/healthz`, { signal }).then(
    (response) => response.ok,
    () => false,
  );
}

function listensThere(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: port === 0 ? HTTPS_PORT : port, timeout: ANSWER_MS });
    socket.once('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('timeout', () => socket.destroy());
    socket.once('error', () => undefined);
    socket.once('close', () => resolve(false));
  });
}

async function readInstance(file: string): Promise<Instance | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Instance;
  } catch {
    return undefined;
  }
}
