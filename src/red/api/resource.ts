/** The six routes of a configured object: list, create, read, replace, change, delete. */

import type { RouteName } from '../../contract/paths.ts';
import { API_PREFIX, ROUTES } from '../../contract/paths.ts';
import type { Database } from '../../database/database.ts';
import {
  type Change,
  type Changed,
  changeConfiguration,
} from '../../database/queries/configuration.ts';
import type { Clock } from '../../lib/clock.ts';
import { Conflict } from '../../model/errors.ts';
import type { Stored } from '../../model/objects.ts';
import { type Draft, type Editor, formatEtag, refuseLostUpdate } from './editing.ts';
import { type ListQuery, readListing } from './listing.ts';
import { type Answer, type Call, defineFreeRoute, type Route } from './server.ts';

/** The names of a kind's routes. */
export interface ResourceRoutes {
  readonly list: RouteName;
  readonly create: RouteName;
  readonly get: RouteName;
  readonly replace: RouteName;
  readonly change: RouteName;
  readonly delete: RouteName;
}

/** What the routes need. */
export interface ResourceContext {
  readonly database: Database;
  readonly clock: Clock;
  /** Called after each committed change with its version. */
  readonly onChanged: (version: number) => void;
}

/** How often a change is made again because the object changed under it. */
const MAX_TRIES = 20;

/** Rolls a change back whose ground has shifted. */
class ChangedMeanwhile extends Error {}

/** Rolls a change back that changes nothing, so that nobody is told of a new version. */
class Unchanged extends Error {}

/** Makes one change in the name of a token, and announces it. */
export async function commitChange<Result>(
  { database, clock, onChanged }: ResourceContext,
  { token }: Pick<Call, 'token'>,
  work: (change: Change) => Promise<Result>,
): Promise<Changed<Result>> {
  const origin = { at: clock.now(), actor: token.name };
  const changed = await changeConfiguration(database, origin, work);
  onChanged(changed.version);
  return changed;
}

/** Creates the routes. */
export function resourceRoutes<Spec>(
  editor: Editor<Spec>,
  routes: ResourceRoutes,
  context: ResourceContext,
): Route[] {
  const { database } = context;
  const referenceOf = (call: Call) => call.params[editor.kind] ?? '';
  const answer = async (status: number, stored: Stored<Spec>, headers = {}): Promise<Answer> => ({
    status,
    headers: { etag: formatEtag(stored), ...headers },
    body: (await editor.show(database, [stored]))[0],
  });
  const write = async (call: Call, draft: (before: Stored<Spec>) => Promise<Draft<Spec>>) => {
    // The draft is made before the transaction, since that may ask a name server; if somebody else
    // changed the object meanwhile, it is made again from what is there now.
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const seen = await editor.get(database, referenceOf(call));
      refuseLostUpdate(seen, call.headers['if-match']);
      const next = await draft(seen);
      try {
        const { result } = await commitChange(context, call, async (change) => {
          const before = await editor.get(change, seen.id);
          if (before.version !== seen.version) throw new ChangedMeanwhile();
          const after = await editor.update(change, before, next);
          if (after === before) throw new Unchanged();
          return after;
        });
        return await answer(200, result);
      } catch (error) {
        if (error instanceof Unchanged) return answer(200, seen);
        if (!(error instanceof ChangedMeanwhile)) throw error;
      }
    }
    throw new Conflict('It is changed again and again by others; try again.');
  };

  return [
    defineFreeRoute(routes.list, async ({ query }) => {
      const { page, filters } = readListing(query as ListQuery);
      const found = await editor.queries.list(database, page, filters);
      return { status: 200, body: { ...found, items: await editor.show(database, found.items) } };
    }),
    defineFreeRoute(routes.create, async (call) => {
      const draft = await editor.readDraft(call.body);
      const { result } = await commitChange(context, call, (change) =>
        editor.create(change, draft),
      );
      const path = ROUTES[routes.list].path;
      return answer(201, result, { location: `${API_PREFIX}${path}/${result.id}` });
    }),
    defineFreeRoute(routes.get, async (call) =>
      answer(200, await editor.get(database, referenceOf(call))),
    ),
    defineFreeRoute(routes.replace, async (call) => {
      // Read at once, so that a wrong body is told even when there is no such object.
      const draft = await editor.readDraft(call.body);
      return write(call, async () => draft);
    }),
    defineFreeRoute(routes.change, (call) =>
      write(call, (before) => editor.mergeDraft(before, call.body)),
    ),
    defineFreeRoute(routes.delete, async (call) => {
      const { result, removedChecks, orphans, removedDependencies } = await commitChange(
        context,
        call,
        async (change) => {
          const stored = await editor.get(change, referenceOf(call));
          refuseLostUpdate(stored, call.headers['if-match']);
          await editor.delete(change, stored);
          return stored;
        },
      );
      if (!/(^|[ ,;])return=representation\b/.test(String(call.headers['prefer'] ?? ''))) {
        return { status: 204 };
      }
      const { id, name } = editor.toJson(result);
      return {
        status: 200,
        headers: { 'preference-applied': 'return=representation' },
        body: { id, name, removedChecks, orphans, removedDependencies },
      };
    }),
  ];
}
