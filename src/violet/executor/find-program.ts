/** Where a program lies, by the folders that its environment will name. */

import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** The full path of a program in the absolute folders of `path`; null when it is in none. */
export async function findProgram(name: string, path: string): Promise<string | null> {
  for (const folder of path.split(':').filter((one) => one.startsWith('/'))) {
    const file = join(folder, name);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return null;
}
