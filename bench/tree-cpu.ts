/** What a process and all that it has started have used of the processors. Linux. */

import { readdirSync, readFileSync } from 'node:fs';

const MS_PER_TICK = 10;

/** CPU time of a process, its descendants, and of those of them that have ended; milliseconds. */
export function treeCpuMs(root: number): number {
  const processes = readdirSync('/proc').flatMap((name) => readProcess(name) ?? []);
  const tree = new Set([root]);
  // A parent can have a higher number than its child: until nothing is added.
  for (let count = 0; count !== tree.size; ) {
    count = tree.size;
    for (const { pid, parent } of processes) if (tree.has(parent)) tree.add(pid);
  }
  return processes
    .filter(({ pid }) => tree.has(pid))
    .reduce((sum, { ticks }) => sum + ticks * MS_PER_TICK, 0);
}

function readProcess(name: string) {
  if (!/^\d+$/.test(name)) return undefined;
  try {
    const text = readFileSync(`/proc/${name}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(') ') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { pid: Number(name), parent: Number(fields[1]), ticks };
  } catch {
    return undefined;
  }
}
