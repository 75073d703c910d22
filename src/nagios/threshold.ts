/**
 * Section 1.4: threshold ranges `[@][start:]end`, as given to built-in probes by `-w` and `-c`.
 * `10` alerts below 0 or above 10, `10:` below 10, `~:10` above 10, `@10:20` from 10 to 20.
 */

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A range of values, both ends included, and on which side of its border an alert is due. */
export interface Threshold {
  /** `-Infinity` when there is no lower end. */
  readonly start: number;
  /** `Infinity` when there is no upper end. */
  readonly end: number;
  /** True: values in the range alert. False: values outside do. */
  readonly alertsInside: boolean;
}

/**
 * The range that `text` describes; null when it is none: a number that is not finite, a start beyond
 * the end, nothing at all. An empty start is 0, as for monitoring-plugins. Never throws.
 */
export function parseThreshold(text: string): Threshold | null {
  const alertsInside = text.startsWith('@');
  const range = alertsInside ? text.slice(1) : text;
  const colon = range.indexOf(':');
  const start = colon === -1 ? 0 : parseStart(range.slice(0, colon));
  const endText = range.slice(colon + 1);
  const end = colon !== -1 && endText === '' ? Number.POSITIVE_INFINITY : parseNumber(endText);
  if (start === null || end === null || start > end) return null;
  return { start, end, alertsInside };
}

/** Whether `value` calls for an alert. NaN lies in no range. */
export function isAlert({ start, end, alertsInside }: Threshold, value: number): boolean {
  return (value >= start && value <= end) === alertsInside;
}

/** The shortest text that `parseThreshold` reads as the same range. */
export function formatThreshold({ start, end, alertsInside }: Threshold): string {
  const startText = start === Number.NEGATIVE_INFINITY ? '~' : String(start);
  const endText = end === Number.POSITIVE_INFINITY ? '' : String(end);
  const range = start === 0 && endText !== '' ? endText : `${startText}:${endText}`;
  return alertsInside ? `@${range}` : range;
}

function parseStart(text: string): number | null {
  if (text === '~') return Number.NEGATIVE_INFINITY;
  return text === '' ? 0 : parseNumber(text);
}

function parseNumber(text: string): number | null {
  if (!NUMBER.test(text)) return null;
  // Adding zero makes -0 print as 0.
  const value = Number(text) + 0;
  return Number.isFinite(value) ? value : null;
}
