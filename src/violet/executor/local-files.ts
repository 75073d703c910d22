/**
 * Which paths are on file systems of this machine. What is on one of another machine may keep whoever
 * opens it waiting for as long as that machine is away.
 */

import { statfs } from 'node:fs/promises';
import type { Clock } from '../../lib/clock.ts';

/** `f_type` of `statfs`; one that is not here counts as remote, as do those of FUSE. */
const LOCAL_TYPES = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0x2fc12fc1, // ZFS
  0xca451a4e, // bcachefs
  0xf2f52010, // F2FS
  0x01021994, // tmpfs
  0x858458f6, // ramfs, what an initial root is
  0x794c7630, // overlayfs, what containers have
  0x73717368, // SquashFS
  0xe0f5e1e2, // EROFS
]);

/** After so long it is looked again: something else may be mounted there. */
const VALID_MS = 60_000;

/** More than there are plugins and their folders; when it is full, all are looked at again. */
const MAX_PATHS = 4_096;

/** Remembers of each path where it is. */
export class LocalFiles {
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly isLocal: boolean; readonly untilMs: number }>();
  readonly #looking = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether all are surely on this machine; where it is not known, it will be soon. */
  areLocal(paths: readonly string[]): boolean {
    return paths.map((path) => this.#isLocal(path)).every(Boolean);
  }

  #isLocal(path: string): boolean {
    const known = this.#known.get(path);
    if (known !== undefined && known.untilMs > this.#clock.monotonic()) return known.isLocal;
    void this.#look(path);
    return false;
  }

  async #look(path: string): Promise<void> {
    if (this.#looking.has(path)) return;
    this.#looking.add(path);
    const untilMs = this.#clock.monotonic() + VALID_MS;
    // Of a path that is not there whoever starts it hears more.
    const type = await statfs(path).then(
      (answer) => answer.type,
      () => 0,
    );
    if (this.#known.size >= MAX_PATHS) this.#known.clear();
    this.#known.set(path, { isLocal: LOCAL_TYPES.has(type), untilMs });
    this.#looking.delete(path);
  }
}
