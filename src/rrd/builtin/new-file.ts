/**
 * New statistics files: written whole under a name of their own, brought to the disk, then renamed. So
 * a file is there whole or not at all, also after a loss of power; what a crash leaves is removed later.
 */

import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { findFile } from '../folder.ts';
import type { RrdDefinition } from '../rrd.ts';
import { asUnavailable } from './file.ts';
import { encodeHeader, VALUE_BYTES } from './layout.ts';

const NEW_PREFIX = '.new-';
/** What is older than this is not being made any more. */
const LEFTOVER_AGE_MS = 600_000;
/**
 * Rows are written in pieces of this. Linux keeps what is written together in one piece of its cache,
 * and goes through all blocks of a piece with each later write to one of them: updates of files that
 * were written at once took a quarter longer.
 */
const CHUNK_BYTES = 16_384;
/** So many pieces are written before what else a process does gets its turn. */
const CHUNKS_PER_TURN = 16;
const MODE = 0o640;

/**
 * Makes `NAME.rrd` by its definition; its first sample comes after `startS`. Does nothing when another
 * process was faster. Rejects with `Unavailable` when it cannot be made, such as on a full disk.
 */
export async function createFile(
  { folder, name }: { readonly folder: string; readonly name: string },
  definition: RrdDefinition,
  startS: number,
): Promise<void> {
  const path = join(folder, `${NEW_PREFIX}${randomUUID()}`);
  try {
    const file = await open(path, 'wx', MODE);
    try {
      const header = encodeHeader(definition, startS);
      writeFully(file, header, 0);
      await writeUnknown(file, header.length, countValues(definition));
      await file.datasync();
    } finally {
      await file.close();
    }
    if (findFile(folder, name) === undefined) await rename(path, join(folder, `${name}.rrd`));
    else await rm(path);
  } catch (error) {
    await rm(path, { force: true });
    throw asUnavailable(name, error);
  }
}

/** Removes what crashes left of files that were being made; `nowMs` is the time of the clock. */
export async function removeLeftovers(folder: string, nowMs: number): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(NEW_PREFIX)) continue;
    const path = join(folder, entry);
    const found = await stat(path).catch(() => null);
    if (found !== null && found.mtimeMs < nowMs - LEFTOVER_AGE_MS) await rm(path, { force: true });
  }
}

function countValues({ dataSources, archives }: RrdDefinition): number {
  return dataSources.length * archives.reduce((sum, archive) => sum + archive.rowCount, 0);
}

/** Writes into the cache of the system, which takes microseconds; a thread for each piece took longer. */
async function writeUnknown(file: FileHandle, offset: number, count: number): Promise<void> {
  const unknown = Buffer.alloc(VALUE_BYTES);
  unknown.writeDoubleLE(Number.NaN);
  const chunk = Buffer.alloc(CHUNK_BYTES, unknown);
  const end = offset + count * VALUE_BYTES;
  let chunkCount = 0;
  for (let at = offset; at < end; at += chunk.length) {
    writeFully(file, chunk.subarray(0, end - at), at);
    chunkCount++;
    if (chunkCount % CHUNKS_PER_TURN === 0) await setImmediate();
  }
}

function writeFully({ fd }: FileHandle, bytes: Buffer, offset: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
  }
}
