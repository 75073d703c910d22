/** The login that `ppadm login` keeps for the user: a server and its token. */

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from '../model/errors.ts';
import type { Surroundings } from './surroundings.ts';

/** A server and the token for it. */
export interface Login {
  readonly url: string;
  readonly token: string;
}

/** The file of the stored login; `XDG_CONFIG_HOME` moves it. */
export function loginFile({ environment, home }: Surroundings): string {
  const base = environment['XDG_CONFIG_HOME'] || join(home, '.config');
  return join(base, 'ppadm', 'config.json');
}

/** The stored login; undefined when there is none. Throws `ConfigError` for a file that is broken. */
export async function readLogin(surroundings: Surroundings): Promise<Login | undefined> {
  const file = loginFile(surroundings);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new ConfigError(`Cannot read the stored login ${file}: ${reasonOf(error)}.`);
  }
  const login = parseLogin(text);
  if (login) return login;
  throw new ConfigError(
    `The stored login ${file} is broken: write it anew with "ppadm login URL".`,
  );
}

/** Keeps a login, readable by its user alone; returns its file. Throws `ConfigError`. */
export async function storeLogin(login: Login, surroundings: Surroundings): Promise<string> {
  const file = loginFile(surroundings);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    // A new file, so that one with wider rights that was there before does not pass them on.
    await rm(`${file}.new`, { force: true });
    await writeFile(`${file}.new`, `${JSON.stringify(login)}\n`, { mode: 0o600, flag: 'wx' });
    await rename(`${file}.new`, file);
  } catch (error) {
    throw new ConfigError(`Cannot write the stored login ${file}: ${reasonOf(error)}.`);
  }
  return file;
}

function parseLogin(text: string): Login | undefined {
  try {
    const { url, token } = JSON.parse(text) as Partial<Login>;
    return typeof url === 'string' && typeof token === 'string' ? { url, token } : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
