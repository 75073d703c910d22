/** The configuration for people: the effective one with secrets hidden, and a commented example. */

import type { TSchema } from 'typebox';
import { stringify } from 'yaml';
import { hidePassword } from '../lib/hide-password.ts';
import { type Config, ConfigSchema, SECRET_KEYS } from './schema.ts';

/** The effective configuration as YAML; secrets are dots, URLs have no passwords. */
export function formatConfig(config: Config): string {
  const hidden = JSON.parse(JSON.stringify(config), (_key, value: unknown) =>
    typeof value === 'string' ? hidePassword(value, '......') : value,
  ) as Record<string, Record<string, unknown>>;
  for (const key of SECRET_KEYS) {
    const [section = '', name = ''] = key.split('.');
    const values = hidden[section];
    if (values && !isEmpty(values[name])) values[name] = '......';
  }
  return stringify(hidden);
}

/** A configuration file with every key, its default and its meaning, all commented out. */
export function formatExample(): string {
  const lines = [
    '# ppalette configuration. Every key is optional; the values shown are the defaults.',
  ];
  for (const [name, schema] of Object.entries(ConfigSchema.properties)) {
    lines.push('', ...formatKey(name, schema, ''));
  }
  return `${lines.join('\n')}\n`;
}

function formatKey(name: string, schema: TSchema, indent: string): string[] {
  if ('properties' in schema) {
    const keys = Object.entries(schema.properties as Record<string, TSchema>);
    const lines = keys.flatMap(([key, inner]) => formatKey(key, inner, `${indent}  `));
    return [`#${indent} ${name}:`, ...lines];
  }
  const described = schema as TSchema & { description?: string; default?: unknown };
  const value = JSON.stringify(described.default);
  return [`#${indent} # ${described.description}`, `#${indent} ${name}: ${value}`];
}

function isEmpty(value: unknown): boolean {
  return (
    value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  );
}
