/**
 * Every operation of the API with its schemas: validation, documentation and types of handlers and
 * clients all come from here. The server alone loads it; clients take the types.
 */

import {
  AuditQuerySchema,
  AuditSchema,
  CreatedTokenSchema,
  TokenInputSchema,
  TokenQuerySchema,
  TokenSchema,
} from './access.ts';
import { BatchAnswerSchema, BatchSchema } from './batch.ts';
import {
  AvailabilityQuerySchema,
  AvailabilitySchema,
  CheckQuerySchema,
  CheckSchema,
  HistoryQuerySchema,
  HistorySchema,
  JobSchema,
  ScheduleQuerySchema,
} from './checks.ts';
import { COMMENT_OPERATIONS } from './comments.ts';
import { DEPENDENCY_OPERATIONS } from './dependencies.ts';
import {
  DiscoveryQuerySchema,
  DiscoverySchema,
  DiscoveryStartedSchema,
  DiscoverySummarySchema,
} from './discoveries.ts';
import { MAINTENANCE_OPERATIONS } from './downtimes.ts';
import { EventQuerySchema, EventSchema } from './events.ts';
import { HOST_STATE_OPERATIONS } from './host-states.ts';
import { HostInputSchema, HostQuerySchema, HostSchema } from './hosts.ts';
import { type Operation, objectOperations, Page, WaitQuerySchema } from './operation.ts';
import type { RouteName } from './paths.ts';
import { PluginInputSchema, PluginQuerySchema, PluginSchema } from './plugins.ts';
import {
  AcceptedSchema,
  PassiveResultSchema,
  PassiveResultsSchema,
  RequestedSchema,
} from './results.ts';
import { StatusSchema, WorkerSchema, WorkersSchema } from './statistics.ts';
import { STATISTICS_OPERATIONS } from './statistics-operations.ts';
import { SubnetInputSchema, SubnetQuerySchema, SubnetSchema } from './subnets.ts';
import { SuiteInputSchema, SuiteQuerySchema, SuiteSchema } from './suites.ts';
import { TIMEPERIOD_OPERATIONS } from './timeperiods.ts';
import { TRACE_OPERATIONS } from './traces.ts';

const host = objectOperations({
  name: 'host',
  plural: 'hosts',
  input: HostInputSchema,
  stored: HostSchema,
  query: HostQuerySchema,
  example: { name: 'web1', address: '192.0.2.10', suites: ['web'], labels: { team: 'shop' } },
  changeExample: { maintenance: true, labels: { team: null } },
});
const plugin = objectOperations({
  name: 'plugin',
  plural: 'plugins',
  input: PluginInputSchema,
  stored: PluginSchema,
  query: PluginQuerySchema,
  example: {
    name: 'disk',
    script: 'check_disk',
    params: '-w 20% -c 10% -p /',
    interval: 300,
    suites: ['base'],
  },
  changeExample: { interval: 60 },
});
const suite = objectOperations({
  name: 'suite',
  plural: 'suites',
  input: SuiteInputSchema,
  stored: SuiteSchema,
  query: SuiteQuerySchema,
  example: { name: 'web', hosts: ['web1'], plugins: ['http', 'disk'] },
  changeExample: { description: 'Everything that serves pages' },
});
const subnet = objectOperations({
  name: 'subnet',
  plural: 'subnets',
  input: SubnetInputSchema,
  stored: SubnetSchema,
  query: SubnetQuerySchema,
  example: { name: 'office', cidr: '192.168.30.0/24', suites: ['base'], autoDiscovery: true },
  changeExample: { autoDiscovery: false },
});

/** Every operation by its route's name. */
export const OPERATIONS = {
  listHosts: host.list,
  createHost: host.create,
  getHost: host.get,
  replaceHost: host.replace,
  changeHost: host.change,
  deleteHost: host.delete,

  listPlugins: plugin.list,
  createPlugin: plugin.create,
  getPlugin: plugin.get,
  replacePlugin: plugin.replace,
  changePlugin: plugin.change,
  deletePlugin: plugin.delete,

  listSuites: suite.list,
  createSuite: suite.create,
  getSuite: suite.get,
  replaceSuite: suite.replace,
  changeSuite: suite.change,
  deleteSuite: suite.delete,

  listSubnets: subnet.list,
  createSubnet: subnet.create,
  getSubnet: subnet.get,
  replaceSubnet: subnet.replace,
  changeSubnet: subnet.change,
  deleteSubnet: subnet.delete,

  ...TIMEPERIOD_OPERATIONS,
  ...DEPENDENCY_OPERATIONS,

  discoverSubnet: {
    tag: 'Discovery',
    summary: 'Search a subnet for hosts',
    description:
      'Workers of its zone ask each address that is not excluded by ICMP, then on some TCP ports. ' +
      'A new host gets the name that the name server knows, the suites of the subnet, and begins in ' +
      'maintenance.',
    role: 'operator',
    status: 202,
    answer: DiscoveryStartedSchema,
    problems: { 409: 'A discovery of the subnet is running' },
  },
  listDiscoveries: {
    tag: 'Discovery',
    summary: 'List discoveries with their figures',
    description:
      'The newest first. Ended ones are kept for 30 days, the last of a subnet for ever.',
    role: 'viewer',
    query: DiscoveryQuerySchema,
    status: 200,
    answer: Page(DiscoverySummarySchema),
  },
  getDiscovery: {
    tag: 'Discovery',
    summary: 'Get one discovery: its progress, and which hosts it found',
    role: 'viewer',
    status: 200,
    answer: DiscoverySchema,
  },

  applyBatch: {
    tag: 'Configuration',
    summary: 'Make many changes, all or none',
    description:
      'One transaction, in the order given. When one operation is refused nothing changes, and ' +
      'the errors name it as `/operations/N`.',
    role: 'admin',
    body: BatchSchema,
    bodyExample: {
      operations: [
        { op: 'create', kind: 'suite', body: { name: 'web' } },
        {
          op: 'create',
          kind: 'host',
          body: { name: 'web1', address: '192.0.2.10', suites: ['web'] },
        },
        { op: 'delete', kind: 'host', ref: 'web0' },
      ],
    },
    status: 200,
    answer: BatchAnswerSchema,
    problems: { 404: 'An operation names an object that is not there', 409: 'A name is taken' },
  },

  listChecks: {
    tag: 'Checks',
    summary: 'List checks with their current states',
    role: 'viewer',
    query: CheckQuerySchema,
    status: 200,
    answer: Page(CheckSchema),
  },
  getCheck: {
    tag: 'Checks',
    summary: 'Get the current state of one check',
    role: 'viewer',
    status: 200,
    answer: CheckSchema,
  },
  getCheckHistory: {
    tag: 'Checks',
    summary: 'List the history of one check',
    description:
      'The newest first: single results of hosts that keep them, and stretches of one state. ' +
      'That of a check that was deleted can be read as well.',
    role: 'viewer',
    query: HistoryQuerySchema,
    status: 200,
    answer: HistorySchema,
  },
  getCheckAvailability: {
    tag: 'Checks',
    summary: 'Get how long one check was in which state',
    role: 'viewer',
    query: AvailabilityQuerySchema,
    status: 200,
    answer: AvailabilitySchema,
  },
  runCheck: {
    tag: 'Checks',
    summary: 'Run one check now',
    description: 'It goes ahead of what the schedule wants. The schedule stays as it is.',
    role: 'operator',
    query: WaitQuerySchema,
    status: 202,
    answer: RequestedSchema,
    otherAnswers: { 200: CheckSchema },
    problems: {
      409: 'The host is in maintenance',
      504: 'With `wait`: no result came in time, and why that may be',
    },
  },
  submitResult: {
    tag: 'Checks',
    summary: 'Submit a result of one check',
    description: 'As plugins print it; one that is older than the known state only joins history.',
    role: 'operator',
    query: WaitQuerySchema,
    body: PassiveResultSchema,
    bodyExample: { exitCode: 1, output: 'BACKUP WARNING - 2 of 40 volumes left out | volumes=38' },
    status: 202,
    answer: RequestedSchema,
    otherAnswers: { 200: CheckSchema },
    problems: { 409: 'It takes no results from outside', 504: 'With `wait`: not stored in time' },
  },
  ...HOST_STATE_OPERATIONS,
  ...MAINTENANCE_OPERATIONS,
  ...COMMENT_OPERATIONS,
  ...TRACE_OPERATIONS,
  ...STATISTICS_OPERATIONS,
  submitResults: {
    tag: 'Checks',
    summary: 'Submit results of many checks and hosts',
    description:
      'An array, or one JSON object on each line. When one is refused none is taken. After a 503 ' +
      'send all of them again: what was stored already is not stored twice.',
    role: 'operator',
    body: PassiveResultsSchema,
    bodyTypes: ['application/json', 'application/x-ndjson'],
    bodyExample: [
      {
        host: 'web1',
        plugin: 'backup',
        exitCode: 0,
        output: 'BACKUP OK',
        at: '2026-11-23T03:10:00.000Z',
      },
    ],
    status: 202,
    answer: AcceptedSchema,
  },

  getStatus: {
    tag: 'Operation',
    summary: 'Get the totals of the site, and how the services do',
    role: 'viewer',
    status: 200,
    answer: StatusSchema,
  },
  listSchedule: {
    tag: 'Operation',
    summary: 'List the jobs of the schedule',
    role: 'viewer',
    query: ScheduleQuerySchema,
    status: 200,
    answer: Page(JobSchema),
  },
  listWorkers: {
    tag: 'Operation',
    summary: 'List every worker that was seen',
    description: 'One that is silent is forgotten after `grey.retention.workers` days.',
    role: 'viewer',
    status: 200,
    answer: WorkersSchema,
  },
  getWorker: {
    tag: 'Operation',
    summary: 'Get one worker',
    role: 'viewer',
    status: 200,
    answer: WorkerSchema,
  },
  streamEvents: {
    tag: 'Operation',
    summary: 'Follow what happens',
    description:
      'Server-sent events. `Last-Event-ID` goes on behind that event; results of checks and hosts ' +
      'are not kept for that, changes of states are. A reader that is too slow gets a last event `dropped`.',
    role: 'viewer',
    query: EventQuerySchema,
    status: 200,
    answer: EventSchema,
    answerType: 'text/event-stream',
    problems: { 503: 'Too many readers' },
  },

  listTokens: {
    tag: 'Access',
    summary: 'List tokens',
    role: 'admin',
    query: TokenQuerySchema,
    status: 200,
    answer: Page(TokenSchema),
  },
  createToken: {
    tag: 'Access',
    summary: 'Create a token',
    description: 'The answer holds the secret, which is shown this once.',
    role: 'admin',
    body: TokenInputSchema,
    bodyExample: { name: 'dashboard', role: 'viewer', expiresAt: '2027-12-31T00:00:00.000Z' },
    status: 201,
    answer: CreatedTokenSchema,
    problems: { 409: 'There is a token of that name' },
  },
  getToken: {
    tag: 'Access',
    summary: 'Get one token without its secret',
    role: 'admin',
    status: 200,
    answer: TokenSchema,
  },
  deleteToken: {
    tag: 'Access',
    summary: 'Revoke a token',
    description: 'It is refused from now on; streams that were opened with it end within a second.',
    role: 'admin',
    status: 204,
    problems: { 409: 'It is the last valid token of an administrator' },
  },
  listAudit: {
    tag: 'Access',
    summary: 'List who changed what, and when',
    role: 'admin',
    query: AuditQuerySchema,
    status: 200,
    answer: Page(AuditSchema),
  },
} as const satisfies Record<RouteName, Operation>;
