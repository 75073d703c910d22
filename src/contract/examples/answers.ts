/** An example of each success of each route, by status; statuses without content are left out. */

import type { RouteName } from '../paths.ts';
import {
  AUDIT_ENTRY,
  CHECK,
  CHECK_AVAILABILITY,
  CHECK_HISTORY,
  CHECK_SERIES,
  COMMENT,
  DEPENDENCY,
  DISCOVERY,
  DISCOVERY_SUMMARY,
  DOWNTIME,
  EVENT,
  type ExampleObject,
  HOST,
  HOST_AVAILABILITY,
  HOST_HISTORY,
  HOST_STATE,
  JOB,
  LAST_VALUES,
  PLUGIN,
  REQUESTED,
  SERIES,
  STATUS,
  SUBNET,
  SUITE,
  TIMEPERIOD,
  TOKEN,
  TRACE,
  WORKER,
} from './objects.ts';

/** Examples of one route. */
export type AnswerExamples = Readonly<Record<number, ExampleObject>>;

const page = (item: ExampleObject) => ({ items: [item], total: 1, nextCursor: null });

/** Of the six operations of a configured object; `changed` is what its example of a change makes. */
function ofObject(stored: ExampleObject, changed: ExampleObject) {
  const [{ id, name }, orphans, removedDependencies] = [stored, [], []];
  return {
    list: { 200: page(stored) },
    create: { 201: { ...stored, updatedAt: stored['createdAt'], version: 1 } },
    get: { 200: stored },
    replace: { 200: stored },
    change: { 200: { ...stored, ...changed, version: 4 } },
    delete: { 200: { id, name, removedChecks: 2, orphans, removedDependencies } },
  };
}

const host = ofObject(HOST, { maintenance: true, labels: {} });
const plugin = ofObject(PLUGIN, { interval: 60 });
const suite = ofObject(SUITE, { description: 'Everything that serves pages' });
const subnet = ofObject(SUBNET, { autoDiscovery: false });
const timeperiod = ofObject(TIMEPERIOD, {
  weekdays: { monday: '09:00-17:00', friday: '09:00-12:00' },
});
const dependency = ofObject(DEPENDENCY, {
  ...{ kinds: ['execution', 'notification'], inheritsParent: true },
});

const RUN_OF_CHECK = { 200: CHECK, 202: REQUESTED };
const RUN_OF_HOST = { 200: HOST_STATE, 202: REQUESTED };

/** All of them. */
export const ANSWERS: Readonly<Record<RouteName, AnswerExamples>> = {
  ...{ listHosts: host.list, createHost: host.create, getHost: host.get },
  ...{ replaceHost: host.replace, changeHost: host.change, deleteHost: host.delete },
  ...{ listPlugins: plugin.list, createPlugin: plugin.create, getPlugin: plugin.get },
  ...{ replacePlugin: plugin.replace, changePlugin: plugin.change, deletePlugin: plugin.delete },
  ...{ listSuites: suite.list, createSuite: suite.create, getSuite: suite.get },
  ...{ replaceSuite: suite.replace, changeSuite: suite.change, deleteSuite: suite.delete },
  ...{ listSubnets: subnet.list, createSubnet: subnet.create, getSubnet: subnet.get },
  ...{ replaceSubnet: subnet.replace, changeSubnet: subnet.change, deleteSubnet: subnet.delete },
  listTimeperiods: timeperiod.list,
  createTimeperiod: timeperiod.create,
  getTimeperiod: timeperiod.get,
  replaceTimeperiod: timeperiod.replace,
  changeTimeperiod: timeperiod.change,
  deleteTimeperiod: timeperiod.delete,
  listDependencies: dependency.list,
  createDependency: dependency.create,
  getDependency: dependency.get,
  replaceDependency: dependency.replace,
  changeDependency: dependency.change,
  deleteDependency: dependency.delete,
  applyBatch: {
    200: {
      results: [
        { status: 201, id: SUITE['id'], name: SUITE['name'] },
        { status: 201, id: HOST['id'], name: HOST['name'] },
        { status: 204, id: DISCOVERY['id'], name: 'web0' },
      ],
      ...{ removedChecks: 2, orphans: [], removedDependencies: [] },
    },
  },

  discoverSubnet: { 202: { id: DISCOVERY['id'] } },
  listDiscoveries: { 200: page(DISCOVERY_SUMMARY) },
  getDiscovery: { 200: DISCOVERY },

  listChecks: { 200: page(CHECK) },
  getCheck: { 200: CHECK },
  getCheckHistory: { 200: CHECK_HISTORY },
  getCheckAvailability: { 200: CHECK_AVAILABILITY },
  getCheckPerfdata: { 200: CHECK_SERIES },
  getCheckTrace: { 200: TRACE },
  runCheck: RUN_OF_CHECK,
  submitResult: RUN_OF_CHECK,
  submitResults: { 202: { accepted: 1 } },
  acknowledgeCheck: { 200: CHECK },
  removeAcknowledgement: {},

  getHostState: { 200: HOST_STATE },
  getHostHistory: { 200: HOST_HISTORY },
  getHostAvailability: { 200: HOST_AVAILABILITY },
  runHostCheck: RUN_OF_HOST,
  submitHostResult: RUN_OF_HOST,
  acknowledgeHost: { 200: { ...HOST_STATE, state: 'down', exitCode: 2, acknowledged: true } },
  removeHostAcknowledgement: {},

  listDowntimes: { 200: page(DOWNTIME) },
  createDowntime: { 201: DOWNTIME },
  getDowntime: { 200: DOWNTIME },
  changeDowntime: { 200: { ...DOWNTIME, end: '2026-11-23T14:00:00.000Z', length: 16_200 } },
  deleteDowntime: {},
  listComments: { 200: page(COMMENT) },
  createComment: { 201: COMMENT },
  getComment: { 200: COMMENT },
  deleteComment: {},

  getStatus: { 200: STATUS },
  listSchedule: { 200: page(JOB) },
  listWorkers: { 200: page(WORKER) },
  getWorker: { 200: WORKER },
  getTrace: { 200: TRACE },
  streamEvents: { 200: EVENT },
  getCommonStatistics: { 200: SERIES },
  getLastCommonStatistics: { 200: LAST_VALUES },
  getWorkerStatistics: { 200: { ...SERIES, values: { throughput: [12.4, 12.1, null] } } },
  getLastWorkerStatistics: { 200: { ...LAST_VALUES, values: { throughput: 12.4 } } },

  listTokens: { 200: page(TOKEN) },
  createToken: { 201: { ...TOKEN, secret: 'pp_shown-this-once' } },
  getToken: { 200: TOKEN },
  deleteToken: {},
  listAudit: { 200: page(AUDIT_ENTRY) },
};
