/**
 * Programs for another kind of machine. The system says of them what it says of scripts without a
 * first line, and those are given to the shell, which makes of a program what it can.
 */

import { open } from 'node:fs/promises';

/** Class and byte order are in the first bytes of an ELF file, the kind of machine at the end. */
const HEADER_BYTES = 20;
const MAGIC = '\x7fELF';

/** Whether a file is a program, but of another kind than this one. False when it cannot be read. */
export async function isForeignProgram(file: string): Promise<boolean> {
  const [header, own] = await Promise.all([readHeader(file), readHeader(process.execPath)]);
  return header.startsWith(MAGIC) && kindOf(header) !== kindOf(own);
}

/** One byte is one character. */
async function readHeader(file: string): Promise<string> {
  try {
    await using handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } catch {
    return '';
  }
}

function kindOf(header: string): string {
  return header.slice(4, 6) + header.slice(18);
}
