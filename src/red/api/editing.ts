/**
 * Changing configured objects, one or many: from a client's input to rows and the audit, inside one
 * change of the configuration. The routes of single objects and the batch share it.
 */

import { randomUUID } from 'node:crypto';
import type { TObject } from 'typebox';
import type { Sql } from '../../database/database.ts';
import { recordChange } from '../../database/queries/audit.ts';
import type { Change } from '../../database/queries/configuration.ts';
import type { ObjectQueries } from '../../database/queries/objects.ts';
import { formatInstant } from '../../lib/instant.ts';
import { Conflict, InvalidInput, NotFound } from '../../model/errors.ts';
import type { Stored } from '../../model/objects.ts';
import { isSameSpec } from './same-spec.ts';
import { createValidator } from './validation.ts';

/** What the kinds of objects differ in. */
export interface ObjectKindRules<Spec, Input> {
  readonly queries: ObjectQueries<Spec>;
  readonly input: TObject;
  /** Lists of other objects: neither their order nor a repetition is kept. */
  readonly memberships?: readonly string[];
  /** The spec as the API shows it. */
  toJson(spec: Spec): Record<string, unknown>;
  /** Fills in defaults. Throws `InvalidInput`. May look things up outside the database. */
  toSpec(input: Input): Promise<Spec>;
  /** Throws `Conflict` when `spec` collides with another object than `id`. */
  refuseCollision(sql: Sql, spec: Spec, id: string | null): Promise<void>;
  /** Fills in defaults that depend on other objects; `given`: the fields that the client sent. */
  complete?(sql: Sql, spec: Spec, given: ReadonlySet<string>): Promise<Spec>;
  /** Looks at all objects of the kind once one was written. Throws `InvalidInput`. */
  refuseOutcome?(sql: Sql, spec: Spec): Promise<void>;
  /** Throws `Conflict` when the object is needed. */
  refuseDeletion?(sql: Sql, stored: Stored<Spec>): Promise<void>;
  /** What is shown beside the spec and nobody configures; by the objects' ids. */
  readonly observed?: {
    readonly fields: readonly string[];
    read(sql: Sql, ids: readonly string[]): Promise<ReadonlyMap<string, object>>;
  };
}

/** A spec as far as it can be told without the database. */
export interface Draft<Spec = unknown> {
  readonly spec: Spec;
  readonly given: ReadonlySet<string>;
}

/** An object as the API shows it. */
export type ObjectJson = Record<string, unknown> & { readonly id: string; readonly name: string };

/** Everything that can be done with objects of one kind; specs stay inside. */
export interface Editor<Spec = unknown> {
  readonly kind: string;
  readonly queries: ObjectQueries<Spec>;
  /** The whole spec of a body. Throws `InvalidInput`. */
  readDraft(body: unknown): Promise<Draft<Spec>>;
  /** The spec after a merge patch (RFC 7396). Throws `InvalidInput`. */
  mergeDraft(before: Stored<Spec>, patch: unknown): Promise<Draft<Spec>>;
  /** Throws `NotFound`. */
  get(sql: Sql, reference: string): Promise<Stored<Spec>>;
  /** As configured; so it stands in the audit. */
  toJson(stored: Stored<Spec>): ObjectJson;
  /** The same with what is observed of them. */
  show(sql: Sql, stored: readonly Stored<Spec>[]): Promise<ObjectJson[]>;
  /** Throws `Conflict`, and `InvalidInput` for names that are not there; so does `update`. */
  create(change: Change, draft: Draft<Spec>): Promise<Stored<Spec>>;
  /** Resolves to `before` itself when that is what is wanted: then nothing was written. */
  update(change: Change, before: Stored<Spec>, draft: Draft<Spec>): Promise<Stored<Spec>>;
  delete(change: Change, before: Stored<Spec>): Promise<void>;
}

/** Fields that the server sets; a client may send back what it was given. */
const SERVER_FIELDS = ['id', 'createdAt', 'updatedAt', 'version'];

/** Creates the editor of a kind. */
export function createEditor<Spec, Input>(rules: ObjectKindRules<Spec, Input>): Editor<Spec> {
  const { queries } = rules;
  const { kind } = queries;
  const checkInput = createValidator(rules.input, false) as (value: unknown) => Input;

  const toInput = (body: unknown) => {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return checkInput(body);
    const serverFields = [...SERVER_FIELDS, ...(rules.observed?.fields ?? [])];
    const fields = Object.entries(body).filter(([name]) => !serverFields.includes(name));
    return checkInput(Object.fromEntries(fields));
  };
  const readDraft = async (body: unknown): Promise<Draft<Spec>> => {
    const input = toInput(body);
    return { spec: await rules.toSpec(input), given: new Set(Object.keys(input as object)) };
  };
  const complete = async (sql: Sql, { spec, given }: Draft<Spec>) =>
    rules.complete ? rules.complete(sql, spec, given) : spec;
  const get = async (sql: Sql, reference: string) => {
    const stored = await queries.find(sql, reference);
    if (!stored) throw new NotFound(kind, reference);
    return stored;
  };
  const toJson = (stored: Stored<Spec>): ObjectJson => ({
    id: stored.id,
    name: '',
    ...rules.toJson(stored.spec),
    createdAt: formatInstant(stored.createdAt),
    updatedAt: formatInstant(stored.updatedAt),
    version: stored.version,
  });

  const show = async (sql: Sql, items: readonly Stored<Spec>[]) => {
    const ids = items.map(({ id }) => id);
    const observed = ids.length === 0 ? undefined : await rules.observed?.read(sql, ids);
    return items.map((stored) => ({ ...toJson(stored), ...observed?.get(stored.id) }));
  };

  return {
    kind,
    queries,
    get,
    toJson,
    show,
    readDraft,
    mergeDraft: async (before, patch) => readDraft(mergePatch(rules.toJson(before.spec), patch)),

    async create(change, draft) {
      const spec = await complete(change, draft);
      await rules.refuseCollision(change, spec, null);
      const id = randomUUID();
      await queries.insert(change, id, spec);
      await rules.refuseOutcome?.(change, spec);
      const after = await get(change, id);
      const json = toJson(after);
      await recordChange(change, {
        action: 'create',
        kind,
        objectId: id,
        name: json.name,
        after: json,
      });
      return after;
    },

    async update(change, before, draft) {
      const spec = await complete(change, draft);
      const [is, wanted] = [rules.toJson(before.spec), rules.toJson(spec)];
      if (isSameSpec(is, wanted, rules.memberships ?? [])) return before;
      await rules.refuseCollision(change, spec, before.id);
      await queries.update(change, before.id, spec);
      await rules.refuseOutcome?.(change, spec);
      const after = await get(change, before.id);
      const json = toJson(after);
      await recordChange(change, {
        action: 'change',
        kind,
        objectId: before.id,
        name: json.name,
        before: toJson(before),
        after: json,
      });
      return after;
    },

    async delete(change, before) {
      const json = toJson(before);
      await rules.refuseDeletion?.(change, before);
      await queries.delete(change, before.id);
      await recordChange(change, {
        action: 'delete',
        kind,
        objectId: before.id,
        name: json.name,
        before: json,
      });
    },
  };
}

/** The ETag of an object. */
export function formatEtag(stored: Stored<unknown>): string {
  return `"${stored.version}"`;
}

/** Throws `Conflict` when the object is not the one that the client has read. */
export function refuseLostUpdate(stored: Stored<unknown>, ifMatch: unknown): void {
  if (ifMatch === undefined || ifMatch === '*' || ifMatch === formatEtag(stored)) return;
  throw new Conflict('It was changed since you read it; read it again.');
}

/** RFC 7396: null takes a field out, objects merge, anything else replaces. */
function mergePatch(target: Readonly<Record<string, unknown>>, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    throw new InvalidInput([{ path: '', message: 'a JSON object is needed' }], patch === undefined);
  }
  const merged: Record<string, unknown> = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else if (typeof value === 'object' && !Array.isArray(value)) {
      const inner = merged[name];
      const isObject = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
      merged[name] = mergePatch(isObject ? (inner as Record<string, unknown>) : {}, value);
    } else merged[name] = value;
  }
  return merged;
}
