/** File names for statistics: safe whatever a worker is called, and mapped back exactly. */

import { assert } from '../lib/assert.ts';

/** Longest name; ext4 and others allow 255 bytes with the ending. */
const MAX_LENGTH = 200;

/**
 * A file name without folder and ending for `name`: letters, digits, `-` and `_` stand for
 * themselves, any other byte of its UTF-8 form is `%XX`; upper-case letters too, so that names that
 * differ only in case do not meet on a file system that folds it.
 * Throws an assertion for an empty name or one whose safe form is longer than 200 characters.
 */
export function formatFileName(name: string): string {
  let safe = '';
  for (const byte of Buffer.from(name, 'utf8')) {
    const character = String.fromCharCode(byte);
    safe += /[a-z0-9_-]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  assert(safe.length > 0 && safe.length <= MAX_LENGTH, 'a statistics name is 1 to 200 bytes long');
  return safe;
}

/** The name that `formatFileName` was given. */
export function parseFileName(safe: string): string {
  return Buffer.from(
    safe.replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ),
    'latin1',
  ).toString('utf8');
}
