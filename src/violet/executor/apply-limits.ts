/**
 * Limits for a program that runs already. `posix_spawn` cannot set any, and what the starting
 * process may not bear itself cannot be inherited: the program gets them as soon as it is there. If
 * it was quick enough to start others before, these are limited a moment later, unless they have
 * ended; looking for them at once would cost each start a tenth.
 */

import { readFileSync } from 'node:fs';
import type { Libc } from './libc.ts';
import type { ResourceLimit } from './limits.ts';

/**
 * Limits a process; what it starts from now on inherits. False when it may not be limited by us: a
 * program that changes its user (setuid), where violet does not belong to root.
 */
export function applyLimits(libc: Libc, pid: number, limits: readonly ResourceLimit[]): boolean {
  let areAllowed = true;
  for (const limit of limits) areAllowed = libc.limit(pid, limit) && areAllowed;
  return areAllowed;
}

/** Limits what a process has started, and what that has started. */
export function applyToDescendants(
  libc: Libc,
  pid: number,
  limits: readonly ResourceLimit[],
): void {
  for (const child of childrenOf(pid)) {
    applyLimits(libc, child, limits);
    applyToDescendants(libc, child, limits);
  }
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
