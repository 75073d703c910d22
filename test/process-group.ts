/** Who is in a process group, and who started whom, read from the system. */

import { readdir, readFile } from 'node:fs/promises';

/** The process that started a process; null when there is no such process. */
export async function parentOf(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [, parent] = /^\d+ \(.*\) \S (\d+)/s.exec(stat) ?? [];
  return parent === undefined ? null : Number(parent);
}

/** Names of the processes of a group that have not ended; zombies do not count. */
export async function processesOfGroup(group: number): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const [, name, state, pgrp] = /^\d+ \((.*)\) (\S) \d+ (\d+)/s.exec(stat) ?? [];
    if (Number(pgrp) === group && state !== 'Z' && name !== undefined) names.push(name);
  }
  return names;
}
