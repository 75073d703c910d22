/** Changing every value of a record. */

/** The record with the same names and changed values. */
export function mapValues<Name extends string, From, To>(
  record: Readonly<Record<Name, From>>,
  change: (value: From, name: Name) => To,
): Record<Name, To> {
  const names = Object.keys(record) as Name[];
  const entries = names.map((name) => [name, change(record[name], name)] as const);
  return Object.fromEntries(entries) as Record<Name, To>;
}
