/** Subnets over HTTP. */

import Type, { type Static } from 'typebox';
import { Description, Name, PAGE_QUERY, Query, StoredFields, TruthQuery, Zone } from './common.ts';

const Cidr = Type.String({ minLength: 1, maxLength: 64, description: '192.168.30.0/24' });

const subnetFields = {
  exclude: Type.Array(Cidr, { maxItems: 1_000, default: [] }),
  suites: Type.Array(Name, { maxItems: 1_000, default: [] }),
  autoDiscovery: Type.Boolean({ default: false }),
  interval: Type.Number({
    minimum: 60,
    maximum: 31_536_000,
    default: 1_800,
    description: 'seconds',
  }),
  zone: { ...Zone, description: 'Whose workers search it; given to new hosts' },
  description: Description,
};

/** What a client sends to create or replace a subnet: `cidr`, or `subnet` and `netmask`. */
export const SubnetInputSchema = Type.Object(
  {
    ...Type.Partial(Type.Object(subnetFields)).properties,
    name: Name,
    cidr: Type.Optional(Cidr),
    subnet: Type.Optional(Type.String({ maxLength: 64 })),
    netmask: Type.Optional(Type.String({ maxLength: 64 })),
  },
  { additionalProperties: false },
);

/** A subnet as sent by a client. */
export type SubnetInput = Static<typeof SubnetInputSchema>;

/** A subnet as answered. */
export const SubnetSchema = Type.Object({
  ...StoredFields,
  name: Name,
  cidr: Cidr,
  ...subnetFields,
});

/** A subnet as answered. */
export type SubnetJson = Static<typeof SubnetSchema>;

/** Parameters of the list of subnets. */
export const SubnetQuerySchema = Query({
  ...PAGE_QUERY,
  q: Type.Optional(Type.String({ maxLength: 200 })),
  zone: Type.Optional(Type.String({ maxLength: 64 })),
  autoDiscovery: Type.Optional(TruthQuery),
});
