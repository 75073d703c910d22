/**
 * Section 1.3: performance data, `'label'=value[unit];[warn];[crit];[min];[max]` separated by spaces.
 * A bad item does not lose the others. Text comes from `plugin-output.ts`; takes linear time.
 */

import type { Perfdatum } from '../model/check.ts';

/** As many as the message of a result may carry. */
const MAX_ITEM_COUNT = 10_000;
const MAX_PROBLEM_COUNT = 20;
const MAX_EXCERPT_LENGTH = 40;

/**
 * A number and its unit. Digits, signs and dots in a unit would hide a malformed number, a comma a
 * decimal comma. Written so that no two parts can match the same digits: linear.
 */
const QUANTITY = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)([^\d\s'"=|;:,.@~+-]*)$/;

/** What performance data says, and what of it could not be read. */
export interface PerfdataReading {
  /** In the order of the text, at most 10,000. A label may come twice. */
  readonly items: Perfdatum[];
  /** What is wrong with which item: at most 20, one that counts the others, one for the limit. */
  readonly problems: string[];
}

/** A label and where its item's value begins, or why there is none. */
type LabelReading =
  | { readonly label: string; readonly valueStart: number }
  | { readonly problem: string };

/**
 * Reads performance data; never throws. Values are finite; `U` is null. Labels are as written but
 * for their quotes, so is `prefix::label`. Fields after `max` are ignored, and so are the units of
 * `min` and `max`, which are those of the value.
 */
export function parsePerfdata(text: string): PerfdataReading {
  const items: Perfdatum[] = [];
  const problems: string[] = [];
  let problemCount = 0;
  let start = skipSpace(text, 0);
  while (start < text.length && items.length < MAX_ITEM_COUNT) {
    const reading = readLabel(text, start);
    // After a quote that closes nothing the next item begins at the next space.
    const end = findSpace(text, 'problem' in reading ? start : reading.valueStart);
    const excerpt = text.slice(start, Math.min(end, start + MAX_EXCERPT_LENGTH));
    const report = (problem: string) => {
      problemCount++;
      if (problemCount > MAX_PROBLEM_COUNT) return;
      problems.push(`${JSON.stringify(excerpt)}: ${problem}`);
    };
    if ('problem' in reading) report(reading.problem);
    else {
      const item = readItem(reading.label, text.slice(reading.valueStart, end), report);
      if (item !== null) items.push(item);
    }
    start = skipSpace(text, end);
  }
  const unlisted = problemCount - problems.length;
  if (unlisted > 0) problems.push(`and ${unlisted} more`);
  if (start < text.length) problems.push(`only the first ${MAX_ITEM_COUNT} items are kept`);
  return { items, problems };
}

/**
 * The text that `parsePerfdata` reads as the same items. Labels are quoted when they must be;
 * trailing empty fields are dropped. A label must not be empty.
 */
export function formatPerfdata(items: readonly Perfdatum[]): string {
  return items.map(formatItem).join(' ');
}

function formatItem({ label, value, unit, warn, crit, min, max }: Perfdatum): string {
  const name = /[ \t\r\n'=]/.test(label) ? `'${label.replaceAll("'", "''")}'` : label;
  const fields = [value === null ? 'U' : `${value}${unit}`, warn, crit, min, max];
  return `${name}=${fields.join(';').replace(/;+$/, '')}`;
}

/**
 * Reads the label at `start`. Linear over all items, although a quote is looked for as far as it
 * takes: the search ends at the next label that opens with a quote, for that quote closes this one.
 */
function readLabel(text: string, start: number): LabelReading {
  const isQuoted = text[start] === "'";
  const end = isQuoted ? findClosingQuote(text, start) : findEqualsSign(text, start);
  if (end === -1) return { problem: isQuoted ? 'its quote is not closed' : 'it has no "="' };
  const raw = text.slice(isQuoted ? start + 1 : start, end);
  if (isQuoted && text[end + 1] !== '=') return { problem: 'no "=" follows its label' };
  if (raw === '') return { problem: 'its label is empty' };
  if (isQuoted) return { label: raw.replaceAll("''", "'"), valueStart: end + 2 };
  if (raw.includes("'")) return { problem: 'a quote is inside its label' };
  return { label: raw, valueStart: end + 1 };
}

/** A quote that is doubled belongs to the label. */
function findClosingQuote(text: string, open: number): number {
  let index = text.indexOf("'", open + 1);
  while (index !== -1 && text[index + 1] === "'") index = text.indexOf("'", index + 2);
  return index;
}

function findEqualsSign(text: string, start: number): number {
  const item = text.slice(start, findSpace(text, start));
  const index = item.indexOf('=');
  return index === -1 ? -1 : start + index;
}

function readItem(
  label: string,
  fields: string,
  report: (problem: string) => void,
): Perfdatum | null {
  const [quantity = '', warn = '', crit = '', min = '', max = ''] = fields.split(';', 5);
  const read = parseQuantity(quantity);
  if (read === null && quantity !== 'U') {
    report('its value is not a number');
    return null;
  }
  const bound = (name: string, written: string) => {
    const value = parseQuantity(written)?.value ?? null;
    if (value === null && written !== '' && written !== 'U') report(`its ${name} is not a number`);
    return value;
  };
  return {
    label,
    value: read?.value ?? null,
    unit: read?.unit ?? '',
    warn: warn === '' ? null : warn,
    crit: crit === '' ? null : crit,
    min: bound('minimum', min),
    max: bound('maximum', max),
  };
}

function parseQuantity(text: string): { value: number; unit: string } | null {
  const [, digits, unit] = QUANTITY.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return null;
  // Adding zero makes -0 what JSON can carry.
  const value = Number(digits) + 0;
  return Number.isFinite(value) ? { value, unit } : null;
}

function skipSpace(text: string, from: number): number {
  let index = from;
  while (index < text.length && isSpace(text, index)) index++;
  return index;
}

function findSpace(text: string, from: number): number {
  let index = from;
  while (index < text.length && !isSpace(text, index)) index++;
  return index;
}

function isSpace(text: string, index: number): boolean {
  const character = text[index];
  return character === ' ' || character === '\n' || character === '\t' || character === '\r';
}
