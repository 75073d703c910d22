/**
 * A plugin's `params` -> its arguments: split by the quoting rules of the POSIX shell, without a
 * shell; then macros are replaced inside single arguments, so that no value becomes another one.
 */

import { expandMacros, type MacroLookup } from '../../nagios/macros.ts';

/** Arguments, or a sentence that says what is wrong with the text. */
export type Arguments = { readonly args: readonly string[] } | { readonly problem: string };

/**
 * Splits at spaces, tabs and newlines. Between `'` all is literal; between `"` a backslash takes
 * the meaning from `$`, a backquote, `"`, itself and a newline, elsewhere from any character; a
 * newline after a backslash vanishes, a backslash at the very end stays. Nothing is expanded, and
 * `;`, `|`, `>`, `#`, `*` have no meaning. A quote that is not closed is a problem. Linear time.
 */
export function splitParams(params: string): Arguments {
  const args: string[] = [];
  /** The argument being read; null between arguments. */
  let current: string | null = null;
  let position = 0;
  while (position < params.length) {
    const character = params.charAt(position);
    if (character === ' ' || character === '\t' || character === '\n') {
      if (current !== null) args.push(current);
      current = null;
      position++;
      continue;
    }
    const piece = readPiece(params, position);
    if (piece === null) {
      return { problem: `the quote ${character} at character ${position + 1} is not closed` };
    }
    // A line that goes on is nothing, but an empty pair of quotes is an argument.
    const isNothing = piece.text === '' && character === '\\';
    if (!isNothing) current = (current ?? '') + piece.text;
    position = piece.end;
  }
  if (current !== null) args.push(current);
  return { args };
}

/** The arguments of one run. Values of macros are neither split nor expanded again. */
export function buildArguments(params: string, lookup: MacroLookup): Arguments {
  const split = splitParams(params);
  if ('problem' in split) return split;
  return { args: split.args.map((arg) => expandMacros(arg, lookup)) };
}

interface Piece {
  readonly text: string;
  /** Where the next one begins. */
  readonly end: number;
}

/** A quoted part, an escape or plain text at `start`, which is no blank. Null: a quote is open. */
function readPiece(params: string, start: number): Piece | null {
  const character = params.charAt(start);
  if (character === "'") return readSingleQuoted(params, start);
  if (character === '"') return readDoubleQuoted(params, start);
  if (character === '\\') return readEscape(params, start);
  const plain = /[^ \t\n'"\\]+/y;
  plain.lastIndex = start;
  const text = plain.exec(params)?.[0] ?? '';
  return { text, end: start + text.length };
}

function readSingleQuoted(params: string, open: number): Piece | null {
  const close = params.indexOf("'", open + 1);
  return close === -1 ? null : { text: params.slice(open + 1, close), end: close + 1 };
}

function readDoubleQuoted(params: string, open: number): Piece | null {
  const body = /[^"\\]*(?:\\.[^"\\]*)*/sy;
  body.lastIndex = open + 1;
  const raw = body.exec(params)?.[0] ?? '';
  const close = open + 1 + raw.length;
  if (params.charAt(close) !== '"') return null;
  const text = raw.replace(/\\([$`"\\])|\\\n/g, '$1');
  return { text, end: close + 1 };
}

function readEscape(params: string, start: number): Piece {
  const next = params.charAt(start + 1);
  if (next === '') return { text: '\\', end: start + 1 };
  return { text: next === '\n' ? '' : next, end: start + 2 };
}
