/** The kinds of what people plan and note. */

import type { CommentJson } from '../contract/comments.ts';
import type { DowntimeJson } from '../contract/downtimes.ts';
import { CHECK_FILTERS, SUITE_FILTER } from './filters.ts';
import { defineKind, type Kind } from './kind.ts';

/** Downtimes. */
export const DOWNTIME = defineKind<DowntimeJson>({
  name: 'downtime',
  plural: 'downtimes',
  list: 'listDowntimes',
  get: 'getDowntime',
  changes: undefined,
  key: [{ parameter: 'downtime', field: 'id' }],
  identities: [],
  isPaged: true,
  columns: [
    { title: 'ID', field: 'id' },
    { title: 'STATE', field: 'state' },
    { title: 'HOST', field: 'host' },
    { title: 'PLUGIN', field: 'plugin' },
    { title: 'SUITE', field: 'suite', isWide: true },
    { title: 'SUBNET', field: 'subnet', isWide: true },
    { title: 'LABELS', field: 'labels', isWide: true },
    { title: 'CHILDREN', field: 'children', isWide: true },
    { title: 'TRIGGERED BY', field: 'triggeredBy', isWide: true },
    { title: 'START', field: 'start', format: 'until' },
    { title: 'LASTS', field: 'length', format: 'took' },
    { title: 'CHECKS', field: 'checks' },
    { title: 'AUTHOR', field: 'author' },
    { title: 'COMMENT', field: 'comment', isFlexible: true },
  ],
  filters: [
    {
      query: 'state',
      flags: '--state <state>',
      reads: 'text',
      help: 'open (neither over nor cancelled), active, over or cancelled',
    },
    ...CHECK_FILTERS,
    SUITE_FILTER,
  ],
  fields: [],
});

/** Comments. */
export const COMMENT = defineKind<CommentJson>({
  name: 'comment',
  plural: 'comments',
  list: 'listComments',
  get: 'getComment',
  changes: undefined,
  key: [{ parameter: 'comment', field: 'id' }],
  identities: [],
  isPaged: true,
  columns: [
    { title: 'ID', field: 'id' },
    { title: 'HOST', field: 'host' },
    { title: 'PLUGIN', field: 'plugin' },
    { title: 'KIND', field: 'kind' },
    { title: 'AUTHOR', field: 'author' },
    { title: 'CREATED', field: 'createdAt', format: 'ago' },
    { title: 'TEXT', field: 'text', isFlexible: true },
  ],
  filters: [
    ...CHECK_FILTERS,
    {
      query: 'kind',
      flags: '--kind <kind>',
      reads: 'text',
      help: 'user, acknowledgement, downtime or flapping',
    },
  ],
  fields: [],
});

/** All of them, in the order of help. */
export const MAINTENANCE_KINDS: readonly Kind[] = [DOWNTIME, COMMENT];
