/**
 * Text from the server -> text that a terminal only shows. A plugin's output, a host's name or an
 * error may hold sequences that clear the screen, retitle the window or turn the line round.
 */

/**
 * Controls, invisible format characters (bidi controls among them), line and paragraph separators
 * and lone surrogates. The joiners stay: scripts need them, and they move nothing.
 */
const UNSAFE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** One line: every unsafe character, line ends and tabs too, as `\xNN` or `\uNNNN`. */
export function escapeLine(text: string): string {
  return text.replace(UNSAFE, nameOf);
}

/** Several lines: line ends stay, tabs become spaces, the rest as in `escapeLine`. */
export function escapeBlock(text: string): string {
  return text
    .replace(/\r\n/g, '\n')
    .replace(/\t/g, '    ')
    .replace(UNSAFE, (character) => (character === '\n' ? character : nameOf(character)));
}

/**
 * The inside of JSON or of double-quoted YAML, where `\uNNNN` means the character itself: the value
 * stays the same. Line ends stay, since there they only lay out.
 */
export function escapeQuoted(text: string): string {
  return text.replace(UNSAFE, (character) => (character === '\n' ? character : unitsOf(character)));
}

/** Whether `escapeQuoted` would change the text, or it holds a tab or a line end. */
export function isUnsafe(text: string): boolean {
  return text.search(UNSAFE) >= 0;
}

function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code <= 0xff ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
}

function unitsOf(character: string): string {
  let units = '';
  for (let index = 0; index < character.length; index++) {
    units += `\\u${hex(character.charCodeAt(index), 4)}`;
  }
  return units;
}

function hex(code: number, length: number): string {
  return code.toString(16).padStart(length, '0');
}
