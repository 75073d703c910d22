/**
 * The kinds of things that commands are about. list, get, add, edit and delete are generic over this
 * table: a field that is added to an object gets a line here, and nothing else.
 */

import type { HostInput, HostJson } from '../contract/hosts.ts';
import type { PluginInput, PluginJson } from '../contract/plugins.ts';
import type { SubnetInput, SubnetJson } from '../contract/subnets.ts';
import type { SuiteInput, SuiteJson } from '../contract/suites.ts';
import { BUILTIN_NAMES } from '../model/builtins.ts';
import { HOST_STATES } from '../model/host-state.ts';
import {
  CHECK_CONTROL_OPTIONS,
  EVENT_HANDLER_OPTION,
  EVENT_HANDLER_PERIOD_OPTION,
} from './check-control-options.ts';
import { DEPENDENCY } from './dependency-kind.ts';
import {
  LABEL_FILTER,
  SEARCH_FILTER,
  SUBNET_FILTER,
  SUITE_FILTER,
  ZONE_FILTER,
} from './filters.ts';
import { defineKind, type Kind } from './kind.ts';
import {
  DESCRIPTION_OPTION,
  FLAPPING_OPTIONS,
  ID,
  MAX_ATTEMPTS_OPTION,
  NAME,
  NAME_OPTION,
  RETRY_OPTION,
  STALKING_OPTION,
  SUITES_OPTION,
  UPDATED,
} from './kind-options.ts';
import { MAINTENANCE_KINDS } from './maintenance-kinds.ts';
import { CHANGE, CHECK, DISCOVERY, JOB, TOKEN, WORKER } from './observed-kinds.ts';
import { TIMEPERIOD } from './timeperiod-kind.ts';

const VIEW_STATES = [...HOST_STATES, 'pending'];

/** Hosts. */
export const HOST = defineKind<HostJson, HostInput>({
  name: 'host',
  plural: 'hosts',
  list: 'listHosts',
  get: 'getHost',
  changes: { create: 'createHost', change: 'changeHost', delete: 'deleteHost' },
  key: [{ parameter: 'host', field: 'name' }],
  identities: ['address', 'name'],
  isPaged: true,
  columns: [
    NAME,
    { title: 'STATE', field: 'state', format: 'state' },
    { title: 'ADDRESS', field: 'address' },
    { title: 'SUITES', field: 'suites', format: 'names', isFlexible: true },
    { title: 'SUBNET', field: 'subnet' },
    { title: 'MAINTENANCE', field: 'maintenance', format: 'onOff' },
    { title: 'ZONE', field: 'zone' },
    { title: 'SINCE', field: 'lastStateChange', format: 'ago', isWide: true },
    { title: 'PARENTS', field: 'parents', format: 'names', isFlexible: true, isWide: true },
    { title: 'HISTORY', field: 'history', format: 'onOff', isWide: true },
    { title: 'LOGIN', field: 'login', isWide: true },
    { title: 'PORT', field: 'sshPort', isWide: true },
    { title: 'LABELS', field: 'labels', format: 'entries', isFlexible: true, isWide: true },
    UPDATED,
    ID,
  ],
  filters: [
    SEARCH_FILTER,
    {
      query: 'state',
      flags: '--state <states>',
      reads: 'words',
      words: VIEW_STATES,
      help: `only in these states: ${VIEW_STATES.join(',')}`,
    },
    SUITE_FILTER,
    SUBNET_FILTER,
    LABEL_FILTER,
    ZONE_FILTER,
    {
      query: 'maintenance',
      flags: '--maintenance <on|off>',
      reads: 'onOff',
      help: 'only those in maintenance, or not',
    },
  ],
  fields: [
    {
      ...NAME_OPTION,
      help: 'its name; default: by reverse DNS, else the address',
      aliases: ['--hostname <name>'],
    },
    {
      field: 'address',
      flags: '--address <address>',
      reads: 'text',
      help: 'IPv4 or IPv6 address or DNS name; unique',
      aliases: ['--ipaddress <address>'],
    },
    SUITES_OPTION,
    { field: 'subnet', flags: '--subnet <name>', reads: 'clearable', help: 'its subnet' },
    {
      field: 'maintenance',
      flags: '--maintenance <on|off>',
      reads: 'onOff',
      help: 'whether its checks stop',
    },
    {
      field: 'history',
      flags: '--history <on|off>',
      reads: 'onOff',
      help: 'whether every single result is kept',
    },
    {
      field: 'hostCheck',
      flags: '--host-check <plugin>',
      reads: 'clearable',
      help: 'the plugin of its suites that tells whether it is up; empty: as its suites have it',
    },
    {
      field: 'parents',
      flags: '--parent <host>',
      reads: 'names',
      help: 'a host through which it is reached (repeatable)',
    },
    MAX_ATTEMPTS_OPTION,
    RETRY_OPTION,
    ...FLAPPING_OPTIONS,
    {
      ...STALKING_OPTION,
      help: 'states of its own in which a changed output is told (repeatable)',
    },
    {
      field: 'overrides',
      flags: '--override <plugin.field=value>',
      reads: 'overrides',
      help: 'a number that its check has instead of the plugin: disk.interval=5m; disk.interval- (repeatable)',
    },
    EVENT_HANDLER_OPTION,
    EVENT_HANDLER_PERIOD_OPTION,
    { field: 'zone', flags: '--zone <name>', reads: 'text', help: 'which workers run its checks' },
    {
      field: 'login',
      flags: '--login <user>',
      reads: 'text',
      help: 'account for checks through ssh',
    },
    { field: 'sshPort', flags: '--ssh-port <port>', reads: 'number', help: 'port for ssh' },
    { field: 'labels', flags: '--label <k=v>', reads: 'entries', help: 'a label (repeatable)' },
    {
      field: 'vars',
      flags: '--var <k=v>',
      reads: 'entries',
      help: 'a value for $_HOSTK$ (repeatable)',
    },
  ],
});

/** Plugins. */
export const PLUGIN = defineKind<PluginJson, PluginInput>({
  name: 'plugin',
  plural: 'plugins',
  list: 'listPlugins',
  get: 'getPlugin',
  changes: { create: 'createPlugin', change: 'changePlugin', delete: 'deletePlugin' },
  key: [{ parameter: 'plugin', field: 'name' }],
  identities: ['name'],
  isPaged: true,
  columns: [
    NAME,
    { title: 'SCRIPT', field: 'script' },
    { title: 'BUILTIN', field: 'builtin' },
    { title: 'INTERVAL', field: 'interval', format: 'seconds' },
    { title: 'SUITES', field: 'suites', format: 'names', isFlexible: true },
    { title: 'PARAMS', field: 'params', isFlexible: true },
    { title: 'TIMEOUT', field: 'timeout', format: 'seconds', isWide: true },
    { title: 'DESCRIPTION', field: 'description', isFlexible: true, isWide: true },
    UPDATED,
    ID,
  ],
  filters: [
    SEARCH_FILTER,
    SUITE_FILTER,
    { query: 'script', flags: '--script <file>', reads: 'text', help: 'only with this script' },
    {
      query: 'builtin',
      flags: '--builtin <probe>',
      reads: 'text',
      words: BUILTIN_NAMES,
      help: 'only with this probe',
    },
  ],
  fields: [
    { ...NAME_OPTION, aliases: ['--customname <name>'] },
    {
      field: 'script',
      flags: '--script <file>',
      reads: 'text',
      help: "file name in the workers' plugin folders",
      replaces: 'builtin',
    },
    {
      field: 'builtin',
      flags: '--builtin <probe>',
      reads: 'text',
      help: `built-in probe instead: ${BUILTIN_NAMES.join(', ')}`,
      words: BUILTIN_NAMES,
      replaces: 'script',
    },
    {
      field: 'ssh',
      flags: '--ssh <on|off>',
      reads: 'onOff',
      help: 'whether the script runs on the host itself, through ssh',
      aliases: ['--ssh_wrapper <on|off>'],
    },
    {
      field: 'params',
      flags: '--params <text>',
      reads: 'text',
      help: 'arguments, as a shell would split them; may hold macros',
    },
    {
      field: 'interval',
      flags: '--interval <duration>',
      reads: 'seconds',
      help: 'how often: 30s, 5m, ...',
    },
    {
      field: 'timeout',
      flags: '--timeout <duration>',
      reads: 'seconds',
      help: 'how long it may take',
    },
    RETRY_OPTION,
    MAX_ATTEMPTS_OPTION,
    {
      field: 'volatile',
      flags: '--volatile <on|off>',
      reads: 'onOff',
      help: 'whether every problem result counts as a new problem',
    },
    ...FLAPPING_OPTIONS,
    STALKING_OPTION,
    {
      field: 'hostCheck',
      flags: '--host-check <on|off>',
      reads: 'onOff',
      help: 'whether it tells if hosts of its suites are up, unless they name another',
    },
    ...CHECK_CONTROL_OPTIONS,
    SUITES_OPTION,
    DESCRIPTION_OPTION,
  ],
});

/** Suites. */
export const SUITE = defineKind<SuiteJson, SuiteInput>({
  name: 'suite',
  plural: 'suites',
  list: 'listSuites',
  get: 'getSuite',
  changes: { create: 'createSuite', change: 'changeSuite', delete: 'deleteSuite' },
  key: [{ parameter: 'suite', field: 'name' }],
  identities: ['name'],
  isPaged: true,
  columns: [
    NAME,
    { title: 'PLUGINS', field: 'plugins', format: 'names', isFlexible: true },
    { title: 'HOSTS', field: 'hosts', format: 'names', isFlexible: true },
    { title: 'SUBNETS', field: 'subnets', format: 'names', isFlexible: true },
    { title: 'DESCRIPTION', field: 'description', isFlexible: true },
    UPDATED,
    ID,
  ],
  filters: [SEARCH_FILTER],
  fields: [
    NAME_OPTION,
    {
      field: 'hosts',
      flags: '--host <name>',
      reads: 'names',
      help: 'its hosts (repeatable)',
      aliases: ['--ipaddress <name>'],
    },
    {
      field: 'plugins',
      flags: '--plugin <name>',
      reads: 'names',
      help: 'its plugins (repeatable)',
    },
    {
      field: 'subnets',
      flags: '--subnet <name>',
      reads: 'names',
      help: 'its subnets (repeatable)',
      aliases: ['--subnetname <name>'],
    },
    DESCRIPTION_OPTION,
  ],
});

/** Subnets. */
export const SUBNET = defineKind<SubnetJson, SubnetInput>({
  name: 'subnet',
  plural: 'subnets',
  list: 'listSubnets',
  get: 'getSubnet',
  changes: { create: 'createSubnet', change: 'changeSubnet', delete: 'deleteSubnet' },
  key: [{ parameter: 'subnet', field: 'name' }],
  identities: ['name'],
  isPaged: true,
  columns: [
    NAME,
    { title: 'CIDR', field: 'cidr' },
    { title: 'SUITES', field: 'suites', format: 'names', isFlexible: true },
    { title: 'DISCOVERY', field: 'autoDiscovery', format: 'onOff' },
    { title: 'INTERVAL', field: 'interval', format: 'seconds' },
    { title: 'ZONE', field: 'zone', isWide: true },
    { title: 'EXCLUDE', field: 'exclude', format: 'names', isFlexible: true, isWide: true },
    { title: 'DESCRIPTION', field: 'description', isFlexible: true, isWide: true },
    UPDATED,
    ID,
  ],
  filters: [
    SEARCH_FILTER,
    ZONE_FILTER,
    {
      query: 'autoDiscovery',
      flags: '--auto-discovery <on|off>',
      reads: 'onOff',
      help: 'only with automatic discovery, or without',
    },
  ],
  fields: [
    NAME_OPTION,
    {
      field: 'cidr',
      flags: '--cidr <network>',
      reads: 'text',
      help: '192.168.30.0/24; or give --subnet and --netmask',
    },
    {
      field: 'subnet',
      flags: '--subnet <address>',
      reads: 'text',
      help: '192.168.30.0; with --netmask',
    },
    { field: 'netmask', flags: '--netmask <mask>', reads: 'text', help: '255.255.255.0' },
    {
      field: 'exclude',
      flags: '--exclude <network>',
      reads: 'names',
      help: 'addresses to leave out (repeatable)',
    },
    { ...SUITES_OPTION, help: 'given to new hosts (repeatable)' },
    {
      field: 'autoDiscovery',
      flags: '--auto-discovery <on|off>',
      reads: 'onOff',
      help: 'whether it is searched by itself',
      aliases: ['--autodisc <on|off>'],
    },
    {
      field: 'interval',
      flags: '--interval <duration>',
      reads: 'seconds',
      help: 'how often it is searched: 30m, 1d, ...',
      aliases: ['--discint <duration>'],
    },
    {
      field: 'zone',
      flags: '--zone <name>',
      reads: 'text',
      help: 'which workers search it; its hosts are of this zone too',
    },
    DESCRIPTION_OPTION,
  ],
});

/** All kinds, in the order of help. */
export const KINDS: readonly Kind[] = [
  HOST,
  PLUGIN,
  SUITE,
  SUBNET,
  TIMEPERIOD,
  DEPENDENCY,
  CHECK,
  WORKER,
  JOB,
  DISCOVERY,
  ...MAINTENANCE_KINDS,
  TOKEN,
  CHANGE,
];
