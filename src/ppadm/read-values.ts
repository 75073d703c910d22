/** What people type for a value -> the value; and durations back into what they would type. */

const UNIT_S: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  min: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
};
/** Units for writing, greatest first; weeks are harder to read than days. */
const WRITTEN_UNITS = ['d', 'h', 'm', 's'] as const;
const MAX_LENGTH = 50;

/** Seconds for `30`, `30s`, `5m`, `1h30m`, `500ms`, `7d`, `2w`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  const part = /(\d+(?:\.\d+)?)(ms|min|[smhdw])/gy;
  let totalMs = 0;
  let end = 0;
  for (let match = part.exec(text); match !== null; match = part.exec(text)) {
    // In whole milliseconds, so that 0.1s + 0.2s is not 0.30000000000000004.
    totalMs += Math.round(Number(match[1]) * (UNIT_S[match[2] ?? ''] ?? 0) * 1_000);
    end = part.lastIndex;
  }
  return end > 0 && end === text.length ? totalMs / 1_000 : undefined;
}

/** `1h30m` for seconds from 0 up; what `parseDuration` reads back, to the millisecond. */
export function formatDuration(seconds: number): string {
  let leftMs = Math.round(seconds * 1_000);
  let text = '';
  for (const unit of WRITTEN_UNITS) {
    const unitMs = (UNIT_S[unit] ?? 1) * 1_000;
    const count = Math.floor(leftMs / unitMs);
    if (count > 0) text += `${count}${unit}`;
    leftMs -= count * unitMs;
  }
  if (leftMs > 0) text += `${leftMs}ms`;
  return text || '0s';
}

/** The truth of `on`, `off` and their usual synonyms; undefined for anything else. */
export function parseOnOff(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (['on', 'yes', 'true', '1'].includes(word)) return true;
  if (['off', 'no', 'false', '0'].includes(word)) return false;
  return undefined;
}

/** The parts between commas, without the spaces around them and without empty ones. */
export function parseNames(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** `key=value`, or `key-` to take a key out (null); undefined for anything else. */
export function parseEntry(text: string): readonly [key: string, value: string | null] | undefined {
  const separator = text.indexOf('=');
  if (separator > 0) return [text.slice(0, separator), text.slice(separator + 1)];
  return separator < 0 && /^.+-$/.test(text) ? [text.slice(0, -1), null] : undefined;
}
