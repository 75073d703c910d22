/** Discoveries: searches of subnets for hosts. */

import type { DiscoverySummaryJson } from '../contract/discoveries.ts';
import { DISCOVERY_STATES } from '../model/discovery.ts';
import { SUBNET_FILTER } from './filters.ts';
import { defineKind } from './kind.ts';

/** Discoveries. */
export const DISCOVERY = defineKind<DiscoverySummaryJson>({
  name: 'discovery',
  plural: 'discoveries',
  list: 'listDiscoveries',
  get: 'getDiscovery',
  changes: undefined,
  key: [{ parameter: 'discovery', field: 'id' }],
  identities: [],
  isPaged: true,
  columns: [
    { title: 'ID', field: 'id' },
    { title: 'SUBNET', field: 'subnet' },
    { title: 'STATE', field: 'state', format: 'status' },
    { title: 'SCANNED', field: 'scanned', format: 'number' },
    { title: 'OF', field: 'total', format: 'number' },
    { title: 'FOUND', field: 'found', format: 'number' },
    { title: 'ADDED', field: 'addedCount', format: 'number' },
    { title: 'GONE', field: 'goneCount', format: 'number' },
    { title: 'STARTED', field: 'startedAt', format: 'ago' },
    { title: 'CIDR', field: 'cidr', isWide: true },
    { title: 'ZONE', field: 'zone', isWide: true },
    { title: 'BY', field: 'requestedBy', isWide: true },
    { title: 'PROBLEM', field: 'problem', isFlexible: true },
  ],
  filters: [
    SUBNET_FILTER,
    {
      query: 'state',
      flags: '--state <states>',
      reads: 'words',
      words: DISCOVERY_STATES,
      help: `only in these states: ${DISCOVERY_STATES.join(',')}`,
    },
  ],
  fields: [],
});
