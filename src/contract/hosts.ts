/** Hosts over HTTP. */

import Type, { type Static } from 'typebox';
import {
  LabelQuery,
  Name,
  Names,
  PAGE_QUERY,
  Query,
  StoredFields,
  TextMapSchema,
  TruthQuery,
  Zone,
} from './common.ts';

const hostFields = {
  address: Type.String({
    minLength: 1,
    maxLength: 253,
    description: 'IPv4 or IPv6 address or DNS name; unique',
  }),
  login: Type.String({
    pattern: '^[a-z_][a-z0-9_.-]{0,31}$',
    default: 'violet',
    description: 'Account for checks through ssh',
  }),
  sshPort: Type.Integer({ minimum: 1, maximum: 65_535, default: 22 }),
  maintenance: Type.Boolean({ default: false, description: 'Stops its checks' }),
  history: Type.Boolean({ default: false, description: 'Keeps every single result' }),
  suites: Type.Array(Name, {
    maxItems: 1_000,
    default: [],
    description: 'Default: those of its subnet',
  }),
  subnet: Type.Union([Name, Type.Null()], { default: null }),
  zone: Zone,
  labels: TextMapSchema,
  vars: TextMapSchema,
};

/** What a client sends to create or replace a host. */
export const HostInputSchema = Type.Object(
  {
    ...Type.Partial(Type.Object(hostFields)).properties,
    name: Type.Optional(Name),
    address: hostFields.address,
  },
  { additionalProperties: false },
);

/** A host as sent by a client. */
export type HostInput = Static<typeof HostInputSchema>;

/** A host as answered. */
export const HostSchema = Type.Object({
  ...StoredFields,
  name: Name,
  ...hostFields,
  suites: Names,
});

/** A host as answered. */
export type HostJson = Static<typeof HostSchema>;

/** Parameters of the list of hosts. */
export const HostQuerySchema = Query({
  ...PAGE_QUERY,
  q: Type.Optional(Type.String({ maxLength: 200 })),
  zone: Type.Optional(Type.String({ maxLength: 64 })),
  label: Type.Optional(LabelQuery),
  subnet: Type.Optional(Name),
  suite: Type.Optional(Name),
  maintenance: Type.Optional(TruthQuery),
});
