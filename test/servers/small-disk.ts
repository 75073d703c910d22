/** A disk of 1 MB, for tests of what happens when it is full. */

import { startProcess } from './temp.ts';

/** A mounted disk. */
export interface SmallDisk extends AsyncDisposable {
  /** False when this user may not mount one. */
  readonly isMounted: boolean;
  /** Gives it room for everything; what is in it stays. */
  grow(): Promise<void>;
}

/** Mounts a disk of 1 MB on a folder, if this user may; it is gone at the end of the scope. */
export async function mountSmallDisk(folder: string): Promise<SmallDisk> {
  const isMounted = await run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder);
  return {
    isMounted,
    async grow() {
      await run('mount', '-o', 'remount,size=64m', folder);
    },
    async [Symbol.asyncDispose]() {
      if (isMounted) await run('umount', '-l', folder);
    },
  };
}

async function run(program: string, ...args: string[]): Promise<boolean> {
  await using child = await startProcess(program, args);
  return (await child.exited).code === 0;
}
