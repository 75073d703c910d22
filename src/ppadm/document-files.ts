/** Files and folders of the command line -> their documents, or every fault in them at once. */

import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { ConfigError, type FieldError, InvalidInput } from '../model/errors.ts';
import type { SiteDocument } from './documents.ts';
import { readDocuments } from './read-documents.ts';

/** Stands for the standard input. */
export const INPUT = '-';

const EXTENSIONS = ['.yaml', '.yml', '.json'];
/** More than a site of 100,000 hosts, and less than what fills the memory. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Reads the documents of all files, and of the files in all folders in the order of their names.
 * Throws `InvalidInput` that names every fault by file and line, and `ConfigError` for a file that
 * cannot be read.
 */
export async function readDocumentFiles(
  paths: readonly string[],
  input: Readable,
): Promise<SiteDocument[]> {
  const documents: SiteDocument[] = [];
  const errors: FieldError[] = [];
  for (const file of (await Promise.all(paths.map(listFiles))).flat()) {
    const text = file === INPUT ? await readInput(input) : await readText(file);
    const read = readDocuments(file, text);
    documents.push(...read.documents);
    errors.push(...read.errors);
  }
  if (errors.length > 0) throw new InvalidInput(errors);
  if (documents.length > 0) return documents;
  throw new InvalidInput([
    { path: '--file', message: `there is no document in ${paths.join(' ')}.` },
  ]);
}

async function listFiles(path: string): Promise<string[]> {
  if (path === INPUT) return [path];
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = await readdir(path);
    const wanted = names.filter((name) => EXTENSIONS.includes(extname(name))).sort();
    return wanted.map((name) => join(path, name));
  } catch (error) {
    throw sayUnreadable(path, error);
  }
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) throw new Error(`it is larger than ${MAX_FILE_BYTES} bytes`);
    return await readFile(file, 'utf8');
  } catch (error) {
    throw sayUnreadable(file, error);
  }
}

async function readInput(input: Readable): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of input) {
    const bytes = Buffer.from(part);
    parts.push(bytes);
    size += bytes.length;
    if (size > MAX_FILE_BYTES) {
      throw sayUnreadable('the input', new Error(`it is larger than ${MAX_FILE_BYTES} bytes`));
    }
  }
  return Buffer.concat(parts).toString('utf8');
}

function sayUnreadable(path: string, error: unknown): ConfigError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  const reason = code ?? (error instanceof Error ? error.message : String(error));
  return new ConfigError(`Cannot read ${path} (${reason}): check its name and its rights.`);
}
