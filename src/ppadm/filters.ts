/** Options that narrow lists of more than one kind. */

import type { FilterOption } from './kind.ts';

/** Only of a suite. */
export const SUITE_FILTER: FilterOption = {
  query: 'suite',
  flags: '--suite <name>',
  reads: 'text',
  help: 'only of this suite',
};
/** Only of a subnet. */
export const SUBNET_FILTER: FilterOption = {
  query: 'subnet',
  flags: '--subnet <name>',
  reads: 'text',
  help: 'only of this subnet',
};
/** Only of a zone. */
export const ZONE_FILTER: FilterOption = {
  query: 'zone',
  flags: '--zone <name>',
  reads: 'text',
  help: 'only of this zone',
};
/** Only with a text. */
export const SEARCH_FILTER: FilterOption = {
  query: 'q',
  flags: '-q, --search <text>',
  reads: 'text',
  help: 'only with this text in the name or address',
};
/** Only with labels. */
export const LABEL_FILTER: FilterOption = {
  query: 'label',
  flags: '--label <name=value>',
  reads: 'text',
  help: 'only of hosts with this label; several with commas between',
};

/** Of checks, by what they are made of. */
export const CHECK_FILTERS: readonly FilterOption[] = [
  { query: 'host', flags: '--host <name>', reads: 'text', help: 'only of this host' },
  { query: 'plugin', flags: '--plugin <name>', reads: 'text', help: 'only of this plugin' },
];
