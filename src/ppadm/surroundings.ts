/** What the program is given by whoever starts it, so that a test can give it something else. */

import type { Readable } from 'node:stream';
import type { Clock } from '../lib/clock.ts';

/** Where text goes. */
export interface Screen {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Columns of the terminal as it is now; undefined when it does not say, or is none. */
  readonly columns: number | undefined;
  /** Lines of the terminal; undefined as above. */
  readonly rows?: number | undefined;
}

/** Where text comes from. */
export interface Input {
  readonly stream: Readable;
  readonly isTerminal: boolean;
}

/** The program's surroundings. */
export interface Surroundings {
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The current folder, absolute. */
  readonly folder: string;
  /** The user's home, absolute. */
  readonly home: string;
  /** Null where files have no numbered owner. */
  readonly userId: number | null;
  readonly clock: Clock;
  readonly input: Input;
  /** For data. */
  readonly output: Screen;
  /** For words. */
  readonly errors: Screen;
  /**
   * Has `cleanUp` run when the user interrupts the program, before that ends it. Returns what takes
   * it back.
   */
  onInterrupt(cleanUp: () => void): () => void;
  /** Whether a process with this number exists. */
  isAlive(pid: number): Promise<boolean>;
}
