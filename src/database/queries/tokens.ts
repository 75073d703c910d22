/** Bearer tokens in SQL. */

import type { Sql } from '../database.ts';

/** What a token allows: `viewer` reads, `operator` also runs and acknowledges, `admin` everything. */
export type TokenRole = 'viewer' | 'operator' | 'admin';

/** A token without its secret. */
export interface Token {
  readonly id: string;
  readonly name: string;
  readonly role: TokenRole;
  /** Null = never. */
  readonly expiresAt: number | null;
}

/** The token whose secret has this hash. */
export async function findTokenByHash({ db }: Sql, hash: string): Promise<Token | undefined> {
  const row = await db
    .selectFrom('token')
    .select(['token.id', 'token.name', 'token.role', 'token.expires_at'])
    .where('token.hash', '=', hash)
    .executeTakeFirst();
  if (!row) return undefined;
  return { id: row.id, name: row.name, role: row.role as TokenRole, expiresAt: row.expires_at };
}

/** Stores a token, in place of one of the same name. */
export async function replaceToken(
  { db }: Sql,
  token: Token & { readonly hash: string; readonly createdAt: number },
): Promise<void> {
  await db.deleteFrom('token').where('token.name', '=', token.name).execute();
  await db
    .insertInto('token')
    .values({
      id: token.id,
      name: token.name,
      hash: token.hash,
      role: token.role,
      created_at: token.createdAt,
      expires_at: token.expiresAt,
    })
    .execute();
}
