/** The query string of every list -> which page, which filters. */

import type { Filters } from '../../database/queries/objects.ts';
import type { PageRequest, SortKey } from '../../database/queries/page.ts';
import { InvalidInput } from '../../model/errors.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1_000;

/** Parameters of a list, already validated in form. */
export type ListQuery = Readonly<Record<string, string | undefined>>;

/** Splits a list's parameters. Throws `InvalidInput` for a limit out of range. */
export function readListing(query: ListQuery): { page: PageRequest; filters: Filters } {
  const { limit, cursor, sort, ...rest } = query;
  const filters = Object.fromEntries(
    Object.entries(rest).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return {
    page: { limit: readLimit(limit), cursor: cursor ?? null, sort: readSort(sort) },
    filters,
  };
}

/** The number of items asked for. */
export function readLimit(text: string | undefined): number {
  const limit = text === undefined ? DEFAULT_LIMIT : Number(text);
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new InvalidInput([{ path: 'limit', message: `must be 1 to ${MAX_LIMIT}` }], true);
}

function readSort(text: string | undefined): SortKey[] {
  if (!text) return [];
  return text.split(',').map((key) => {
    const descending = key.startsWith('-');
    return { name: descending ? key.slice(1) : key, descending };
  });
}
