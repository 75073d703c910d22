/** Bytes that are made when somebody needs them. */

/** Bytes, or what is made into bytes. */
export type LazyBytes = Buffer | { toBytes(): Buffer };

/** The bytes themselves. */
export function bytesOf(lazy: LazyBytes): Buffer {
  return Buffer.isBuffer(lazy) ? lazy : lazy.toBytes();
}
