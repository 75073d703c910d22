/**
 * Regular expressions that an administrator gives and a stranger's text is held against. A bad pair
 * can take centuries, so each match has a time limit.
 */

import { runInNewContext } from 'node:vm';
import { UsageError } from './options.ts';

/** A regular expression. */
export interface Pattern {
  /** As it was given. */
  readonly source: string;
  /** Whether it matches; null when that was not found out within `MATCH_MS`. */
  test(text: string): boolean | null;
}

/** What `createPattern` may change. */
export interface PatternOptions {
  readonly ignoresCase?: boolean;
  /** `.` matches line ends too, and `^` and `$` only the ends of the text. */
  readonly spansLines?: boolean;
}

/** The event loop stands still meanwhile. */
export const MATCH_MS = 100;

/** Texts of this length and shorter are matched in no time whatever the pattern. */
const SHORT_LENGTH = 16;

/** The classes of POSIX that JavaScript does not have, for inside of brackets. */
const CLASSES: Readonly<Record<string, string>> = {
  ...{ alnum: 'A-Za-z0-9', alpha: 'A-Za-z', blank: ' \\t', cntrl: '\\x00-\\x1f\\x7f' },
  ...{ digit: '0-9', graph: '!-~', lower: 'a-z', print: ' -~', space: '\\s', upper: 'A-Z' },
  ...{ punct: '!-\\/:-@\\[-`{-~', xdigit: '0-9A-Fa-f' },
};

/** A pattern in the extended form that plugins take. Throws `UsageError` when it is none. */
export function createPattern(source: string, options: PatternOptions = {}): Pattern {
  const { ignoresCase = false, spansLines = false } = options;
  const flags = `${ignoresCase ? 'i' : ''}${spansLines ? 's' : 'm'}`;
  const translated = source.replace(/\[:(\w+):\]/g, (whole, name) => CLASSES[name] ?? whole);
  let expression: RegExp;
  try {
    expression = new RegExp(translated, flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /s, '') : '';
    throw new UsageError(`"${source}" is no regular expression: ${reason}`);
  }
  return {
    source,
    test(text) {
      if (text.length <= SHORT_LENGTH) return expression.test(text);
      try {
        // Only the virtual machine can be stopped while it looks for a match.
        const found: unknown = runInNewContext(
          'expression.test(text)',
          { expression, text },
          { timeout: MATCH_MS },
        );
        return found === true;
      } catch {
        return null;
      }
    },
  };
}
