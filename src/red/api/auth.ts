/** Who asks, and may they: bearer tokens of 256 random bits, of which only a hash is stored. */

import { createHash, randomBytes } from 'node:crypto';
import type { Sql } from '../../database/database.ts';
import { findTokenByHash, type Token, type TokenRole } from '../../database/queries/tokens.ts';
import { Forbidden, Unauthenticated } from '../../model/errors.ts';

/** What each role may do includes what the ones before it may. */
const ROLES: readonly TokenRole[] = ['viewer', 'operator', 'admin'];

/** A new secret: 256 bits, printable. */
export function createSecret(): string {
  return `pp_${randomBytes(32).toString('base64url')}`;
}

/** What is stored of a secret. Unsalted and fast is enough, since it is random and long. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/**
 * The token of an `Authorization` header. Throws `Unauthenticated` without saying whether the token
 * is unknown or expired, and `Forbidden` when its role is below `needed`.
 */
export async function authorize(
  sql: Sql,
  header: string | undefined,
  needed: TokenRole,
  now: number,
): Promise<Token> {
  const secret = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
  if (secret === undefined) {
    throw new Unauthenticated('Send a token: "Authorization: Bearer TOKEN".');
  }
  // Looked up by hash, so the time tells nothing of the secret.
  const token = await findTokenByHash(sql, hashSecret(secret));
  if (!token || (token.expiresAt !== null && token.expiresAt <= now)) {
    throw new Unauthenticated('The token is not valid.');
  }
  if (ROLES.indexOf(token.role) < ROLES.indexOf(needed)) {
    throw new Forbidden(
      `This needs the role ${needed}; the token "${token.name}" is ${token.role}.`,
    );
  }
  return token;
}
