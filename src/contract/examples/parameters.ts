/**
 * What each parameter of the API means, and a value that it takes: by `route.parameter`, or else by the
 * parameter alone. Where a parameter's schema says what it means, that is all there is to say.
 */

import type { RouteName } from '../paths.ts';

/** What is said of a parameter. */
export interface ParameterText {
  readonly example: string;
  /** Undefined = its schema has it. */
  readonly description?: string;
}

const NOT_BEFORE = 'Not before this instant; ISO 8601, UTC';
const BEFORE = 'Before this instant; ISO 8601, UTC';
const SPAN_FROM = 'Begin of the span; default: an hour before `to`';
const SPAN_TO = 'End of the span; default: now';
const [FROM, TO] = ['2026-11-22T00:00:00.000Z', '2026-11-23T00:00:00.000Z'];
const SORT =
  'Fields with commas between, each with - before it for falling order; default: as it reads best';

const PARAMETERS: Readonly<Record<string, ParameterText>> = {
  host: { example: 'web1', description: 'Name, address or id of the host' },
  plugin: { example: 'disk', description: 'Name or id of the plugin' },
  suite: { example: 'web', description: 'Name or id of the suite' },
  subnet: { example: 'office', description: 'Name or id of the subnet' },
  timeperiod: { example: 'workhours', description: 'Name or id of the time period' },
  dependency: { example: 'shop-needs-database', description: 'Name or id of the dependency' },
  worker: { example: 'violet-1', description: 'Id of the worker' },
  token: { example: 'dashboard', description: 'Name or id of the token' },
  discovery: { example: '0191f3c2-7d1e-7c43-9d6f-4a2f5b8e6c10', description: 'Its id' },
  downtime: { example: '0191f3c2-7d1e-7c43-9d6f-4a2f5b8e6c10', description: 'Its id' },
  comment: { example: '0191f3c2-7d1e-7c43-9d6f-4a2f5b8e6c10', description: 'Its id' },
  trace: {
    example: '17-1795426200000',
    description: 'Id of a request, as logs, history and `POST .../run` have it',
  },

  limit: { example: '100', description: 'Most items of the answer, 1 to 1000; default: 50' },
  cursor: {
    example: 'WyJ3ZWIxIl0',
    description: '`nextCursor` of the answer before: the list goes on behind it',
  },
  sort: { example: 'name,-updatedAt', description: SORT },
  q: { example: 'web', description: 'Part of the name' },
  zone: { example: 'default', description: 'Only of this zone' },
  label: { example: 'team=shop' },
  maintenance: { example: 'false', description: 'Whether the host is in maintenance' },
  autoDiscovery: { example: 'true', description: 'Whether it is searched by itself' },
  script: { example: 'check_disk', description: 'Only plugins that run this script' },
  builtin: { example: 'ping', description: 'Only plugins of this built-in probe' },
  state: { example: 'warning,critical', description: 'States with commas between' },
  stateType: { example: 'hard' },
  problem: { example: 'true', description: 'true: only what is not OK; false: only what is' },
  handled: { example: 'false' },
  wait: { example: 'true' },
  from: { example: FROM, description: NOT_BEFORE },
  to: { example: TO, description: BEFORE },
  period: { example: '1d' },
  step: { example: '300' },
  width: { example: '1200' },
  height: { example: '400' },
  theme: { example: 'light' },
  metric: { example: '/' },
  metrics: { example: 'hosts_all,checks_ok' },
  cf: { example: 'MAX' },
  kind: { example: 'results,states' },
  type: { example: 'stateChange,worker' },
  actor: { example: 'anna', description: 'Only changes by this token' },
  action: { example: 'change', description: 'Only changes of this kind' },
  name: { example: 'web1' },

  'If-Match': { example: '"3"', description: 'The ETag that the object must still have' },
  Prefer: {
    example: 'return=representation',
    description: '`return=representation` answers what was removed',
  },
  'Last-Event-ID': { example: '4711', description: 'Goes on behind this event' },

  'listHosts.q': { example: 'web', description: 'Part of the name or the address' },
  'listSubnets.q': { example: '192.168.', description: 'Part of the name or the range' },
  'listChecks.q': { example: 'web', description: 'Part of the name of the host or the plugin' },
  'streamEvents.q': { example: 'web', description: 'Part of the name of the host or the plugin' },
  'listHosts.state': { example: 'down,unreachable' },
  'listDiscoveries.state': { example: 'running' },
  'listDowntimes.state': { example: 'active' },
  'listComments.kind': { example: 'user' },
  'listAudit.kind': {
    example: 'host',
    description: 'Only changes of objects of this kind: host, plugin, suite, subnet, token, ...',
  },
  'getCheckPerfdata.from': { example: FROM, description: SPAN_FROM },
  'getCheckPerfdata.to': { example: TO, description: SPAN_TO },
  'getCommonStatistics.from': { example: FROM, description: SPAN_FROM },
  'getCommonStatistics.to': { example: TO, description: SPAN_TO },
  'getWorkerStatistics.from': { example: FROM, description: SPAN_FROM },
  'getWorkerStatistics.to': { example: TO, description: SPAN_TO },
  'getWorkerStatistics.metrics': { example: 'throughput,ram_used' },
  'getCheckAvailability.from': { example: FROM },
  'getCheckAvailability.to': { example: TO },
  'getHostAvailability.from': { example: FROM },
  'getHostAvailability.to': { example: TO },

  'listChecks.sort': { example: 'state,-lastStateChange', description: SORT },
  'listSchedule.sort': { example: 'host,plugin', description: SORT },
  'listDiscoveries.sort': { example: '-startedAt', description: SORT },
  'listDowntimes.sort': { example: '-start', description: SORT },
  'listComments.sort': { example: '-createdAt', description: SORT },
  'listTokens.sort': { example: 'name', description: SORT },
  'listAudit.sort': { example: '-at', description: SORT },
};

/** What is said of a parameter in the path, the query or the head of a route; undefined = nothing. */
export function describeParameter(route: RouteName, name: string): ParameterText | undefined {
  return PARAMETERS[`${route}.${name}`] ?? PARAMETERS[name];
}
