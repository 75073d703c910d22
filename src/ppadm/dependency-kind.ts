/** Dependencies, as a kind of thing that commands are about. */

import type { DependencyInput, DependencyJson } from '../contract/dependencies.ts';
import { SEARCH_FILTER } from './filters.ts';
import { defineKind } from './kind.ts';

/** Dependencies. */
export const DEPENDENCY = defineKind<DependencyJson, DependencyInput>({
  name: 'dependency',
  plural: 'dependencies',
  list: 'listDependencies',
  get: 'getDependency',
  changes: {
    create: 'createDependency',
    change: 'changeDependency',
    delete: 'deleteDependency',
  },
  key: [{ parameter: 'dependency', field: 'name' }],
  identities: ['name'],
  isPaged: true,
  columns: [
    { title: 'NAME', field: 'name' },
    { title: 'HOST', field: 'host' },
    { title: 'PLUGIN', field: 'plugin' },
    { title: 'MASTER HOST', field: 'masterHost' },
    { title: 'MASTER PLUGIN', field: 'masterPlugin' },
    { title: 'KINDS', field: 'kinds', format: 'names' },
    { title: 'FAILS ON', field: 'failsOn', format: 'names' },
    { title: 'PERIOD', field: 'period' },
    { title: 'INHERITS', field: 'inheritsParent', format: 'onOff', isWide: true },
    { title: 'DESCRIPTION', field: 'description', isFlexible: true, isWide: true },
    { title: 'CHANGED', field: 'updatedAt', format: 'ago', isWide: true },
    { title: 'ID', field: 'id', isWide: true },
  ],
  filters: [SEARCH_FILTER],
  fields: [
    { field: 'name', flags: '--name <name>', reads: 'text', help: 'its name' },
    {
      field: 'host',
      flags: '--host <name>',
      reads: 'clearable',
      help: 'the dependent host; with --plugin left out or "": each host that has the plugin',
    },
    {
      field: 'plugin',
      flags: '--plugin <name>',
      reads: 'clearable',
      help: 'the dependent check; left out: the host itself',
    },
    {
      field: 'masterHost',
      flags: '--master-host <name>',
      reads: 'clearable',
      help: 'what it depends on, or its host; default: the same host',
    },
    {
      field: 'masterPlugin',
      flags: '--master-plugin <name>',
      reads: 'clearable',
      help: 'the check that the plugin depends on',
    },
    {
      field: 'kinds',
      flags: '--kind <kinds>',
      reads: 'names',
      help: 'execution, notification, parent: what is held back; default: the first two',
    },
    {
      field: 'failsOn',
      flags: '--fails-on <states>',
      reads: 'names',
      help: 'states in which the master has failed; default: critical,unknown or down,unreachable',
    },
    {
      field: 'period',
      flags: '--timeperiod <name>',
      reads: 'clearable',
      help: 'outside it the dependency does not count',
    },
    {
      field: 'inheritsParent',
      flags: '--inherits-parent <on|off>',
      reads: 'onOff',
      help: 'whether what the master depends on counts too; default: off',
    },
    { field: 'description', flags: '--description <text>', reads: 'text', help: 'text for people' },
  ],
});
