/** Files of a line or two. */

import { open } from 'node:fs/promises';

const MAX_FILE_BYTES = 16_384;

/** A file's text and owner; also of a pipe, whose size is not known. Bounded. */
export async function readSmallFile(path: string): Promise<{ text: string; ownerId: number }> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
    let size = 0;
    let count = 1;
    while (count > 0 && size < buffer.length) {
      count = (await file.read(buffer, size, buffer.length - size, null)).bytesRead;
      size += count;
    }
    if (size > MAX_FILE_BYTES) throw new Error(`it is larger than ${MAX_FILE_BYTES} bytes`);
    return { text: buffer.toString('utf8', 0, size), ownerId: (await file.stat()).uid };
  } finally {
    await file.close();
  }
}
