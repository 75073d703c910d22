/** Numbers that a host has for its checks, as people type them. */

import { parseDuration } from './read-values.ts';

/** Numbers by plugin and field; null takes one out. */
export type Overrides = Readonly<Record<string, Readonly<Record<string, number | null>> | null>>;

const DURATIONS: readonly string[] = ['interval', 'retryInterval', 'timeout'];
const NUMBERS: readonly string[] = ['maxCheckAttempts', 'lowFlapThreshold', 'highFlapThreshold'];

/**
 * `disk.interval=5m`, `disk.interval-` to take that out, `disk-` to take all of a plugin out; undefined
 * for anything else. Names of plugins may hold dots.
 */
export function parseOverride(
  text: string,
): { plugin: string; numbers: Record<string, number | null> | null } | undefined {
  const [, place, sign, value] = /^([^=]+?)(=|-$)(.*)$/.exec(text) ?? [];
  if (place === undefined || value === undefined) return undefined;
  const dot = place.lastIndexOf('.');
  const field = place.slice(dot + 1);
  const plugin = place.slice(0, Math.max(dot, 0));
  const isKnown = plugin !== '' && [...DURATIONS, ...NUMBERS].includes(field);
  if (sign === '-') {
    return isKnown ? { plugin, numbers: { [field]: null } } : { plugin: place, numbers: null };
  }
  if (!isKnown) return undefined;
  const number = DURATIONS.includes(field) ? parseDuration(value) : readNumber(value);
  return number === undefined ? undefined : { plugin, numbers: { [field]: number } };
}

function readNumber(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}
