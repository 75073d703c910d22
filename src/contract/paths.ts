/** Every route of the API as plain data: all that the command line loads of the contract. */

/** Where versioned routes begin. */
export const API_PREFIX = '/api/v1';

/** Method and path below the prefix; `{name}` is a parameter. */
export const ROUTES = {
  listHosts: { method: 'GET', path: '/hosts' },
  createHost: { method: 'POST', path: '/hosts' },
  getHost: { method: 'GET', path: '/hosts/{host}' },
  replaceHost: { method: 'PUT', path: '/hosts/{host}' },
  changeHost: { method: 'PATCH', path: '/hosts/{host}' },
  deleteHost: { method: 'DELETE', path: '/hosts/{host}' },

  getHostState: { method: 'GET', path: '/hosts/{host}/state' },
  getHostHistory: { method: 'GET', path: '/hosts/{host}/history' },
  getHostAvailability: { method: 'GET', path: '/hosts/{host}/availability' },
  runHostCheck: { method: 'POST', path: '/hosts/{host}/run' },
  submitHostResult: { method: 'POST', path: '/hosts/{host}/results' },
  acknowledgeHost: { method: 'PUT', path: '/hosts/{host}/acknowledgement' },
  removeHostAcknowledgement: { method: 'DELETE', path: '/hosts/{host}/acknowledgement' },

  listPlugins: { method: 'GET', path: '/plugins' },
  createPlugin: { method: 'POST', path: '/plugins' },
  getPlugin: { method: 'GET', path: '/plugins/{plugin}' },
  replacePlugin: { method: 'PUT', path: '/plugins/{plugin}' },
  changePlugin: { method: 'PATCH', path: '/plugins/{plugin}' },
  deletePlugin: { method: 'DELETE', path: '/plugins/{plugin}' },

  listSuites: { method: 'GET', path: '/suites' },
  createSuite: { method: 'POST', path: '/suites' },
  getSuite: { method: 'GET', path: '/suites/{suite}' },
  replaceSuite: { method: 'PUT', path: '/suites/{suite}' },
  changeSuite: { method: 'PATCH', path: '/suites/{suite}' },
  deleteSuite: { method: 'DELETE', path: '/suites/{suite}' },

  listSubnets: { method: 'GET', path: '/subnets' },
  createSubnet: { method: 'POST', path: '/subnets' },
  getSubnet: { method: 'GET', path: '/subnets/{subnet}' },
  replaceSubnet: { method: 'PUT', path: '/subnets/{subnet}' },
  changeSubnet: { method: 'PATCH', path: '/subnets/{subnet}' },
  deleteSubnet: { method: 'DELETE', path: '/subnets/{subnet}' },

  listTimeperiods: { method: 'GET', path: '/timeperiods' },
  createTimeperiod: { method: 'POST', path: '/timeperiods' },
  getTimeperiod: { method: 'GET', path: '/timeperiods/{timeperiod}' },
  replaceTimeperiod: { method: 'PUT', path: '/timeperiods/{timeperiod}' },
  changeTimeperiod: { method: 'PATCH', path: '/timeperiods/{timeperiod}' },
  deleteTimeperiod: { method: 'DELETE', path: '/timeperiods/{timeperiod}' },

  listDependencies: { method: 'GET', path: '/dependencies' },
  createDependency: { method: 'POST', path: '/dependencies' },
  getDependency: { method: 'GET', path: '/dependencies/{dependency}' },
  replaceDependency: { method: 'PUT', path: '/dependencies/{dependency}' },
  changeDependency: { method: 'PATCH', path: '/dependencies/{dependency}' },
  deleteDependency: { method: 'DELETE', path: '/dependencies/{dependency}' },

  discoverSubnet: { method: 'POST', path: '/subnets/{subnet}/discover' },
  listDiscoveries: { method: 'GET', path: '/discoveries' },
  getDiscovery: { method: 'GET', path: '/discoveries/{discovery}' },

  applyBatch: { method: 'POST', path: '/batch' },

  listChecks: { method: 'GET', path: '/checks' },
  getCheck: { method: 'GET', path: '/checks/{host}/{plugin}' },
  getCheckHistory: { method: 'GET', path: '/checks/{host}/{plugin}/history' },
  getCheckAvailability: { method: 'GET', path: '/checks/{host}/{plugin}/availability' },
  getCheckPerfdata: { method: 'GET', path: '/checks/{host}/{plugin}/perfdata' },
  getCheckTrace: { method: 'GET', path: '/checks/{host}/{plugin}/trace' },
  runCheck: { method: 'POST', path: '/checks/{host}/{plugin}/run' },
  submitResult: { method: 'POST', path: '/checks/{host}/{plugin}/results' },
  acknowledgeCheck: { method: 'PUT', path: '/checks/{host}/{plugin}/acknowledgement' },
  removeAcknowledgement: { method: 'DELETE', path: '/checks/{host}/{plugin}/acknowledgement' },
  submitResults: { method: 'POST', path: '/results' },

  listDowntimes: { method: 'GET', path: '/downtimes' },
  createDowntime: { method: 'POST', path: '/downtimes' },
  getDowntime: { method: 'GET', path: '/downtimes/{downtime}' },
  changeDowntime: { method: 'PATCH', path: '/downtimes/{downtime}' },
  deleteDowntime: { method: 'DELETE', path: '/downtimes/{downtime}' },

  listComments: { method: 'GET', path: '/comments' },
  createComment: { method: 'POST', path: '/comments' },
  getComment: { method: 'GET', path: '/comments/{comment}' },
  deleteComment: { method: 'DELETE', path: '/comments/{comment}' },

  getStatus: { method: 'GET', path: '/status' },
  listSchedule: { method: 'GET', path: '/schedule' },
  listWorkers: { method: 'GET', path: '/workers' },
  getWorker: { method: 'GET', path: '/workers/{worker}' },
  getTrace: { method: 'GET', path: '/traces/{trace}' },
  streamEvents: { method: 'GET', path: '/events' },

  getCommonStatistics: { method: 'GET', path: '/stats/common' },
  getLastCommonStatistics: { method: 'GET', path: '/stats/common/last' },
  getWorkerStatistics: { method: 'GET', path: '/stats/workers/{worker}' },
  getLastWorkerStatistics: { method: 'GET', path: '/stats/workers/{worker}/last' },

  listTokens: { method: 'GET', path: '/tokens' },
  createToken: { method: 'POST', path: '/tokens' },
  getToken: { method: 'GET', path: '/tokens/{token}' },
  deleteToken: { method: 'DELETE', path: '/tokens/{token}' },
  listAudit: { method: 'GET', path: '/audit' },
} as const;

/** A route's name. */
export type RouteName = keyof typeof ROUTES;
