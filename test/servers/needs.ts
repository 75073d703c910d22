/** Which groups of tests this machine cannot run, for want of a program. */

import { findMissing, type Need } from '../../scripts/programs.mjs';

/**
 * True when a program that the tests need is not installed, for `describe.skipIf(needs('sshd'))`.
 * The reporter finds these calls in the files of skipped tests and prints what to install.
 */
export function needs(...names: Need[]): boolean {
  return findMissing(names).length > 0;
}
