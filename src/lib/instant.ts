/** Text form of instants at every boundary: ISO 8601, UTC, milliseconds. Inside they are numbers. */

/** `2026-11-23T10:00:00.000Z` for milliseconds since the epoch. */
export function formatInstant(at: number): string {
  return new Date(at).toISOString();
}

/** Milliseconds since the epoch; NaN when `text` is not a full ISO 8601 instant with a zone. */
export function parseInstant(text: string): number {
  const complete = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  return complete ? Date.parse(text) : Number.NaN;
}
