/** Hosts by their labels, which are kept as one JSON object for each host. */

import { type RawBuilder, sql } from 'kysely';

/**
 * Whether a host has all of these labels: `NAME=VALUE` or only `NAME`, with commas between.
 * Takes the texts as JSON has them: a quotation mark inside a value is escaped there, so nothing but
 * a label of this name and value contains them.
 */
export function hasLabels(wanted: string): RawBuilder<boolean> {
  const terms = wanted.split(',').map((term) => {
    const equals = term.indexOf('=');
    const name = equals < 0 ? term : term.slice(0, equals);
    const value = equals < 0 ? '"' : JSON.stringify(term.slice(equals + 1));
    const text = `${JSON.stringify(name)}:${value}`;
    // Of the functions that all databases have the one that minds upper and lower case.
    return sql`replace(host.labels, ${text}, '') <> host.labels`;
  });
  return sql<boolean>`(${sql.join(terms, sql` and `)})`;
}
