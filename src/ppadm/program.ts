/** The program as its commands see it. */

import type { Command } from 'commander';
import type { Surroundings } from './surroundings.ts';

/** Builds a verb's part of the command line, when the verb is used. */
export type DefineCommand = (verb: Command, program: Program) => void;

/** What the whole program gives to each session. */
export interface Program {
  readonly surroundings: Surroundings;
  endWith(exitCode: number): void;
  /** Adds what a verb's own module knows of it. */
  defineVerb(verb: Command, program: Program): Promise<void>;
}
