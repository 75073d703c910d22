/** Routes of tokens. */

import { randomUUID } from 'node:crypto';
import type { CreatedTokenJson, TokenJson } from '../../contract/access.ts';
import { API_PREFIX } from '../../contract/paths.ts';
import { type Database, type Sql, UniqueViolation } from '../../database/database.ts';
import { recordChange } from '../../database/queries/audit.ts';
import {
  deleteToken,
  findToken,
  holdAdministrators,
  insertToken,
  listTokens,
  type Token,
} from '../../database/queries/tokens.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant, parseInstant } from '../../lib/instant.ts';
import { Conflict, InvalidInput, NotFound } from '../../model/errors.ts';
import { createSecret, hashSecret } from './auth.ts';
import { readListing } from './listing.ts';
import { defineRoute, type Route } from './server.ts';

/** Creates the routes. */
export function tokenRoutes(context: { database: Database; clock: Clock }): Route[] {
  const { database, clock } = context;
  return [
    defineRoute('listTokens', async ({ query }) => {
      const found = await listTokens(database, readListing(query).page, undefined);
      return { status: 200, body: { ...found, items: found.items.map(toJson) } };
    }),
    defineRoute('getToken', async ({ params }) => ({
      status: 200,
      body: toJson(await getToken(database, params)),
    })),
    defineRoute('createToken', async ({ body, token: creator }) => {
      const now = clock.now();
      const secret = createSecret();
      const token: Token = {
        id: randomUUID(),
        name: body.name,
        role: body.role,
        createdAt: now,
        expiresAt: readExpiry(body.expiresAt ?? null, now),
        lastUsedAt: null,
      };
      await database.transaction(async (sql) => {
        await insertToken(sql, { ...token, hash: hashSecret(secret) }).catch((error: unknown) => {
          if (!(error instanceof UniqueViolation)) throw error;
          throw new Conflict(`There is a token "${token.name}" already.`);
        });
        const origin = { ...sql, at: now, actor: creator.name };
        const { id: objectId, name } = token;
        const after = toJson(token);
        await recordChange(origin, { action: 'create', kind: 'token', objectId, name, after });
      });
      const created: CreatedTokenJson = { ...toJson(token), secret };
      const location = `${API_PREFIX}/tokens/${token.id}`;
      return { status: 201, headers: { location }, body: created };
    }),
    defineRoute('deleteToken', async ({ params, token: deleter }) => {
      const now = clock.now();
      await database.transaction(async (sql) => {
        const token = await getToken(sql, params);
        if (token.role === 'admin') await refuseLast(sql, token, now);
        await deleteToken(sql, token.id);
        const origin = { ...sql, at: now, actor: deleter.name };
        const { id: objectId, name } = token;
        const before = toJson(token);
        await recordChange(origin, { action: 'delete', kind: 'token', objectId, name, before });
      });
      return { status: 204 };
    }),
  ];
}

/** Two administrators who delete the tokens of each other take turns, so that one of them is left. */
async function refuseLast(sql: Sql, { id }: Token, now: number): Promise<void> {
  const administrators = await holdAdministrators(sql, now);
  if (administrators.some((other) => other !== id)) return;
  throw new Conflict('It is the last valid token of an administrator: create another one before.');
}

async function getToken(sql: Sql, { token = '' }: Readonly<Record<string, string>>) {
  const found = await findToken(sql, token);
  if (!found) throw new NotFound('token', token);
  return found;
}

function readExpiry(text: string | null, now: number): number | null {
  if (text === null) return null;
  const at = parseInstant(text);
  if (Number.isFinite(at) && at > now) return at;
  const message = 'must be an instant in the future, like 2027-01-01T00:00:00Z';
  throw new InvalidInput([{ path: '/expiresAt', message }]);
}

function toJson(token: Token): TokenJson {
  return {
    id: token.id,
    name: token.name,
    role: token.role,
    createdAt: formatInstant(token.createdAt),
    expiresAt: token.expiresAt === null ? null : formatInstant(token.expiresAt),
    lastUsedAt: token.lastUsedAt === null ? null : formatInstant(token.lastUsedAt),
  };
}
