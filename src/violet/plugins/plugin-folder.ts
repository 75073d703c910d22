/**
 * The plugin folders: the name of a script -> the file to run. Requests name a script and never a
 * path, so what can be run is what an administrator of this machine put into these folders.
 */

import { constants } from 'node:fs';
import { access, readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { Lru } from '../../lib/lru.ts';
import type { Outcome } from '../../model/check.ts';

/** A plugin that cannot be run. */
export type PluginProblem = Extract<Outcome, { kind: 'notStarted' }>;

/** The folders of one violet. */
export interface PluginFolders {
  /**
   * The absolute path of a script; a later folder wins. It is the path in the folder, not that
   * behind links: plugins look at the name under which they are called. An answer may be as old as
   * 2 s.
   */
  find(name: string): Promise<string | { readonly problem: PluginProblem }>;
  /** The names of all scripts that can be run, sorted. Reads the folders. */
  list(): Promise<string[]>;
}

type Found = string | { readonly problem: PluginProblem };

/** How long an answer counts; a burst of checks then costs no file system calls. */
const ANSWER_AGE_MS = 2_000;
/** Scripts whose answers are kept. */
const MAX_ANSWER_COUNT = 1_000;

/**
 * Opens the folders. Those that are missing or empty now are logged, once; they may be filled later.
 * Never rejects.
 */
export async function openPluginFolders(
  paths: readonly string[],
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<PluginFolders> {
  const folders = paths.map((path) => resolve(path));
  const answers = new Lru<string, { found: Found; at: number }>(MAX_ANSWER_COUNT);
  await logUnused(folders, log);
  return {
    async find(name) {
      const answer = answers.get(name);
      if (answer && clock.monotonic() - answer.at < ANSWER_AGE_MS) return answer.found;
      const found = await findScript(name, folders);
      answers.set(name, { found, at: clock.monotonic() });
      return found;
    },
    async list() {
      const names = new Set((await Promise.all(folders.map(readFolder))).flat());
      const runnable: string[] = [];
      for (const name of names) {
        if (typeof (await findScript(name, folders)) === 'string') runnable.push(name);
      }
      return runnable.sort();
    },
  };
}

async function findScript(name: string, folders: readonly string[]): Promise<Found> {
  if (!isPlainName(name)) {
    return problem('refused', `${JSON.stringify(name)} is not the plain name of a file.`);
  }
  for (const folder of folders.toReversed()) {
    const path = join(folder, name);
    const real = await resolveLinks(path);
    if (real === null) continue;
    return (await inspect(path, real, folders)) ?? path;
  }
  const places = folders.length === 0 ? 'no folder is configured' : folders.join(', ');
  return problem(
    'missing',
    `There is no plugin ${name} in violet.pluginPaths (${places}): install it or correct its name.`,
  );
}

/** What keeps this file from being run; null when nothing does. */
async function inspect(path: string, real: string, folders: readonly string[]) {
  if (!(await isInside(real, folders))) {
    return problem(
      'refused',
      `${path} is a link to ${real}, which is in none of violet.pluginPaths: put the plugin itself there or add its folder.`,
    );
  }
  const isFile = await stat(real).then(
    (entry) => entry.isFile(),
    () => false,
  );
  if (!isFile) return problem('notExecutable', `${path} is not a regular file.`);
  return access(real, constants.X_OK).then(
    () => null,
    () => problem('notExecutable', `${path} is not executable: run chmod +x on it.`),
  );
}

async function isInside(real: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) {
    const realFolder = await resolveLinks(folder);
    if (realFolder !== null && real.startsWith(join(realFolder, '/'))) return true;
  }
  return false;
}

/** The path behind all links; null when there is nothing, or nothing that we may see. */
function resolveLinks(path: string): Promise<string | null> {
  return realpath(path).catch(() => null);
}

/**
 * True for the name of a file in a folder, never a path. A name that begins with `-` would be an
 * option to whatever handles it next.
 */
export function isPlainName(name: string): boolean {
  return name !== '' && !/^-|^\.{1,2}$|[/\0]/.test(name) && name.length <= 255;
}

function problem(why: PluginProblem['why'], detail: string): { readonly problem: PluginProblem } {
  return { problem: { kind: 'notStarted', why, detail } };
}

function readFolder(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function logUnused(folders: readonly string[], log: Log): Promise<void> {
  const unused: string[] = [];
  for (const folder of folders) {
    if ((await readFolder(folder)).length === 0) unused.push(folder);
  }
  if (unused.length > 0) log.info({ folders: unused }, 'no plugins in these folders');
}
