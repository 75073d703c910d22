/**
 * Limits for a program that runs already. `posix_spawn` cannot set any, and what the starting
 * process may not bear itself cannot be inherited, so there is a moment in which the program may
 * have started others without limits: these are found and limited too.
 */

import { readFileSync } from 'node:fs';
import type { Libc } from './libc.ts';
import type { ResourceLimit } from './limits.ts';

/**
 * Limits a process, then those that it has started; what it starts later inherits. False when one
 * may not be limited by us: a program that changes its user (setuid) and does not belong to ours.
 */
export function applyLimits(libc: Libc, pid: number, limits: readonly ResourceLimit[]): boolean {
  const ownResults = limits.map((limit) => libc.limit(pid, limit));
  const results = childrenOf(pid).map((child) => applyLimits(libc, child, limits));
  return [...ownResults, ...results].every(Boolean);
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
    return text === '' ? [] : text.trim().split(' ').map(Number);
  } catch {
    // It has ended, or the system does not tell.
    return [];
  }
}
