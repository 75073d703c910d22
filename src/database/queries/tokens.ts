/** Bearer tokens in SQL. */

import type { Insertable, Selectable } from 'kysely';
import type { Role } from '../../model/access.ts';
import type { Sql } from '../database.ts';
import type { TokenTable } from '../schema-access.ts';
import { contains, type Page, type PageRequest, readPage } from './page.ts';

/** A token without its secret. Instants are milliseconds since the epoch. */
export interface Token {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  /** Null = never. */
  readonly expiresAt: number | null;
  /** To the minute; null = never. */
  readonly lastUsedAt: number | null;
}

/** The token whose secret has this hash. */
export async function findTokenByHash({ db }: Sql, hash: string): Promise<Token | undefined> {
  const row = await db
    .selectFrom('token')
    .selectAll('token')
    .where('token.hash', '=', hash)
    .executeTakeFirst();
  return row && readToken(row);
}

/** The token of this id or name. */
export async function findToken({ db }: Sql, reference: string): Promise<Token | undefined> {
  const row = await db
    .selectFrom('token')
    .selectAll('token')
    .where(({ or, eb }) => or([eb('token.id', '=', reference), eb('token.name', '=', reference)]))
    .executeTakeFirst();
  return row && readToken(row);
}

/** Those of these tokens that are there and have not expired. */
export async function listValidTokenIds(
  { db }: Sql,
  ids: readonly string[],
  now: number,
): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom('token')
    .select('token.id')
    .where('token.id', 'in', ids)
    .where(({ or, eb }) =>
      or([eb('token.expires_at', 'is', null), eb('token.expires_at', '>', now)]),
    )
    .execute();
  return new Set(rows.map((row) => row.id));
}

/** A page of tokens. */
export async function listTokens(
  { db }: Sql,
  page: PageRequest,
  search: string | undefined,
): Promise<Page<Token>> {
  let query = db.selectFrom('token').selectAll('token');
  if (search !== undefined) query = query.where(contains('token.name', search));
  const ordering = {
    columns: { name: 'token.name', createdAt: 'token.created_at' },
    tieBreaker: 'token.id',
    defaultSort: [{ name: 'name', descending: false }],
  };
  const result = await readPage(query, ordering, page);
  const rows = result.items as unknown as Selectable<TokenTable>[];
  return { ...result, items: rows.map(readToken) };
}

/** Stores a token. Throws `UniqueViolation` when its name is taken. */
export async function insertToken(
  { db }: Sql,
  token: Omit<Token, 'lastUsedAt'> & { readonly hash: string },
): Promise<void> {
  const row: Insertable<TokenTable> = {
    id: token.id,
    name: token.name,
    hash: token.hash,
    role: token.role,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
    last_used_at: null,
  };
  await db.insertInto('token').values(row).execute();
}

/** Deletes a token by id. */
export async function deleteToken({ db }: Sql, id: string): Promise<void> {
  await db.deleteFrom('token').where('token.id', '=', id).execute();
}

/** Deletes the token of this name, if there is one. */
export async function deleteTokenByName({ db }: Sql, name: string): Promise<void> {
  await db.deleteFrom('token').where('token.name', '=', name).execute();
}

/**
 * The ids of the valid tokens of administrators. Inside a transaction they stay so until its end: who
 * would delete one of them waits.
 */
export async function holdAdministrators({ db, traits }: Sql, now: number): Promise<string[]> {
  const query = db
    .selectFrom('token')
    .select('token.id')
    .where('token.role', '=', 'admin')
    .where(({ or, eb }) =>
      or([eb('token.expires_at', 'is', null), eb('token.expires_at', '>', now)]),
    )
    .orderBy('token.id');
  // There, a transaction keeps all others from writing.
  const held = traits.kind === 'sqlite' ? query : query.forUpdate();
  return (await held.execute()).map((row) => row.id);
}

/** Notes that a token was used. */
export async function markTokenUsed({ db }: Sql, id: string, at: number): Promise<void> {
  await db.updateTable('token').set({ last_used_at: at }).where('token.id', '=', id).execute();
}

function readToken(row: Selectable<TokenTable>): Token {
  return {
    id: row.id,
    name: row.name,
    role: row.role as Role,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  };
}
