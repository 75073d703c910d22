/**
 * Section 1.2, the entry to reading a plugin: an outcome becomes state, texts and performance data.
 * Used by violet for what it runs, and by red for passive results; what comes out of here is safe to
 * store and bounded.
 *
 * Two departures from 1.2: real newlines stay in the long output, since it goes to SQL and JSON and
 * not to a file of lines; and what is cut says so.
 */

import type { Outcome, Reading } from '../model/check.ts';
import { type ReadingSettings, readExit } from './exit-code.ts';
import { parsePerfdata } from './perfdata.ts';

/** Length of a plugin's first line in Nagios, its `MAX_PLUGIN_OUTPUT_LENGTH`. */
const MAX_OUTPUT_LENGTH = 8_192;
const MAX_LONG_OUTPUT_LENGTH = 65_536;
/** Ends a text that was cut; as a line of its own in the long output. */
const CUT_MARK = '[output cut]';

/** A plugin's text, taken apart. */
export interface PluginText {
  /** The first line up to its `|`: trimmed, at most 8192 characters, colons for semicolons. */
  readonly output: string;
  /** Further lines up to the first `|`, joined by newlines; at most 65,536 characters. */
  readonly longOutput: string;
  /** Performance data of all lines on one line, for `parsePerfdata`; empty when there is none. */
  readonly perfdata: string;
}

/**
 * What an outcome means. Never throws. The texts are well-formed Unicode without control characters
 * but newline and tab, within the limits of `PluginText`. In place of a plugin's text may stand ours,
 * which begins with a parenthesis; then the long output is what the plugin printed.
 *
 * The long output ends with `[output cut]` when something is missing, and names the signal or the
 * time-out that ended the run. Performance data that cannot be read is left out.
 */
export function readOutcome(outcome: Outcome, settings: ReadingSettings): Reading {
  const verdict = readExit(outcome, settings);
  const isCut = 'truncated' in outcome && outcome.truncated;
  const remarks = isCut ? [CUT_MARK] : [];
  if (verdict.remark !== null) remarks.push(cleanText(verdict.remark));

  const printed = cleanText(verdict.printed);
  const text =
    verdict.statement === null ? splitText(printed) : showStatement(verdict.statement, printed);
  const isUnfinished = isCut || outcome.kind !== 'exited';
  const perfdata = isUnfinished ? withoutLastItem(text.perfdata, printed) : text.perfdata;
  return {
    state: verdict.state,
    exitCode: verdict.exitCode,
    output: limitOutput(text.output),
    longOutput: limitLongOutput(text.longOutput, remarks),
    perfdata: parsePerfdata(perfdata).items,
  };
}

/** A plugin's text taken apart, as for `readOutcome`; never throws. */
export function parsePluginOutput(text: string): PluginText {
  const { output, longOutput, perfdata } = splitText(cleanText(text));
  return { output: limitOutput(output), longOutput: limitLongOutput(longOutput, []), perfdata };
}

/** Rules 1 to 5. The pipe of line 1 has no say in whether later lines are performance data. */
function splitText(text: string): PluginText {
  const [first, rest] = splitAt(text, '\n');
  const [output, firstPerfdata] = splitAt(first, '|');
  const [longOutput, laterPerfdata] = splitAt(rest, '|');
  return {
    output: output.trim(),
    longOutput: trimLines(longOutput),
    perfdata: `${firstPerfdata.trim()} ${laterPerfdata.replaceAll('\n', ' ')}`.trim(),
  };
}

/** Our statement, and what the plugin printed below it. */
function showStatement(statement: string, printed: string): PluginText {
  const output = cleanText(statement).replaceAll('\n', ' ');
  return { output: output.trim(), longOutput: trimLines(printed), perfdata: '' };
}

/** Without empty lines before and white space behind; the first line's indentation stays. */
function trimLines(text: string): string {
  return text.replace(/^\n+/, '').trimEnd();
}

/** Half of a number is a number too, so an item that may have been cut must not be believed. */
function withoutLastItem(perfdata: string, printed: string): string {
  const newline = printed.indexOf('\n');
  const endsInPerfdata = newline === -1 || printed.includes('|', newline);
  const endsInSpace = printed.trimEnd() !== printed;
  if (!endsInPerfdata || endsInSpace) return perfdata;
  return perfdata.slice(0, perfdata.lastIndexOf(' ') + 1);
}

/**
 * Removes control characters but newline and tab, which turns CRLF into newlines: PostgreSQL refuses
 * NUL, and escape sequences (ESC, CSI) would command the terminal of who reads the text. Replaces
 * lone surrogates, which UTF-8 cannot carry; only then, since a removal may join a pair.
 */
function cleanText(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
    .replace(/\p{Surrogate}/gu, '\ufffd');
}

/** Rule 6 with it: semicolons separate the fields of Nagios's logs and commands. */
function limitOutput(text: string): string {
  const start = cutText(text, MAX_OUTPUT_LENGTH).replaceAll(';', ':');
  if (text.length <= MAX_OUTPUT_LENGTH) return start;
  return `${cutText(start, MAX_OUTPUT_LENGTH - CUT_MARK.length - 1)} ${CUT_MARK}`;
}

function limitLongOutput(text: string, remarks: readonly string[]): string {
  const whole = [text, ...remarks].filter((line) => line !== '').join('\n');
  if (whole.length <= MAX_LONG_OUTPUT_LENGTH) return whole;
  const ending = [...new Set([CUT_MARK, ...remarks])].map((line) => `\n${line}`).join('');
  return cutText(text, MAX_LONG_OUTPUT_LENGTH - ending.length) + ending;
}

/** The first `maxLength` characters at most, never half of a surrogate pair. */
function cutText(text: string, maxLength: number): string {
  const isBetweenHalves = (text.codePointAt(maxLength - 1) ?? 0) > 0xffff;
  return text.slice(0, isBetweenHalves ? maxLength - 1 : maxLength);
}

/** What is before and behind the first `separator`; all and nothing when there is none. */
function splitAt(text: string, separator: string): [before: string, behind: string] {
  const index = text.indexOf(separator);
  return index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}
