/** Suites over HTTP. */

import Type, { type Static } from 'typebox';
import { Description, Name, Names, PAGE_QUERY, Query, StoredFields } from './common.ts';

const suiteFields = {
  description: Description,
  hosts: Names,
  plugins: Names,
  subnets: Names,
};

/** What a client sends to create or replace a suite. */
export const SuiteInputSchema = Type.Object(
  { ...Type.Partial(Type.Object(suiteFields)).properties, name: Name },
  { additionalProperties: false },
);

/** A suite as sent by a client. */
export type SuiteInput = Static<typeof SuiteInputSchema>;

/** A suite as answered. */
export const SuiteSchema = Type.Object({ ...StoredFields, name: Name, ...suiteFields });

/** A suite as answered. */
export type SuiteJson = Static<typeof SuiteSchema>;

/** Parameters of the list of suites. */
export const SuiteQuerySchema = Query({
  ...PAGE_QUERY,
  q: Type.Optional(Type.String({ maxLength: 200 })),
});
