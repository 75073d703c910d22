/**
 * Names for workers that last: a worker that starts again in the same data folder gets its old name,
 * and with it its statistics; several in one folder get different ones.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

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

async function claim(folder: string, id: string): Promise<boolean> {
  const lock = join(folder, `${id}.lock`);
  const holder = Number(await readFile(lock, 'utf8').catch(() => '0'));
  if (holder > 0 && holder !== process.pid && isAlive(holder)) return false;
  if (holder === process.pid) return false;
  if (holder > 0) await rm(lock, { force: true });
  try {
    const file = await open(lock, 'wx', 0o640);
    await file.writeFile(String(process.pid));
    await file.close();
  } catch {
    return false;
  }
  // The name itself, so that it is found again after the lock is gone.
  await (await open(join(folder, id), 'a', 0o640)).close();
  return true;
}

/** Whether a process with this number runs. One that is dead but not buried (Linux) does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The state follows the name, which is in brackets and may hold anything.
    return status.slice(status.lastIndexOf(')') + 2, status.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return true;
  }
}
