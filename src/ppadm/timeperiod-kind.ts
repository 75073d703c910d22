/** Time periods, as a kind of thing that commands are about. */

import type { TimeperiodInput, TimeperiodJson } from '../contract/timeperiods.ts';
import { SEARCH_FILTER } from './filters.ts';
import { defineKind } from './kind.ts';

/** Time periods. */
export const TIMEPERIOD = defineKind<TimeperiodJson, TimeperiodInput>({
  name: 'timeperiod',
  plural: 'timeperiods',
  list: 'listTimeperiods',
  get: 'getTimeperiod',
  changes: {
    create: 'createTimeperiod',
    change: 'changeTimeperiod',
    delete: 'deleteTimeperiod',
  },
  key: [{ parameter: 'timeperiod', field: 'name' }],
  identities: ['name'],
  isPaged: true,
  columns: [
    { title: 'NAME', field: 'name' },
    { title: 'INSIDE', field: 'inside', format: 'onOff' },
    { title: 'ZONE', field: 'timeZone' },
    { title: 'WEEKDAYS', field: 'weekdays', format: 'entries', isFlexible: true },
    { title: 'EXCEPTIONS', field: 'exceptions', format: 'entries', isFlexible: true },
    { title: 'EXCLUDE', field: 'exclude', format: 'names', isFlexible: true },
    { title: 'DESCRIPTION', field: 'description', isFlexible: true, isWide: true },
    { title: 'CHANGED', field: 'updatedAt', format: 'ago', isWide: true },
    { title: 'ID', field: 'id', isWide: true },
  ],
  filters: [SEARCH_FILTER],
  fields: [
    { field: 'name', flags: '--name <name>', reads: 'text', help: 'its name' },
    {
      field: 'timeZone',
      flags: '--time-zone <zone>',
      reads: 'text',
      help: 'by whose clocks, as Europe/Berlin; default: UTC',
    },
    {
      field: 'weekdays',
      flags: '--weekday <day=times>',
      reads: 'entries',
      help: 'monday=09:00-12:00,13:00-17:00 (repeatable); monday- takes it out',
    },
    {
      field: 'exceptions',
      flags: '--exception <days=times>',
      reads: 'entries',
      help: "'december 24 - 26=00:00-00:00' (repeatable); replaces the times of the weekdays",
    },
    {
      field: 'exclude',
      flags: '--exclude <name>',
      reads: 'names',
      help: 'periods that are taken out of it (repeatable)',
    },
    { field: 'description', flags: '--description <text>', reads: 'text', help: 'text for people' },
  ],
});
