/** A client's input -> the same, if it fits the schema; else every wrong field, in words. */

import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import { InvalidInput } from '../../model/errors.ts';

/** Fields that one answer names. */
const MAX_NAMED = 100;
/** Each alternative of a field is one for the library, which else stops at the eighth. */
const MAX_ERRORS = 1_000;

/** What the library says of one mismatch. */
interface Mismatch {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: unknown;
}

interface WrongField {
  readonly path: string;
  readonly message: string;
}

/** A function that returns the value if it fits the schema; throws `InvalidInput` otherwise. */
export function createValidator(schema: TSchema | undefined, isQuery: boolean) {
  if (schema === undefined) return (value: unknown) => value;
  const validator = Compile(schema);
  return (value: unknown): unknown => {
    if (value === undefined && !isQuery) {
      throw new InvalidInput([{ path: '', message: 'a JSON body is needed' }], true);
    }
    if (validator.Check(value)) return value;
    Settings.Set({ maxErrors: MAX_ERRORS });
    const fields = describeMismatches(schema, validator.Errors(value));
    throw new InvalidInput(fields.slice(0, MAX_NAMED), isQuery);
  };
}

function describeMismatches(schema: TSchema, mismatches: readonly Mismatch[]): WrongField[] {
  const left = dropOtherAlternatives(mismatches);
  return left.flatMap((one) => describe(schema, one));
}

/**
 * Of a field that may be one of several things: one mismatch when the field itself is none of them, else
 * those of its parts in the alternative that it comes nearest to.
 */
function dropOtherAlternatives(mismatches: readonly Mismatch[]): readonly Mismatch[] {
  let left = mismatches;
  for (const union of mismatches.filter(({ keyword }) => keyword === 'anyOf')) {
    const prefix = `${union.schemaPath}/anyOf/`;
    const alternatives = new Map<string, Mismatch[]>();
    for (const one of left) {
      const isOfUnion =
        one.schemaPath.startsWith(prefix) && isWithin(one.instancePath, union.instancePath);
      if (!isOfUnion) continue;
      const [index = ''] = one.schemaPath.slice(prefix.length).split('/');
      alternatives.set(index, [...(alternatives.get(index) ?? []), one]);
    }
    const ofParts = [...alternatives.values()].filter((ones) =>
      ones.every((one) => one.instancePath !== union.instancePath || OF_PARTS.has(one.keyword)),
    );
    const [nearest = []] = ofParts.sort((a, b) => distanceOf(a) - distanceOf(b));
    const dropped = new Set([...alternatives.values()].flat());
    for (const one of nearest) dropped.delete(one);
    if (nearest.length > 0) dropped.add(union);
    left = left.filter((one) => !dropped.has(one));
  }
  return left;
}

/** What is said of an object, and is about its fields. */
const OF_PARTS = new Set(['required', 'additionalProperties', 'boolean']);

/** Fields that are wrong; one with a wrong word tells more of an object that was not meant. */
function distanceOf(mismatches: readonly Mismatch[]): number {
  const words = mismatches.filter(({ keyword }) => keyword === 'const').length;
  const paths = new Set(
    mismatches.map(({ instancePath, keyword }) =>
      OF_PARTS.has(keyword) ? `${instancePath} ${keyword}` : instancePath,
    ),
  );
  return paths.size + (words > 0 ? 0.5 : 0);
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}/`);
}

function describe(schema: TSchema, mismatch: Mismatch): WrongField[] {
  const { instancePath, keyword, message } = mismatch;
  const params = mismatch.params as {
    readonly additionalProperties?: readonly string[];
    readonly requiredProperties?: readonly string[];
  };
  const each = (names: readonly string[], words: string) =>
    names.map((name) => ({ path: `${instancePath}/${name}`, message: words }));
  if (params.additionalProperties) return each(params.additionalProperties, 'is not a known field');
  if (params.requiredProperties) return each(params.requiredProperties, 'is required');
  // What a closed object says of a field that it does not know, beside naming it.
  if (keyword === 'boolean') return [];
  const part = findPart(schema, mismatch.schemaPath);
  return [{ path: instancePath || '/', message: sayExpected(keyword, part) ?? message }];
}

/** The part of a schema that a path names; undefined when a name in it cannot be told from the path. */
function findPart(schema: TSchema, schemaPath: string): Record<string, unknown> | undefined {
  let part: unknown = schema;
  for (const name of schemaPath.split('/').slice(1)) {
    if (typeof part !== 'object' || part === null) return undefined;
    part = (part as Record<string, unknown>)[name];
  }
  return typeof part === 'object' && part !== null ? (part as Record<string, unknown>) : undefined;
}

/** `^(a|b)(,(a|b))*$`: some of these words. */
const WORDS = /^\^\(([\w|]+)\)\(,\(\1\)\)\*\$$/;

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  null: 'null',
};

/** What a field must be; undefined where the library says it well. */
function sayExpected(
  keyword: string,
  part: Readonly<Record<string, unknown>> | undefined,
): string | undefined {
  if (part === undefined) return undefined;
  const { pattern, description, anyOf } = part;
  if (keyword === 'pattern') {
    const [, words] = WORDS.exec(String(pattern)) ?? [];
    if (words !== undefined) {
      return `must be of ${words.split('|').join(', ')}, with commas between`;
    }
    return typeof description === 'string' ? `does not fit: ${description}` : undefined;
  }
  if (keyword === 'type' || keyword === 'const') return `must be ${sayAlternative(part)}`;
  if (keyword === 'anyOf' && Array.isArray(anyOf)) {
    const alternatives = anyOf.map((one) => sayAlternative(one as Record<string, unknown>));
    return `must be ${alternatives.length > 2 ? 'one of ' : ''}${joinWords(alternatives)}`;
  }
  return undefined;
}

function sayAlternative({ const: constant, type }: Readonly<Record<string, unknown>>): string {
  if (constant !== undefined) return String(constant);
  return TYPES[String(type)] ?? 'something else';
}

function joinWords(words: readonly string[]): string {
  return words.length > 2 ? words.join(', ') : words.join(' or ');
}
