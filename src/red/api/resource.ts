/** The five routes of a configured object: list, create, read, replace or change, delete. */

import { randomUUID } from 'node:crypto';
import type { TObject, TSchema } from 'typebox';
import type { RouteName } from '../../contract/paths.ts';
import { API_PREFIX, ROUTES } from '../../contract/paths.ts';
import type { Database, Sql } from '../../database/database.ts';
import { type Change, changeConfiguration } from '../../database/queries/configuration.ts';
import type { ObjectQueries } from '../../database/queries/objects.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/instant.ts';
import { Conflict, InvalidInput, NotFound } from '../../model/errors.ts';
import type { Stored } from '../../model/objects.ts';
import { type ListQuery, readListing } from './listing.ts';
import { type Answer, createValidator, defineRoute, type Route } from './server.ts';

/** What the routes of one kind of object differ in. */
export interface Resource<Spec, Input> {
  readonly queries: ObjectQueries<Spec>;
  readonly routes: {
    readonly list: RouteName;
    readonly create: RouteName;
    readonly get: RouteName;
    readonly replace: RouteName;
    readonly change: RouteName;
    readonly delete: RouteName;
  };
  readonly input: TSchema;
  readonly query: TObject;
  /** Fields of the answer that are not of the input. */
  toJson(spec: Spec): Record<string, unknown>;
  /** Fills in defaults. Throws `InvalidInput`. May look things up outside the database. */
  toSpec(input: Input): Promise<Spec>;
  /** Throws `Conflict` when `spec` collides with another object than `id`. */
  refuseCollision(sql: Sql, spec: Spec, id: string | null): Promise<void>;
}

/** What the routes need. */
export interface ResourceContext {
  readonly database: Database;
  readonly clock: Clock;
  /** Called after each committed change with its version. */
  readonly onChanged: (version: number) => void;
}

/** Fields that the server sets; a client may send back what it was given. */
const SERVER_FIELDS = ['id', 'createdAt', 'updatedAt'];

/** How often a change is made again because the object changed under it. */
const MAX_TRIES = 20;

/** Rolls a change back whose ground has shifted. */
class ChangedMeanwhile extends Error {}

/** Creates the routes. */
export function resourceRoutes<Spec, Input>(
  resource: Resource<Spec, Input>,
  context: ResourceContext,
): Route[] {
  const { queries, routes } = resource;
  const { database } = context;
  const parameter = queries.kind;
  const checkInput = createValidator(resource.input, false) as (value: unknown) => Input;

  const get = async (sql: Sql, reference: string) => {
    const stored = await queries.find(sql, reference);
    if (!stored) throw new NotFound(parameter, reference);
    return stored;
  };
  const toInput = (body: unknown) => {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return checkInput(body);
    const fields = Object.entries(body).filter(([name]) => !SERVER_FIELDS.includes(name));
    return checkInput(Object.fromEntries(fields));
  };
  const change = async <Result>(work: (change: Change) => Promise<Result>): Promise<Result> => {
    const { result, version } = await changeConfiguration(database, context.clock.now(), work);
    context.onChanged(version);
    return result;
  };
  const answer = (status: number, stored: Stored<Spec>, headers = {}): Answer => ({
    status,
    headers: { etag: formatEtag(stored), ...headers },
    body: {
      id: stored.id,
      ...resource.toJson(stored.spec),
      createdAt: formatInstant(stored.createdAt),
      updatedAt: formatInstant(stored.updatedAt),
    },
  });
  const write = async (
    reference: string,
    ifMatch: unknown,
    spec: (before: Stored<Spec>) => Promise<Spec>,
  ) => {
    // The spec is made before the transaction, since that may ask a name server; if somebody else
    // changed the object meanwhile, it is made again from what is there now.
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const seen = await get(database, reference);
      refuseLostUpdate(seen, ifMatch);
      const next = await spec(seen);
      try {
        return await change(async (sql) => {
          const { version } = await get(sql, seen.id);
          if (version !== seen.version) throw new ChangedMeanwhile();
          await resource.refuseCollision(sql, next, seen.id);
          await queries.update(sql, seen.id, next);
          return get(sql, seen.id);
        });
      } catch (error) {
        if (!(error instanceof ChangedMeanwhile)) throw error;
      }
    }
    throw new Conflict('It is changed again and again by others; try again.');
  };

  return [
    defineRoute({
      name: routes.list,
      role: 'viewer',
      query: resource.query,
      async handle({ query }) {
        const { page, filters } = readListing(query as ListQuery);
        const found = await queries.list(database, page, filters);
        return {
          status: 200,
          body: { ...found, items: found.items.map((stored) => answer(200, stored).body) },
        };
      },
    }),
    defineRoute({
      name: routes.create,
      role: 'admin',
      async handle({ body }) {
        const spec = await resource.toSpec(toInput(body));
        const stored = await change(async (sql) => {
          await resource.refuseCollision(sql, spec, null);
          const id = randomUUID();
          await queries.insert(sql, id, spec);
          return get(sql, id);
        });
        const path = ROUTES[routes.list].path;
        return answer(201, stored, { location: `${API_PREFIX}${path}/${stored.id}` });
      },
    }),
    defineRoute({
      name: routes.get,
      role: 'viewer',
      handle: async ({ params }) => answer(200, await get(database, params[parameter] ?? '')),
    }),
    defineRoute({
      name: routes.replace,
      role: 'admin',
      async handle({ params, body, headers }) {
        const input = toInput(body);
        const reference = params[parameter] ?? '';
        return answer(
          200,
          await write(reference, headers['if-match'], () => resource.toSpec(input)),
        );
      },
    }),
    defineRoute({
      name: routes.change,
      role: 'admin',
      async handle({ params, body, headers }) {
        const reference = params[parameter] ?? '';
        const merge = async (before: Stored<Spec>) =>
          resource.toSpec(toInput(mergePatch(resource.toJson(before.spec), body)));
        return answer(200, await write(reference, headers['if-match'], merge));
      },
    }),
    defineRoute({
      name: routes.delete,
      role: 'admin',
      async handle({ params, headers }) {
        await change(async (sql) => {
          const stored = await get(sql, params[parameter] ?? '');
          refuseLostUpdate(stored, headers['if-match']);
          await queries.delete(sql, stored.id);
        });
        return { status: 204 };
      },
    }),
  ];
}

function formatEtag(stored: Stored<unknown>): string {
  return `"${stored.version}"`;
}

function refuseLostUpdate(stored: Stored<unknown>, ifMatch: unknown): void {
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
