/** Routes of comments. */

import { randomUUID } from 'node:crypto';
import type { CommentJson } from '../../contract/comments.ts';
import { API_PREFIX } from '../../contract/paths.ts';
import type { Database } from '../../database/database.ts';
import { recordChange } from '../../database/queries/audit.ts';
import {
  type CommandTarget,
  findCheckTargets,
  findHostTargets,
} from '../../database/queries/check-targets.ts';
import {
  type Comment,
  deleteComment,
  findComment,
  insertComment,
  listComments,
} from '../../database/queries/comments.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/instant.ts';
import { Conflict, InvalidInput, NotFound } from '../../model/errors.ts';
import { readListing } from './listing.ts';
import { defineRoute, type Route } from './server.ts';

/** Creates the routes. */
export function commentRoutes(context: { database: Database; clock: Clock }): Route[] {
  const { database, clock } = context;
  const get = async (id: string): Promise<Comment> => {
    const comment = await findComment(database, id, clock.now());
    if (!comment) throw new NotFound('comment', id);
    return comment;
  };
  return [
    defineRoute('listComments', async ({ query }) => {
      const { page, filters } = readListing(query);
      const found = await listComments(database, page, { filters, now: clock.now() });
      return { status: 200, body: { ...found, items: found.items.map(toJson) } };
    }),
    defineRoute('getComment', async ({ params }) => ({
      status: 200,
      body: toJson(await get(params['comment'] ?? '')),
    })),
    defineRoute('createComment', async ({ body, token }) => {
      const { host, plugin = null, text } = body;
      const { checkId } = await findTarget(database, host, plugin);
      const [id, now] = [randomUUID(), clock.now()];
      const facts = { id, checkId, author: token.name, text, isPersistent: true };
      await database.transaction(async (sql) => {
        await insertComment(sql, { ...facts, kind: 'user', createdAt: now });
        const origin = { ...sql, at: now, actor: token.name };
        const name = nameOf({ host, plugin });
        const change = { kind: 'comment', objectId: id, name, after: body } as const;
        await recordChange(origin, { ...change, action: 'create' });
      });
      const location = `${API_PREFIX}/comments/${id}`;
      return { status: 201, headers: { location }, body: toJson(await get(id)) };
    }),
    defineRoute('deleteComment', async ({ params, token }) => {
      const comment = await get(params['comment'] ?? '');
      refuseDerived(comment);
      const { id } = comment;
      await database.transaction(async (sql) => {
        if (!(await deleteComment(sql, id))) throw new NotFound('comment', id);
        const origin = { ...sql, at: clock.now(), actor: token.name };
        const facts = { kind: 'comment', objectId: id, name: nameOf(comment) } as const;
        await recordChange(origin, { ...facts, action: 'delete', before: toJson(comment) });
      });
      return { status: 204 };
    }),
  ];
}

function nameOf({ host, plugin }: Pick<Comment, 'host' | 'plugin'>): string {
  return plugin === null ? host : `${host} ${plugin}`;
}

/** Throws `InvalidInput` naming what is not there. */
async function findTarget(
  database: Database,
  host: string,
  plugin: string | null,
): Promise<CommandTarget> {
  const [ofHost] = await findHostTargets(database, [host]);
  if (!ofHost) throw missing('/host', `there is no host "${host}"`);
  if (plugin === null) return ofHost;
  const [ofCheck] = await findCheckTargets(database, [{ host, plugin }]);
  if (!ofCheck) throw missing('/plugin', `there is no check "${plugin}" of host "${host}"`);
  return ofCheck;
}

function missing(path: string, message: string): InvalidInput {
  return new InvalidInput([{ path, message }]);
}

/** Throws `Conflict` for a comment that goes with something else alone. */
function refuseDerived({ kind, id }: Comment): void {
  if (kind === 'flapping') {
    throw new Conflict('The comment says that the state flaps, and goes when it no longer does.');
  }
  if (kind === 'downtime') {
    const [downtime] = id.split('@');
    throw new Conflict(`The comment is of the downtime ${downtime}: cancel that.`);
  }
}

function toJson(comment: Comment): CommentJson {
  const { id, kind, host, plugin, author, text, isPersistent, createdAt, flapPercent } = comment;
  const said =
    kind === 'flapping'
      ? `Its state changes too often (${flapPercent.toFixed(1)} %): nobody is told of it meanwhile.`
      : text;
  return {
    ...{ id, kind, host, plugin, author, text: said },
    // One that was made while this could be said of it stays all the same.
    persistent: isPersistent || kind === 'user',
    createdAt: formatInstant(createdAt),
  };
}
