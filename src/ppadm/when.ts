/** Instants of options: as such, or as a distance from now. */

import { formatInstant, parseInstant } from '../lib/instant.ts';
import { InvalidInput } from '../model/errors.ts';
import { parseDuration } from './read-values.ts';

/** The last instant that can be written. */
const MAX_AT = 8.64e15;

/** How an option's text is read. */
export interface WhenOptions {
  /** For the words when it is wrong. */
  readonly option: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether a duration leads into the future. Default: into the past. */
  readonly isAhead?: boolean;
}

/**
 * The instant as the API takes it; undefined when no text is given. Throws `InvalidInput` that names
 * the option.
 */
export function readWhen(
  text: string | undefined,
  { option, now, isAhead = false }: WhenOptions,
): string | undefined {
  if (text === undefined) return undefined;
  if (!Number.isNaN(parseInstant(text))) return text;
  const distanceMs = (parseDuration(text) ?? Number.NaN) * 1_000;
  const at = isAhead ? now + distanceMs : now - distanceMs;
  if (Math.abs(at) <= MAX_AT) return formatInstant(at);
  const example = isAhead ? '90d' : '2h';
  const message = `must be an instant like 2026-11-23T10:00:00Z, or a duration like ${example}.`;
  throw new InvalidInput([{ path: option, message }]);
}
