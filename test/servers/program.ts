/** The built programs, started as a user starts them. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunningProcess, startProcess } from './temp.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PPALETTE = join(ROOT, 'dist', 'bin', 'ppalette.cjs');
/** The built command line. */
export const PPADM = join(ROOT, 'dist', 'bin', 'ppadm.js');

/** Nothing of the developer's own configuration reaches the programs under test. */
function environment(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^PP(ALETTE|ADM)_/.test(name));
  return { ...Object.fromEntries(kept), ...extra };
}

/** Where a program runs. */
export interface ProgramOptions {
  /** Keeps its default files out of the tree. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Words before the command, such as `ip netns exec NAME`. */
  readonly within?: readonly string[];
}

/** Starts `ppalette` with these arguments. */
export function startPpalette(
  args: readonly string[],
  options: ProgramOptions,
): Promise<RunningProcess> {
  const [program, ...before] = [...(options.within ?? []), process.execPath];
  return startProcess(program ?? '', [...before, PPALETTE, ...args], {
    cwd: options.cwd,
    env: environment({ HOME: options.cwd, XDG_STATE_HOME: options.cwd, ...options.env }),
  });
}

/** How a run of `ppadm` ended. */
export interface PpadmRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `ppadm` with these arguments to its end. */
export function runPpadm(args: readonly string[], options: ProgramOptions): Promise<PpadmRun> {
  const [program, ...before] = [...(options.within ?? []), process.execPath];
  return new Promise((resolve) => {
    const child = execFile(
      program ?? '',
      [...before, PPADM, ...args],
      {
        cwd: options.cwd,
        env: environment({ HOME: options.cwd, XDG_STATE_HOME: options.cwd, ...options.env }),
        timeout: 30_000,
      },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** A caller of the API of one instance. */
export interface ApiCaller {
  get<Answer>(path: string): Promise<Answer>;
  send(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
}

/** Calls the API with the token that lies in the data folder. */
export function apiOf(url: string, dataFolder: string): ApiCaller {
  const send = async (method: string, path: string, body?: unknown) => {
    const token = (await readFile(join(dataFolder, 'admin.token'), 'utf8')).trim();
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  return {
    send,
    async get<Answer>(path: string) {
      const { status, body } = await send('GET', path);
      if (status !== 200) throw new Error(`GET ${path} gave ${status}: ${JSON.stringify(body)}`);
      return body as Answer;
    },
  };
}

/** True once the instance serves and has what it needs. */
export async function isReady(url: string): Promise<boolean> {
  return (await fetch(`${url}/readyz`)).status === 200;
}
