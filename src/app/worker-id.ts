/**
 * Names for workers that last: a worker that starts again in the same data folder gets its old name,
 * and with it its statistics; several in one folder get different ones.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../model/errors.ts';

/** Of what `readStat` gives. */
const FIELD_STATE = 0;
const FIELD_START = 19;

/** A name in use by this process. */
export interface WorkerId {
  readonly id: string;
  /** Lets another process have it. */
  release(): Promise<void>;
}

/** Takes a name that no living process uses, or a new one. `folder` is made when missing. */
export async function claimWorkerId(folder: string): Promise<WorkerId> {
  await mkdir(folder, { recursive: true, mode: 0o750 });
  const known = (await readdir(folder)).filter((name) => /^violet-[0-9a-f]{8}$/.test(name)).sort();
  for (const id of [...known, `violet-${randomBytes(4).toString('hex')}`]) {
    if (!(await claim(folder, id))) continue;
    return { id, release: () => rm(join(folder, `${id}.lock`), { force: true }) };
  }
  // Another process took the new name too: all but impossible, so simply again.
  return claimWorkerId(folder);
}

/**
 * Takes the name that the operator gave. Throws `ConfigError` when a living process of this folder
 * has it; on other machines it is grey that finds out.
 */
export async function claimGivenId(folder: string, id: string): Promise<WorkerId> {
  await mkdir(folder, { recursive: true, mode: 0o750 });
  if (!(await claim(folder, id))) {
    throw new ConfigError(
      `violet.id: another process is "${id}" already: give each worker a name of its own, or none.`,
    );
  }
  return { id, release: () => rm(join(folder, `${id}.lock`), { force: true }) };
}

async function claim(folder: string, id: string): Promise<boolean> {
  const lock = join(folder, `${id}.lock`);
  const holder = await readFile(lock, 'utf8').catch(() => '');
  if (isHeld(holder)) return false;
  if (holder !== '') await rm(lock, { force: true });
  try {
    const file = await open(lock, 'wx', 0o640);
    await file.writeFile(`${process.pid} ${readStart(process.pid) ?? ''}`);
    await file.close();
  } catch {
    return false;
  }
  // The name itself, so that it is found again after the lock is gone.
  await (await open(join(folder, id), 'a', 0o640)).close();
  return true;
}

/** Whether the process that wrote this lives; its number alone may be another's by now. */
function isHeld(lock: string): boolean {
  const [pid, start] = lock.trim().split(' ');
  if (!(Number(pid) > 0) || !isAlive(Number(pid))) return false;
  const now = readStart(Number(pid));
  return start === undefined || now === null || start === now;
}

/** When a process was started, in the system's own count; null where that is not to be had. */
function readStart(pid: number): string | null {
  try {
    return readStat(pid)[FIELD_START] ?? null;
  } catch {
    return null;
  }
}

/** What Linux tells of a process, behind its name. */
function readStat(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name is in brackets and may hold anything.
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Whether a process with this number runs. One that is dead but not buried (Linux) does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  try {
    return readStat(pid)[FIELD_STATE] !== 'Z';
  } catch {
    return true;
  }
}
