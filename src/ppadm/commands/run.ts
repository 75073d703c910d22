/** `ppadm run discovery`: what is done now instead of at its time. */

import type { Command } from 'commander';
import type { Program } from '../session.ts';
import { defineRunDiscovery } from './run-discovery.ts';

/** Adds `run discovery`. */
export function defineRun(verb: Command, program: Program): void {
  defineRunDiscovery(verb, program);
}
