/**
 * The folder of the statistics files, as the file system sees it. Its calls are synchronous where they
 * take microseconds, since the folder is on a local disk.
 */

import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  type Stats,
  statfsSync,
  statSync,
} from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Unavailable } from '../model/errors.ts';
import type { Removal } from './rrd.ts';

/** A file of a worker has about 5 MB; files that are there do not grow. */
const MIN_FREE_BYTES = 8 * 1024 * 1024;

/** Makes the folder if it is missing. Throws `Unavailable` when it cannot be made or written. */
export function prepareFolder(folder: string): Stats {
  try {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found === undefined) mkdirSync(folder, { recursive: true, mode: 0o750 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return found ?? statSync(folder);
  } catch (error) {
    const text = `The folder of the statistics files ${folder} cannot be used: ${messageOf(error)}.`;
    throw new Unavailable('rrd', text, error);
  }
}

/** Null while files can be made and written, else why not. Makes the folder if it is missing. */
export function findFolderProblem(folder: string): string | null {
  try {
    prepareFolder(folder);
    return findFullDisk(folder);
  } catch (error) {
    return messageOf(error);
  }
}

/** Null while new files fit on the disk of a folder, or nobody can tell. */
export function findFullDisk(folder: string): string | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize >= MIN_FREE_BYTES) return null;
    return `The disk of the statistics files ${folder} is full: new files do not fit.`;
  } catch {
    return null;
  }
}

/**
 * The file as the folder has it, undefined when it is not there. Throws `Unavailable` for what is there
 * but is no plain file, above all a link: it may lead anywhere.
 */
export function findFile(folder: string, name: string): Stats | undefined {
  const found = findEntry(name, join(folder, `${name}.rrd`));
  if (found !== undefined && !found.isFile()) throw unavailable(name, 'it is not a plain file');
  return found;
}

/** Removes a file. Rejects with `Unavailable` for what is no plain file, and when it cannot be removed. */
export async function removeFile(folder: string, name: string): Promise<Removal> {
  if (findFile(folder, name) === undefined) return 'missing';
  try {
    await unlink(join(folder, `${name}.rrd`));
    return 'removed';
  } catch (error) {
    // Another process may have been faster.
    if (findFile(folder, name) === undefined) return 'missing';
    throw unavailable(name, messageOf(error), error);
  }
}

/** The error of one file, by its name. */
export function unavailable(name: string, reason: string, cause?: unknown): Unavailable {
  const text = `The statistics file "${name}.rrd" cannot be used: ${reason}.`;
  return new Unavailable('rrd', text, cause);
}

function findEntry(name: string, path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw unavailable(name, messageOf(error), error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
