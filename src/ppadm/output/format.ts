/** Values of the API -> text for people. */

import { formatInstant, parseInstant } from '../../lib/instant.ts';
import type { Perfdatum } from '../../model/check.ts';
import { formatDuration } from '../read-values.ts';

/**
 * How a value is shown. `ago`, `until`: an instant as a distance from now; `state`, `status`: text
 * that has a colour.
 */
export type Format =
  | 'text'
  | 'number'
  | 'names'
  | 'entries'
  | 'onOff'
  | 'seconds'
  | 'ago'
  | 'until'
  | 'state'
  | 'status';

/** What stands for null and for empty, so that columns can be counted. */
export const NOTHING = '-';

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** `value` as text, not escaped. A value that does not fit the format is shown as it is. */
export function formatValue(value: unknown, format: Format, now: number): string {
  if (value === null || value === undefined || value === '') return NOTHING;
  switch (format) {
    case 'names':
      return Array.isArray(value) ? value.join(', ') || NOTHING : String(value);
    case 'entries':
      return typeof value === 'object' ? formatEntries(value) || NOTHING : String(value);
    case 'onOff':
      return value === true ? 'on' : 'off';
    case 'number':
      return typeof value === 'number' ? formatNumber(value) : String(value);
    case 'seconds':
      return typeof value === 'number' ? formatDuration(value) : String(value);
    case 'ago':
      return formatAgo(String(value), now);
    case 'until':
      return formatUntil(String(value), now);
    default:
      return String(value);
  }
}

/** A number with at most two decimals, three for less than one. */
export function formatNumber(value: number): string {
  return String(Number(value.toFixed(Math.abs(value) < 1 ? 3 : 2)));
}

/** `12 s ago`; the text itself when it is no instant. What lies ahead by a clock's error is now. */
export function formatAgo(instant: string, now: number): string {
  const at = parseInstant(instant);
  if (Number.isNaN(at)) return instant;
  return at > now - 1_000 ? 'now' : `${formatSpan((now - at) / 1_000)} ago`;
}

/** `in 12 s`; `now` for what is due. */
export function formatUntil(instant: string, now: number): string {
  const at = parseInstant(instant);
  if (Number.isNaN(at)) return instant;
  return at < now + 1_000 ? 'now' : `in ${formatSpan((at - now) / 1_000)}`;
}

/** `2026-11-23 10:00:00Z`: UTC to the second, as it stands in logs. */
export function formatTime(instant: string): string {
  const at = parseInstant(instant);
  return Number.isNaN(at) ? instant : `${formatInstant(at).slice(0, 19).replace('T', ' ')}Z`;
}

/** Performance data as plugins write it; the twin of the one in nagios/, which is not for clients. */
export function formatPerfdata(perfdata: readonly Perfdatum[]): string {
  return perfdata.map(formatPerfdatum).join(' ');
}

function formatPerfdatum({ label, value, unit, warn, crit, min, max }: Perfdatum): string {
  const name = /[ \t\r\n'=]/.test(label) ? `'${label.replaceAll("'", "''")}'` : label;
  const fields = [value === null ? 'U' : `${value}${unit}`, warn, crit, min, max];
  return `${name}=${fields.join(';').replace(/;+$/, '')}`;
}

function formatEntries(entries: object): string {
  return Object.entries(entries)
    .map(([key, value]) => `${key}=${formatEntry(value)}`)
    .join(', ');
}

function formatEntry(value: unknown): string {
  if (typeof value === 'number') return formatNumber(value);
  return typeof value === 'object' && value !== null ? `(${formatEntries(value)})` : String(value);
}

function formatSpan(seconds: number): string {
  if (seconds < 2 * MINUTE_S) return `${Math.floor(seconds)} s`;
  if (seconds < 2 * HOUR_S) return `${Math.floor(seconds / MINUTE_S)} min`;
  if (seconds < 2 * DAY_S) return `${Math.floor(seconds / HOUR_S)} h`;
  return `${Math.floor(seconds / DAY_S)} d`;
}
