/**
 * What a program's start does with files (`posix_spawn_file_actions_t`), kept for the next start with
 * the same ones: the system gives the lowest numbers that are free, so they come again and again, and
 * making it anew takes seven calls.
 */

/** The files of a start, and its folder. */
export interface FilesOfStart {
  readonly cwd: string;
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
}

/** In the memory of the C library. */
export type FileActions = Buffer;

/** What makes file actions and lets go of them. */
export interface FileActionsMaker {
  create(files: FilesOfStart): FileActions;
  destroy(actions: FileActions): void;
}

/** Some KB each; programs at a time are fewer. */
const MAX_KEPT = 512;

/** File actions that no start is using. */
export class KeptFileActions {
  readonly #maker: FileActionsMaker;
  readonly #kept = new Map<string, FileActions>();

  constructor(maker: FileActionsMaker) {
    this.#maker = maker;
  }

  /** Those for these files, the caller's alone until they are given back. */
  take(files: FilesOfStart): FileActions {
    const key = keyOf(files);
    const kept = this.#kept.get(key);
    if (kept === undefined) return this.#maker.create(files);
    this.#kept.delete(key);
    return kept;
  }

  /** Keeps them, instead of those that were not wanted for longest if need be. */
  giveBack(files: FilesOfStart, actions: FileActions): void {
    const key = keyOf(files);
    const same = this.#kept.get(key);
    if (same !== undefined) this.#maker.destroy(same);
    this.#kept.set(key, actions);
    if (this.#kept.size <= MAX_KEPT) return;
    for (const [oldest, unwanted] of this.#kept) {
      this.#kept.delete(oldest);
      this.#maker.destroy(unwanted);
      return;
    }
  }
}

function keyOf({ cwd, stdin, stdout, stderr }: FilesOfStart): string {
  return `${stdin} ${stdout} ${stderr} ${cwd}`;
}
