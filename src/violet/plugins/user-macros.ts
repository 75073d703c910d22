/**
 * The values of `$USERn$`: written in the configuration, or each in a file of its own, as systems
 * hand secrets to services. They are read here, by the violet that uses them, and leave it only as
 * arguments of plugins.
 */

import { readFile } from 'node:fs/promises';
import { ConfigError } from '../../model/errors.ts';

/** Longer ones fit into no argument. */
const MAX_BYTES = 131_072;

/**
 * All values by name. That of a file is its text without the newline at its end; a file wins over a
 * written value. Throws `ConfigError` for a file that cannot be read or holds no value.
 */
export async function readUserMacros(
  written: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const read = Object.entries(files).map(async ([name, path]) => [
    name,
    await readValue(name, path),
  ]);
  return { ...written, ...Object.fromEntries(await Promise.all(read)) };
}

async function readValue(name: string, path: string): Promise<string> {
  const fail = (problem: string, remedy: string) =>
    new ConfigError(`violet.macroFiles.${name}: ${path} ${problem}: ${remedy}.`);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown';
    throw fail(`cannot be read (${code})`, 'correct the path or its permissions');
  }
  const value = text.replace(/\r?\n$/, '');
  if (value === '') throw fail('is empty', 'write the value into it');
  if (value.includes('\0') || Buffer.byteLength(value) > MAX_BYTES) {
    throw fail('holds no text that an argument can be', 'write the value alone into it');
  }
  return value;
}
