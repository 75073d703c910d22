/**
 * Reads sources for tests that check rules about them: text without comments and strings, so that a
 * word in a sentence is not taken for code, and the imports. By pattern, without a compiler.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** A source file, as the rules look at it. All texts have the same length and line breaks. */
export interface SourceFile {
  /** Relative to the folder that was read, with slashes: `broker/memory.ts`. */
  readonly path: string;
  readonly text: string;
  /** Comments, and the insides of strings and regular expressions, are blanks. */
  readonly code: string;
  readonly imports: readonly Import[];
}

/** One import or re-export. */
export interface Import {
  /** A path as in `SourceFile.path` for our own files; the name as written for packages. */
  readonly target: string;
  readonly isOwn: boolean;
  /** True when nothing of it is left at run time. */
  readonly isTypeOnly: boolean;
  readonly line: number;
}

/** Every `.ts` file below a folder, sorted by path. */
export function readSourceFiles(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => parseSourceFile(path, readFileSync(join(folder, path), 'utf8')))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** What the rules need to know of one file. */
export function parseSourceFile(path: string, text: string): SourceFile {
  const code = blankOut(text);
  const imports = [...text.matchAll(STATIC_IMPORT), ...text.matchAll(DYNAMIC_IMPORT)]
    .filter((found) => /^(im|ex)port/.test(code.slice(found.index, found.index + 6)))
    .map((found) => {
      const name = found.groups?.['name'] ?? '';
      const isOwn = name.startsWith('.');
      return {
        target: isOwn ? posix.join(posix.dirname(path), name) : name,
        isOwn,
        isTypeOnly: found.groups?.['type'] !== undefined,
        line: lineAt(text, found.index + found[0].length),
      };
    });
  return { path, text, code, imports };
}

/** The line number, from 1, of a position in a text. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

const STATIC_IMPORT =
  /^(?:import|export)\s+(?<type>type\s+)?(?:[\w$*{},\s]+?\sfrom\s+)?['"](?<name>[^'"\n]+)['"]/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*['"](?<name>[^'"\n]+)['"]/g;

const TOKENS = [
  /\/\*[\s\S]*?\*\//y, // comment
  /\/\/[^\n]*/y,
  /'(?:[^'\\\n]|\\[\s\S])*'/y,
  /"(?:[^"\\\n]|\\[\s\S])*"/y,
];
const REGULAR_EXPRESSION = /\/(?:[^\\/[\n]|\\.|\[(?:[^\\\]\n]|\\.)*\])+\/[a-z]*/y;
const TEMPLATE_PART = /[`}](?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;
const WORD = /[\w$]+/y;
/** What may stand before a regular expression; after anything else a slash divides. */
const BEFORE_EXPRESSION = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|await))$/;

function blankOut(text: string): string {
  const blank = (part: string) => part.replace(/[^\n]/g, ' ');
  /** Open braces inside each `${` that is still open. */
  const templates: number[] = [];
  let code = '';
  let lastWord = '';
  while (code.length < text.length) {
    const index = code.length;
    const character = text.charAt(index);
    const isTemplate = character === '`' || (character === '}' && templates.at(-1) === 0);
    if (isTemplate) {
      const part = matchAt(TEMPLATE_PART, text, index) ?? character;
      if (character === '}') templates.pop();
      if (part.endsWith('${')) templates.push(0);
      code += character + blank(part.slice(1));
      lastWord = part.endsWith('${') ? '(' : '`';
      continue;
    }
    const hidden =
      firstMatch(TOKENS, text, index) ??
      (BEFORE_EXPRESSION.test(lastWord) ? matchAt(REGULAR_EXPRESSION, text, index) : undefined);
    if (hidden !== undefined) {
      code += blank(hidden);
      if (!/^\/[/*]/.test(hidden)) lastWord = 'x';
      continue;
    }
    const depth = templates.length - 1;
    if (character === '{' && depth >= 0) templates[depth] = (templates[depth] ?? 0) + 1;
    if (character === '}' && depth >= 0) templates[depth] = (templates[depth] ?? 0) - 1;
    const word = matchAt(WORD, text, index) ?? character;
    code += word;
    if (word.trim() !== '') lastWord = word;
  }
  return code;
}

function firstMatch(patterns: RegExp[], text: string, index: number): string | undefined {
  for (const pattern of patterns) {
    const found = matchAt(pattern, text, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The match that begins exactly at `index`; the pattern is sticky. */
function matchAt(pattern: RegExp, text: string, index: number): string | undefined {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[0];
}
