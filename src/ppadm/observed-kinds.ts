/** The kinds that only the services write. */

import type { AuditJson, TokenJson } from '../contract/access.ts';
import type { CheckJson, JobJson } from '../contract/checks.ts';
import type { DiscoveryJson } from '../contract/discoveries.ts';
import type { HostStateJson } from '../contract/host-states.ts';
import type { WorkerJson } from '../contract/statistics.ts';
import { CHECK_STATES } from '../model/check.ts';
import { DISCOVERY_STATES } from '../model/discovery.ts';
import {
  CHECK_FILTERS,
  LABEL_FILTER,
  SEARCH_FILTER,
  SUBNET_FILTER,
  SUITE_FILTER,
  ZONE_FILTER,
} from './filters.ts';
import { defineKind } from './kind.ts';

const STATES = [...CHECK_STATES, 'pending'];
/** Checks: one plugin on one host. */
export const CHECK = defineKind<CheckJson>({
  name: 'check',
  plural: 'checks',
  list: 'listChecks',
  get: 'getCheck',
  changes: undefined,
  key: [
    { parameter: 'host', field: 'host' },
    { parameter: 'plugin', field: 'plugin' },
  ],
  identities: [],
  isPaged: true,
  columns: [
    { title: 'HOST', field: 'host' },
    { title: 'PLUGIN', field: 'plugin' },
    { title: 'STATE', field: 'state', format: 'state' },
    { title: 'TYPE', field: 'stateType', isWide: true },
    { title: 'ATTEMPT', field: 'attempt', isWide: true },
    { title: 'SINCE', field: 'lastStateChange', format: 'ago' },
    { title: 'CHECKED', field: 'finishedAt', format: 'ago' },
    { title: 'NEXT', field: 'nextDue', format: 'until', isWide: true },
    { title: 'TOOK', field: 'executionTime', format: 'took', isWide: true },
    { title: 'LATENCY', field: 'latency', format: 'took', isWide: true },
    { title: 'WORKER', field: 'worker', isWide: true },
    { title: 'OUTPUT', field: 'output', isFlexible: true },
  ],
  filters: [
    {
      query: 'state',
      flags: '--state <states>',
      reads: 'words',
      words: STATES,
      help: `only in these states: ${STATES.join(',')}`,
    },
    {
      query: 'problem',
      flags: '--problem',
      reads: 'flag',
      help: 'only what is neither ok nor pending',
    },
    {
      query: 'stateType',
      flags: '--state-type <soft|hard>',
      reads: 'text',
      help: 'only soft or only hard states',
    },
    {
      query: 'handled',
      flags: '--handled <on|off>',
      reads: 'onOff',
      help: 'only what is acknowledged, in downtime or down to its host, or only what is not',
    },
    ...CHECK_FILTERS,
    LABEL_FILTER,
    SUITE_FILTER,
    SUBNET_FILTER,
    ZONE_FILTER,
    SEARCH_FILTER,
  ],
  fields: [],
});

/** Hosts' own states. */
export const HOST_STATE = defineKind<HostStateJson>({
  name: 'host',
  plural: 'hosts',
  list: 'listHosts',
  get: undefined,
  changes: undefined,
  key: [{ parameter: 'host', field: 'host' }],
  identities: [],
  isPaged: true,
  columns: [
    { title: 'HOST', field: 'host' },
    { title: 'STATE', field: 'state', format: 'state' },
    { title: 'SINCE', field: 'lastStateChange', format: 'ago' },
    { title: 'HARD', field: 'lastHardStateChange', format: 'ago' },
    { title: 'CHECKED', field: 'finishedAt', format: 'ago' },
    { title: 'NEXT', field: 'nextDue', format: 'until' },
    { title: 'TOOK', field: 'executionTime', format: 'seconds' },
    { title: 'LATENCY', field: 'latency', format: 'seconds' },
    { title: 'OUTPUT', field: 'output', isFlexible: true },
  ],
  filters: [],
  fields: [],
});

/** Workers: the violets. */
export const WORKER = defineKind<WorkerJson>({
  name: 'worker',
  plural: 'workers',
  list: 'listWorkers',
  get: 'getWorker',
  changes: undefined,
  key: [{ parameter: 'worker', field: 'id' }],
  identities: [],
  isPaged: false,
  columns: [
    { title: 'ID', field: 'id' },
    { title: 'HOSTNAME', field: 'hostname' },
    { title: 'STATUS', field: 'status', format: 'status' },
    { title: 'HEARTBEAT', field: 'lastHeartbeat', format: 'ago' },
    { title: 'STARTED', field: 'startedAt', format: 'ago' },
    { title: 'ZONES', field: 'zones', format: 'names', isFlexible: true },
    { title: 'VERSION', field: 'version', isWide: true },
    { title: 'FIELDS', field: 'fields', format: 'entries', isFlexible: true, isWide: true },
  ],
  filters: [],
  fields: [],
});

/** Searches of subnets. */
export const DISCOVERY = defineKind<DiscoveryJson>({
  name: 'discovery',
  plural: 'discoveries',
  list: 'listDiscoveries',
  get: 'getDiscovery',
  changes: undefined,
  key: [{ parameter: 'discovery', field: 'id' }],
  identities: [],
  isPaged: true,
  columns: [
    { title: 'SUBNET', field: 'subnet' },
    { title: 'STATE', field: 'state', format: 'status' },
    { title: 'STARTED', field: 'startedAt', format: 'ago' },
    { title: 'SCANNED', field: 'scanned', format: 'number' },
    { title: 'OF', field: 'total', format: 'number' },
    { title: 'FOUND', field: 'found', format: 'number' },
    { title: 'ADDED', field: 'added', format: 'names', isFlexible: true },
    { title: 'GONE', field: 'gone', format: 'names', isFlexible: true },
    { title: 'PROBLEM', field: 'problem', isFlexible: true },
    { title: 'ID', field: 'id', isWide: true },
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

/** Tokens, without their secrets. */
export const TOKEN = defineKind<TokenJson>({
  name: 'token',
  plural: 'tokens',
  list: 'listTokens',
  get: 'getToken',
  changes: undefined,
  key: [{ parameter: 'token', field: 'name' }],
  identities: [],
  isPaged: true,
  columns: [
    { title: 'NAME', field: 'name', isFlexible: true },
    { title: 'ROLE', field: 'role' },
    { title: 'CREATED', field: 'createdAt', format: 'ago' },
    { title: 'USED', field: 'lastUsedAt', format: 'ago' },
    { title: 'EXPIRES', field: 'expiresAt', format: 'until' },
    { title: 'ID', field: 'id', isWide: true },
  ],
  filters: [],
  fields: [],
});

/** Jobs of the schedule. */
export const JOB = defineKind<JobJson>({
  name: 'job',
  plural: 'jobs',
  list: 'listSchedule',
  get: undefined,
  changes: undefined,
  key: [
    { parameter: 'host', field: 'host' },
    { parameter: 'plugin', field: 'plugin' },
  ],
  identities: [],
  isPaged: true,
  columns: [
    { title: 'HOST', field: 'host' },
    { title: 'PLUGIN', field: 'plugin' },
    { title: 'INTERVAL', field: 'interval', format: 'seconds' },
    { title: 'LAST', field: 'lastDue', format: 'ago' },
    { title: 'NEXT', field: 'nextDue', format: 'until' },
  ],
  filters: CHECK_FILTERS,
  fields: [],
});

/** Changes of the configuration: the audit. */
export const CHANGE = defineKind<AuditJson>({
  name: 'change',
  plural: 'changes',
  aliases: ['audit'],
  list: 'listAudit',
  get: undefined,
  changes: undefined,
  key: [{ parameter: 'change', field: 'id' }],
  identities: [],
  isPaged: true,
  columns: [
    { title: 'AT', field: 'at', format: 'ago' },
    { title: 'ACTOR', field: 'actor' },
    { title: 'ACTION', field: 'action' },
    { title: 'KIND', field: 'kind' },
    { title: 'NAME', field: 'name', isFlexible: true },
    { title: 'ID', field: 'id', isWide: true },
  ],
  filters: [
    { query: 'actor', flags: '--actor <token>', reads: 'text', help: 'only by this token' },
    {
      query: 'action',
      flags: '--action <action>',
      reads: 'text',
      help: 'only create, change or delete',
    },
    {
      query: 'kind',
      flags: '--kind <kind>',
      reads: 'text',
      help: 'only of host, plugin, suite, subnet or token',
    },
    { query: 'name', flags: '--name <name>', reads: 'text', help: 'only of objects of this name' },
    {
      query: 'from',
      flags: '--from <when>',
      reads: 'when',
      help: 'not before: 2026-11-23T10:00:00Z, or 2h for two hours ago',
    },
    { query: 'to', flags: '--to <when>', reads: 'when', help: 'before' },
  ],
  fields: [],
});
