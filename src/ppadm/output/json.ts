/** The API's objects as JSON for scripts. */

import { escapeQuoted } from './escape.ts';

/** Indented JSON with a line end; the same value as the server's, with nothing raw in it. */
export function formatJson(value: unknown): string {
  return `${escapeQuoted(JSON.stringify(value, null, 2))}\n`;
}
