/** The known_hosts files: read when they have changed, and written to for keys accepted as new. */

import { appendFile, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type KnownHostLine, keyType, parseKnownHosts } from './known-hosts.ts';

/** The files of one violet. */
export interface KnownHostsFiles {
  /** All their lines, as they are now. Rejects when a file is there and cannot be read. */
  read(): Promise<readonly KnownHostLine[]>;
  /** Puts a key under a name at the end of the first file; makes it if there is none. */
  record(name: string, key: Buffer): Promise<void>;
  /** Where they are, for texts. */
  readonly paths: readonly string[];
}

interface ReadFile {
  /** Tells a changed file from an unchanged one. */
  readonly version: string;
  readonly lines: readonly KnownHostLine[];
}

/** A larger file is a mistake; it would take the memory of all else. */
const MAX_FILE_BYTES = 32 * 1_024 * 1_024;
const ABSENT: ReadFile = { version: 'absent', lines: [] };

/** Opens the files; those that are missing may come later. */
export function openKnownHosts(paths: readonly string[]): KnownHostsFiles {
  const files = new Map<string, ReadFile>();
  const readOne = async (path: string) => {
    const file = await readChanged(path, files.get(path));
    files.set(path, file);
    return file.lines;
  };
  return {
    paths,
    read: async () => (await Promise.all(paths.map(readOne))).flat(),
    async record(name, key) {
      const [path] = paths;
      if (path === undefined) throw new Error('violet.ssh.knownHosts names no file');
      await mkdir(dirname(path), { recursive: true });
      // A newline before it too: the last line may have been written without one.
      await appendFile(path, `\n${name} ${keyType(key)} ${key.toString('base64')}\n`);
    },
  };
}

async function readChanged(path: string, before: ReadFile | undefined): Promise<ReadFile> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    const version = `${ino} ${size} ${mtimeMs}`;
    if (before?.version === version) return before;
    if (size > MAX_FILE_BYTES) throw new Error(`${path} is longer than ${MAX_FILE_BYTES} bytes`);
    return { version, lines: parseKnownHosts(await readFile(path, 'utf8')) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ABSENT;
    throw error;
  }
}
