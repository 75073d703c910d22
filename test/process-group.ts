/** Who is in a process group, read from the system. */

import { readdir, readFile } from 'node:fs/promises';

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
