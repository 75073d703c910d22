/** From what the operator wrote (file, environment, flags) to a complete, valid configuration. */

import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { parse as parseToml, TomlError } from 'smol-toml';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { type Document, isMap, LineCounter, parseDocument } from 'yaml';
import { ConfigError } from '../model/errors.ts';
import { environmentOverrides } from './environment.ts';
import { type Config, ConfigSchema } from './schema.ts';

/** Plain values by section and key, before validation. */
export type RawConfig = Record<string, unknown>;

/** Where to look, and what wins over the file. */
export interface ConfigSources {
  /** From `--config`; must exist. */
  readonly file?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** From command line flags, as `section.key`; wins over everything. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

/** A loaded configuration and where it came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** Null when there is no file. */
  readonly file: string | null;
}

/** Finds, reads and validates. Throws `ConfigError` that names file, line and key. */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const { file, text } = await findFile(sources);
  const parsed = file === null ? emptyFile() : parseFile(file, text);
  const raw: RawConfig = structuredClone(parsed.values);
  const origins = new Map<string, string>();
  for (const override of await environmentOverrides(sources.environment, ConfigSchema)) {
    setPath(raw, override.path, override.value);
    origins.set(override.path.join('.'), override.variable);
  }
  for (const [key, value] of Object.entries(sources.flags ?? {})) {
    if (value === undefined) continue;
    setPath(raw, key.split('.'), value);
    origins.set(key, `option --${key.split('.').at(-1)}`);
  }
  const complete = applyDefaults(ConfigSchema, raw);
  validate(complete, (path) => origins.get(path.join('.')) ?? parsed.locate(path));
  return { config: resolvePaths(complete as Config), file };
}

async function findFile(sources: ConfigSources): Promise<{ file: string | null; text: string }> {
  const named = sources.file ?? sources.environment['PPALETTE_CONFIG'];
  const candidates = named ? [named] : ['./ppalette.yaml', '/etc/ppalette/ppalette.yaml'];
  for (const candidate of candidates) {
    try {
      return { file: candidate, text: await readFile(candidate, 'utf8') };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      if (code === 'ENOENT' && !named) continue;
      const reason = code === 'ENOENT' ? 'there is no such file' : String(error);
      throw new ConfigError(
        `Cannot read the configuration ${candidate}: ${reason}. "ppalette config example" prints one to start from.`,
      );
    }
  }
  return { file: null, text: '' };
}

/** A file's values, and where in it a key stands. */
interface ParsedFile {
  readonly values: RawConfig;
  readonly locate: (path: readonly string[]) => string;
}

function emptyFile(): ParsedFile {
  return { values: {}, locate: () => 'configuration' };
}

function parseFile(file: string, text: string): ParsedFile {
  if (extname(file) === '.toml') return parseTomlFile(file, text);
  // JSON is YAML, so one parser gives positions for both.
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, maxAliasCount: 0 } as never);
  const [problem] = document.errors;
  if (problem) {
    const line = problem.linePos?.[0].line ?? 1;
    throw new ConfigError(`${file}:${line}: ${problem.message.split('\n')[0]}`);
  }
  const values: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
  if (typeof values !== 'object' || Array.isArray(values)) {
    throw new ConfigError(`${file}:1: the file must hold sections, like "log:" with keys below it`);
  }
  return {
    values: values as RawConfig,
    locate: (path) => `${file}:${findLine(document, lines, path)}`,
  };
}

/** The line of the deepest part of the path that is there. */
function findLine(document: Document, lines: LineCounter, path: readonly string[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of path) {
    if (!isMap(node)) break;
    const pair = node.items.find((item) => String(item.key) === key);
    if (!pair) break;
    const keyNode: unknown = pair.key;
    if (typeof keyNode === 'object' && keyNode !== null && 'range' in keyNode) {
      offset = (keyNode.range as number[] | undefined)?.[0] ?? offset;
    }
    node = pair.value;
  }
  return lines.linePos(offset).line;
}

function parseTomlFile(file: string, text: string): ParsedFile {
  try {
    const lineOf = (path: readonly string[]) => {
      const key = path.at(-1) ?? '';
      const index = text.split('\n').findIndex((line) => line.trimStart().startsWith(key));
      return Math.max(index + 1, 1);
    };
    return { values: parseToml(text), locate: (path) => `${file}:${lineOf(path)}` };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new ConfigError(`${file}:${error.line}: ${error.message.split('\n')[0]}`);
  }
}

function setPath(raw: RawConfig, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    raw[key] = value;
    return;
  }
  const section = raw[key];
  const inner: RawConfig =
    typeof section === 'object' && section !== null ? (section as RawConfig) : {};
  raw[key] = inner;
  setPath(inner, rest, value);
}

/** The value with defaults put where nothing was written. */
function applyDefaults(schema: TSchema, value: unknown): unknown {
  if (value === undefined && 'default' in schema) return structuredClone(schema.default);
  if (!('properties' in schema)) return value;
  if (value !== undefined && (typeof value !== 'object' || value === null)) return value;
  const properties = schema.properties as Record<string, TSchema>;
  const complete: RawConfig = { ...(value as RawConfig | undefined) };
  for (const [name, property] of Object.entries(properties)) {
    complete[name] = applyDefaults(property, complete[name]);
  }
  return complete;
}

function validate(values: unknown, locate: (path: readonly string[]) => string): void {
  const validator = Compile(ConfigSchema);
  if (validator.Check(values)) return;
  const lines = validator.Errors(values).flatMap((error) => {
    const path = error.instancePath.split('/').slice(1);
    // What a closed section says of a key that it does not know, beside naming it.
    if (error.keyword === 'boolean') return [];
    const params = error.params as { additionalProperties?: readonly string[] };
    if (params.additionalProperties) {
      const unknown = params.additionalProperties.map((key) => [...path, key]);
      return unknown.map((full) => `${locate(full)}: unknown key ${full.join('.')}`);
    }
    return [`${locate(path)}: ${path.join('.') || 'configuration'} ${error.message}`];
  });
  throw new ConfigError([...new Set(lines)].slice(0, 10).join('\n'));
}

/** Puts the data folder where `DATA` stands, and makes folders absolute. */
function resolvePaths(config: Config): Config {
  const data = resolve(config.data);
  const expand = (text: string) => text.replace(/^(sqlite:)?DATA(?=\/|$)/, `$1${data}`);
  return {
    ...config,
    data,
    database: { ...config.database, url: expand(config.database.url) },
    rrd: { ...config.rrd, dir: resolve(expand(config.rrd.dir)) },
    violet: {
      ...config.violet,
      pluginPaths: config.violet.pluginPaths.map((path) => resolve(expand(path))),
      macroFiles: Object.fromEntries(
        Object.entries(config.violet.macroFiles).map(([name, path]) => {
          return [name, resolve(expand(path))];
        }),
      ),
      ssh: {
        ...config.violet.ssh,
        keys: config.violet.ssh.keys.map((path) => resolve(expand(path))),
        knownHosts: config.violet.ssh.knownHosts.map((path) => resolve(expand(path))),
        agent: config.violet.ssh.agent === '' ? '' : resolve(expand(config.violet.ssh.agent)),
      },
    },
  };
}
