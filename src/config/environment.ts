/**
 * Configuration keys from the environment: `PPALETTE_<SECTION>__<KEY>`, secrets also `..._FILE`. A key
 * that holds names of its own may be set as a whole, as JSON, or name by name:
 * `PPALETTE_VIOLET__MACROS__USER3_FILE`.
 */

import { readFile } from 'node:fs/promises';
import type { TSchema } from 'typebox';
import { ConfigError } from '../model/errors.ts';

/** One key set by the environment. */
export interface EnvironmentOverride {
  readonly path: readonly string[];
  readonly value: unknown;
  /** The variable's name, for error messages. */
  readonly variable: string;
}

const PREFIX = 'PPALETTE_';

/** Every override in the environment. Throws `ConfigError` for a variable that names no key. */
export async function environmentOverrides(
  environment: Readonly<Record<string, string | undefined>>,
  schema: TSchema,
): Promise<EnvironmentOverride[]> {
  const overrides: EnvironmentOverride[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || text === undefined) continue;
    const isTopLevel = variable === 'PPALETTE_DATA';
    if (!variable.includes('__') && !isTopLevel) continue;
    const parts = variable.slice(PREFIX.length).split('__');
    const direct = findKey(schema, parts);
    if (direct) {
      overrides.push({ path: direct.path, value: readValue(direct.schema, text), variable });
      continue;
    }
    const fromFile = variable.endsWith('_FILE')
      ? findKey(schema, variable.slice(PREFIX.length, -'_FILE'.length).split('__'))
      : undefined;
    if (!fromFile) {
      throw new ConfigError(
        `${variable}: there is no such configuration key; "ppalette config example" lists them`,
      );
    }
    const content = await readSecret(variable, text);
    overrides.push({ path: fromFile.path, value: readValue(fromFile.schema, content), variable });
  }
  return overrides;
}

async function readSecret(variable: string, file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    throw new ConfigError(`${variable}: cannot read ${file}: ${String(error)}`);
  }
}

function findKey(
  schema: TSchema,
  parts: readonly string[],
): { path: string[]; schema: TSchema } | undefined {
  let current = schema;
  const path: string[] = [];
  for (const [index, part] of parts.entries()) {
    if ('patternProperties' in current) {
      return findOwnName(current, path, parts.slice(index).join('__'));
    }
    if (!('properties' in current)) return undefined;
    const properties = current.properties as Record<string, TSchema>;
    const name = Object.keys(properties).find((key) => squash(key) === squash(part));
    const next = name === undefined ? undefined : properties[name];
    if (name === undefined || next === undefined) return undefined;
    path.push(name);
    current = next;
  }
  return 'properties' in current ? undefined : { path, schema: current };
}

/** A name that the operator chose, as it is written. */
function findOwnName(
  schema: TSchema,
  path: readonly string[],
  name: string,
): { path: string[]; schema: TSchema } | undefined {
  const patterns = (schema as { patternProperties?: Record<string, TSchema> }).patternProperties;
  for (const [pattern, inner] of Object.entries(patterns ?? {})) {
    if (new RegExp(pattern).test(name)) return { path: [...path, name], schema: inner };
  }
  return undefined;
}

/** `heartbeatInterval`, `HEARTBEATINTERVAL` and `HEARTBEAT_INTERVAL` are one key. */
function squash(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

/** Between addresses only before the next one: a password may hold a comma. */
const BETWEEN_ADDRESSES = /,(?=\s*\w+:\/\/)/;

function readValue(schema: TSchema, text: string): unknown {
  if ('anyOf' in schema) {
    // A number or a list where the text is one, else the text.
    const forms = (schema.anyOf as TSchema[]).map((form) => readValue(form, text));
    const isOther = (value: unknown) =>
      Array.isArray(value) ? value.length > 1 : typeof value === 'number' && !Number.isNaN(value);
    return forms.find(isOther) ?? text;
  }
  const type = 'type' in schema ? schema.type : undefined;
  if (type === 'number' || type === 'integer') return text.trim() === '' ? text : Number(text);
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (type === 'array') {
    const items = 'items' in schema ? (schema.items as TSchema) : schema;
    const separator = text.includes('://') ? BETWEEN_ADDRESSES : ',';
    return text.split(separator).map((item) => readValue(items, item.trim()));
  }
  if (type === 'object') {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return text;
}
