/**
 * One small site, as the API answers it: the objects that every example is made of. What can be derived
 * is: an answered object is what the example of its creation sends, with the defaults of its schema.
 */

import type { TSchema } from 'typebox';
import { Default } from 'typebox/value';
import { formatInstant, parseInstant } from '../../lib/instant.ts';
import { CHECK_STATES } from '../../model/check.ts';
import { HOST_STATES } from '../../model/host-state.ts';
import { CommentSchema } from '../comments.ts';
import { DependencySchema } from '../dependencies.ts';
import { DowntimeSchema } from '../downtimes.ts';
import { HostSchema } from '../hosts.ts';
import { OPERATIONS } from '../operations.ts';
import { PluginSchema } from '../plugins.ts';
import { SubnetSchema } from '../subnets.ts';
import { SuiteSchema } from '../suites.ts';
import { TimeperiodSchema } from '../timeperiods.ts';

/** A JSON object of an example. */
export type ExampleObject = Readonly<Record<string, unknown>>;

const ID = '0191f3c2-7d1e-7c43-9d6f-4a2f5b8e6c10';
const OTHER_ID = '0191f3c2-8a40-7b12-b1c5-93d0e7f4a921';
const [BEGIN, DUE] = ['2026-11-23T09:00:00.000Z', '2026-11-23T09:30:00.000Z'];
const REQUEST_ID = `17-${parseInstant(DUE)}`;
const STORED = { id: ID, createdAt: BEGIN, updatedAt: DUE, version: 3 };

/** These fields, and the defaults of the schema for the rest. */
function complete(schema: TSchema, fields: ExampleObject): ExampleObject {
  const filled = Default(schema, structuredClone(fields));
  return typeof filled === 'object' && filled !== null ? { ...filled } : {};
}

/** A host. */
export const HOST = complete(HostSchema, {
  ...STORED,
  ...OPERATIONS.createHost.bodyExample,
  ...{ state: 'up', lastStateChange: BEGIN, acknowledged: false, inDowntime: false },
});

/** A plugin. */
export const PLUGIN = complete(PluginSchema, {
  ...STORED,
  ...OPERATIONS.createPlugin.bodyExample,
});

/** A suite. */
export const SUITE = complete(SuiteSchema, {
  ...{ ...STORED, subnets: [] },
  ...OPERATIONS.createSuite.bodyExample,
});

/** A subnet. */
export const SUBNET = complete(SubnetSchema, {
  ...STORED,
  ...OPERATIONS.createSubnet.bodyExample,
});

/** A time period. */
export const TIMEPERIOD = complete(TimeperiodSchema, {
  ...{ ...STORED, inside: true, nextChange: '2026-11-23T16:00:00.000Z' },
  ...OPERATIONS.createTimeperiod.bodyExample,
});

/** A dependency. */
export const DEPENDENCY = complete(DependencySchema, {
  ...STORED,
  ...OPERATIONS.createDependency.bodyExample,
});

/** A downtime. */
export const DOWNTIME = complete(DowntimeSchema, {
  ...{ id: ID, start: DUE, ...OPERATIONS.createDowntime.bodyExample },
  ...{ state: 'active', nextStart: DUE, author: 'anna', createdAt: BEGIN, checks: 12 },
  length: 9_000,
});

/** A comment. */
export const COMMENT = complete(CommentSchema, {
  ...{ id: ID, kind: 'user', author: 'anna', persistent: true, createdAt: BEGIN },
  ...OPERATIONS.createComment.bodyExample,
});

const PERFDATA = [
  { label: '/', value: 8_192, unit: 'MB', warn: '8000', crit: '9000', min: 0, max: 10_003 },
];
const RUN = {
  ...{ exitCode: 1, output: 'DISK WARNING - free space: / 1811 MB (18%)', longOutput: '' },
  ...{ perfdata: PERFDATA, scheduledAt: DUE, startedAt: '2026-11-23T09:30:00.012Z' },
  ...{ finishedAt: '2026-11-23T09:30:00.046Z', latency: 0.012, executionTime: 0.034 },
  worker: 'violet-1',
};
const HISTORY = {
  ...{ stateType: 'hard', attempt: 3, maxCheckAttempts: 3, lastStateChange: BEGIN },
  ...{ lastHardStateChange: BEGIN, flapping: false, flapPercent: 0 },
  ...{ acknowledged: true, inDowntime: false },
};

/** The state of a check. */
export const CHECK: ExampleObject = {
  ...{ host: HOST['name'], plugin: PLUGIN['name'], state: 'warning', ...RUN, ...HISTORY },
  ...{ reachable: true, nextDue: '2026-11-23T09:35:00.000Z' },
};

const ECHO = {
  ...{ ...RUN, exitCode: 0, output: 'PING OK - 192.0.2.10: 0.41 ms' },
  perfdata: [{ ...PERFDATA[0], label: 'rta', value: 0.41, unit: 'ms', max: null }],
};

/** A host's own state. */
export const HOST_STATE: ExampleObject = {
  ...{ host: HOST['name'], state: 'up', hostCheck: 'ping', ...ECHO, ...HISTORY, attempt: 1 },
  ...{ acknowledged: false, reachable: true, waitsUntil: null },
  nextDue: '2026-11-23T09:31:00.000Z',
};

const STRETCH = {
  ...{ kind: 'state', stateType: 'hard', cause: 'stateChange', from: BEGIN, to: null },
};

/** A check's history. */
export const CHECK_HISTORY: ExampleObject = {
  items: [
    { kind: 'result', state: 'warning', ...RUN, requestId: REQUEST_ID },
    { ...STRETCH, state: 'warning', output: RUN.output },
  ],
};

/** A host's history. */
export const HOST_HISTORY: ExampleObject = {
  items: [
    { kind: 'result', state: 'up', ...ECHO },
    { ...STRETCH, state: 'up', output: ECHO.output },
  ],
};

const DAY_S = 86_400;
const share = (seconds: number) => ({ seconds, percent: (100 * seconds) / DAY_S });

function availability(states: readonly string[]): ExampleObject {
  const none = Object.fromEntries([...states, 'notMeasured'].map((name) => [name, share(0)]));
  const [good = '', , bad = ''] = states;
  return {
    ...{ from: '2026-11-22T00:00:00.000Z', to: '2026-11-23T00:00:00.000Z', seconds: DAY_S },
    states: { ...none, [good]: share(81_648), [bad]: share(864), notMeasured: share(432) },
    planned: { ...share(3_456), states: { ...none, [bad]: share(3_456) } },
    reasons: { noWorker: 432 },
  };
}

/** How long a check was in which state. */
export const CHECK_AVAILABILITY = availability(CHECK_STATES);

/** How long a host was in which state. */
export const HOST_AVAILABILITY = availability(HOST_STATES);

/** What a request for a run answers. */
export const REQUESTED: ExampleObject = { requestId: REQUEST_ID };

const FIRST_STEP = { step: 'due', service: 'red', at: DUE, offset: 0, took: null };
const step = (name: string, service: string, offsetMs: number, tookMs: number) => ({
  ...{ step: name, service, at: formatInstant(parseInstant(DUE) + offsetMs) },
  ...{ offset: offsetMs / 1_000, took: tookMs / 1_000 },
});

/** The way of a request. */
export const TRACE: ExampleObject = {
  ...{ id: REQUEST_ID, host: HOST['name'], plugin: PLUGIN['name'], worker: RUN.worker },
  ...{ progress: 'stored', detail: 'The result is stored.', state: 'warning' },
  steps: [
    ...[FIRST_STEP, step('sent', 'red', 3, 3), step('received', 'violet', 8, 5)],
    ...[step('started', 'violet', 12, 4), step('finished', 'violet', 46, 34)],
    ...[step('collected', 'grey', 51, 5), step('stored', 'red', 60, 9)],
  ],
  clockDifference: null,
};

/** A discovery in figures. */
export const DISCOVERY_SUMMARY: ExampleObject = {
  ...{ id: ID, subnet: SUBNET['name'], cidr: SUBNET['cidr'], zone: 'default', state: 'done' },
  ...{ requestedBy: 'anna', startedAt: DUE, finishedAt: '2026-11-23T09:30:04.210Z' },
  ...{ scanned: 254, total: 254, found: 2, addedCount: 1, knownCount: 1, goneCount: 0 },
  problem: null,
};

/** A discovery. */
export const DISCOVERY: ExampleObject = {
  ...DISCOVERY_SUMMARY,
  ...{ added: ['printer.example.net'], known: ['web1'], gone: [] },
};

/** One job of the schedule. */
export const JOB: ExampleObject = {
  ...{ host: CHECK['host'], plugin: CHECK['plugin'], interval: PLUGIN['interval'] },
  ...{ lastDue: DUE, nextDue: CHECK['nextDue'] },
};

/** A worker. */
export const WORKER: ExampleObject = {
  ...{ id: RUN.worker, hostname: 'monitor1', version: '1.0.0', zones: ['default'] },
  ...{ status: 'running', connected: true, startedAt: BEGIN, lastHeartbeat: DUE },
  heartbeatInterval: 5,
  fields: { workerCount: 64, workerAlive: 64, inputQueueSize: 0, throughput: 12.4 },
};

/** The site in figures. */
export const STATUS: ExampleObject = {
  version: '1.0.0',
  checks: {
    ...{ all: 1_000, active: 990, ok: 980, warning: 6, critical: 3, unknown: 1, pending: 0 },
    ...{ soft: 2, unhandled: 4 },
  },
  hosts: { all: 100, active: 99, up: 97, down: 1, unreachable: 1, pending: 0 },
  workers: { connected: 2, all: 3 },
  problems: [
    {
      ...{ kind: 'noWorker', subject: 'dmz', since: BEGIN },
      text: 'The zone dmz has checks, but no worker.',
    },
  ],
  checksPerSecond: 16.5,
  scheduler: {
    ...{ active: true, jobs: 990, requested: 118_800, missed: 0 },
    ...{ lateness: 0.004, latenessP99: 0.021 },
  },
  database: { address: 'postgres://ppalette@db.example.net/ppalette' },
  broker: { address: 'amqps://mq.example.net' },
  statistics: { driver: 'rrdcached', problem: null },
};

/** Series of the site or a worker. */
export const SERIES: ExampleObject = {
  ...{ start: DUE, step: 60, values: { hosts_all: [100, 100, null], checks_ok: [980, 981, null] } },
};

/** Series of a check. */
export const CHECK_SERIES: ExampleObject = {
  ...{ start: DUE, step: 300 },
  metrics: [
    { label: '/', unit: 'MB', warn: '8000', crit: '9000', values: [8_120, 8_156.5, null, 8_192] },
  ],
};

/** The latest values of the site or a worker. */
export const LAST_VALUES: ExampleObject = {
  ...{ at: DUE, values: { hosts_all: 100, checks_ok: 981, lateness_median: null } },
};

/** A token without its secret. */
export const TOKEN: ExampleObject = {
  ...{ id: OTHER_ID, createdAt: BEGIN, lastUsedAt: null },
  ...OPERATIONS.createToken.bodyExample,
};

/** One change, as the audit keeps it. */
export const AUDIT_ENTRY: ExampleObject = {
  ...{ id: 4_711, at: DUE, actor: 'anna', action: 'change', kind: 'host' },
  ...{ objectId: ID, name: HOST['name'] },
  ...{ before: { maintenance: false }, after: { maintenance: true } },
};

/** One event. */
export const EVENT: ExampleObject = {
  ...{ type: 'stateChange', at: DUE, host: CHECK['host'], plugin: CHECK['plugin'] },
  ...{ from: 'ok', to: 'warning', stateType: 'soft', attempt: 1, maxCheckAttempts: 3 },
  ...{ cause: 'change', output: RUN.output },
};
