/** Discoveries over HTTP: searches of subnets for hosts. */

import Type, { type Static } from 'typebox';
import { DISCOVERY_STATES } from '../model/discovery.ts';
import { Instant, Name, PAGE_QUERY, Query } from './common.ts';

const Names = Type.Array(Type.String(), { maxItems: 1_000 });
const NullableText = Type.Union([Type.String(), Type.Null()]);

/** How a discovery stands. */
const DiscoveryStateSchema = Type.Union(
  [
    Type.Literal('running'),
    Type.Literal('done'),
    Type.Literal('failed'),
    Type.Literal('cancelled'),
  ],
  {
    description:
      'failed: no worker answered for parts of it; cancelled: nobody wants it any more. What was found until then stays',
  },
);

/** A discovery with figures only. */
export const DiscoverySummarySchema = Type.Object({
  id: Type.String({ description: 'UUID' }),
  subnet: Name,
  cidr: Type.String({ description: 'What is searched, as it was at the beginning' }),
  zone: Type.String(),
  state: DiscoveryStateSchema,
  requestedBy: Type.Union([Type.String(), Type.Null()], {
    description: "Name of the token; null: the subnet's interval",
  }),
  startedAt: Instant,
  finishedAt: Type.Union([Instant, Type.Null()]),
  scanned: Type.Integer({ description: 'Addresses searched' }),
  total: Type.Integer({ description: 'Addresses to search, without those excluded' }),
  found: Type.Integer({ description: 'Hosts that answered: added and known' }),
  addedCount: Type.Integer(),
  knownCount: Type.Integer(),
  goneCount: Type.Integer(),
  problem: NullableText,
});

/** A discovery with figures only. */
export type DiscoverySummaryJson = Static<typeof DiscoverySummarySchema>;

/** A discovery. */
export const DiscoverySchema = Type.Object({
  ...DiscoverySummarySchema.properties,
  added: { ...Names, description: 'Names of new hosts, the first 1,000' },
  known: { ...Names, description: 'Names of hosts that were there already, the first 1,000' },
  gone: {
    ...Names,
    description:
      'Names of hosts of the subnet that did not answer, the first 1,000; known at the end. Nothing is deleted',
  },
});

/** A discovery. */
export type DiscoveryJson = Static<typeof DiscoverySchema>;

/** What the request for a discovery answers. */
export const DiscoveryStartedSchema = Type.Object({
  id: Type.String({ description: 'Of the discovery' }),
});

/** Parameters of the list of discoveries. */
export const DiscoveryQuerySchema = Query({
  ...PAGE_QUERY,
  subnet: Type.Optional(Name),
  state: Type.Optional(
    Type.String({
      pattern: `^(${DISCOVERY_STATES.join('|')})(,(${DISCOVERY_STATES.join('|')}))*$`,
      description: 'States with commas between',
    }),
  ),
});
