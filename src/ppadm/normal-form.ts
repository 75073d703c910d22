/**
 * Fields of a document -> the fields as the server will show them, so that a document which says the
 * same in other words is no change. What is wrong stays as it is: the server refuses it, and says why.
 */

import { formatCidr, parseCidr, parseIpAddress, parseNetmask } from '../lib/ip.ts';
import { DEPENDENCY_KINDS, MASTER_HOST_STATES } from '../model/dependency.ts';
import { type DocumentKind, type Fields, isMembership } from './documents.ts';

/** The normal form of a document's spec. */
export function normalizeSpec(kind: DocumentKind, spec: Fields): Fields {
  const entries = Object.entries(kind === 'subnet' ? joinNetmask(spec) : spec);
  return Object.fromEntries(
    entries.map(([field, value]) => [
      field,
      isMembership(kind, field) ? normalizeNames(value) : normalizeField(kind, field, value),
    ]),
  );
}

/** Names as the server lists them: each once, sorted. Anything else as it is. */
export function normalizeNames(value: unknown): unknown {
  return Array.isArray(value) ? [...new Set(value)].sort() : value;
}

/** Words each once, in their own order; anything else as it is. */
function normalizeOrder(value: unknown, order: readonly string[]): unknown {
  if (!Array.isArray(value) || !value.every((word) => order.includes(word))) return value;
  return order.filter((word) => value.includes(word));
}

/** Of checks, or of hosts: the same order as the server's of either. */
const MASTER_STATES = [...new Set(['ok', 'warning', 'critical', 'unknown', ...MASTER_HOST_STATES])];

const FIELDS: Readonly<Record<string, (value: unknown) => unknown>> = {
  'host parents': normalizeNames,
  'host retryInterval': roundToMs,
  'host address': (value) => mapText(value, (text) => parseIpAddress(text) ?? text.toLowerCase()),
  'subnet cidr': (value) => mapText(value, normalizeCidr),
  'subnet exclude': (value) =>
    Array.isArray(value) ? value.map((each) => mapText(each, normalizeExclude)) : value,
  'subnet interval': roundToMs,
  'timeperiod exclude': normalizeNames,
  'dependency kinds': (value) => normalizeOrder(value, DEPENDENCY_KINDS),
  'dependency failsOn': (value) => normalizeOrder(value, MASTER_STATES),
  'plugin interval': roundToMs,
  'plugin timeout': roundToMs,
  'plugin freshness': roundToMs,
};

function normalizeField(kind: DocumentKind, field: string, value: unknown): unknown {
  return FIELDS[`${kind} ${field}`]?.(value) ?? value;
}

/** `subnet` and `netmask`, which only clients send, as `cidr`. */
function joinNetmask(spec: Fields): Fields {
  const { subnet, netmask, ...rest } = spec;
  const length = typeof netmask === 'string' ? parseNetmask(netmask) : undefined;
  return typeof subnet === 'string' && length !== undefined
    ? { ...rest, cidr: `${subnet}/${length}` }
    : spec;
}

function normalizeCidr(text: string): string {
  const network = parseCidr(text);
  return network ? formatCidr(network) : text;
}

function normalizeExclude(text: string): string {
  return normalizeCidr(text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`);
}

function roundToMs(value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value;
}

function mapText(value: unknown, change: (text: string) => string): unknown {
  return typeof value === 'string' ? change(value) : value;
}
