/** The statistics files that are open: a bounded number, those used longest ago are closed. */

import { Lru } from '../../lib/lru.ts';
import { findFile } from '../folder.ts';
import { OpenFile } from './file.ts';

/** Far below what a process may open; a file more costs 20 microseconds. */
const MAX_OPEN = 256;

/** Files of one folder. */
export class OpenFiles {
  readonly #folder: string;
  readonly #open = new Lru<string, OpenFile>(MAX_OPEN, (file) => file.close());

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The file that has this name now, as it is now; null when there is none. Good until the caller
   * waits for something. Throws `Unavailable` when it is none that can be used.
   */
  find(name: string): OpenFile | null {
    const open = this.#open.get(name);
    if (open !== undefined) {
      if (this.#isCurrent(name, open)) return open;
      this.#open.delete(name);
      open.close();
    }
    if (findFile(this.#folder, name) === undefined) return null;
    const file = new OpenFile(this.#folder, name);
    this.#open.set(name, file);
    return file;
  }

  /** Closes them all. */
  close(): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }

  /** Takes over what others wrote. What is wrong with the file is told when it is opened anew. */
  #isCurrent(name: string, open: OpenFile): boolean {
    try {
      const found = findFile(this.#folder, name);
      if (found === undefined || !open.isSame(found)) return false;
      open.refresh();
      return true;
    } catch {
      return false;
    }
  }
}
