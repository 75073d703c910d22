/** Who asks, and may they: bearer tokens of 256 random bits, of which only a hash is stored. */

import { createHash, randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Sql } from '../../database/database.ts';
import { findTokenByHash, markTokenUsed, type Token } from '../../database/queries/tokens.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { Lru } from '../../lib/lru.ts';
import { includesRole, type Role } from '../../model/access.ts';
import { Forbidden, TooMany, Unauthenticated } from '../../model/errors.ts';

/** How exactly the last use of a token is known. */
const USE_RESOLUTION_MS = 60_000;
/** Wrong tokens of one address in one window; more are told to wait. */
const MAX_FAILURES = 10;
const FAILURE_WINDOW_MS = 60_000;
/** Addresses remembered; the one that failed longest ago is forgotten first. */
const MAX_ADDRESSES = 10_000;

/** A new secret: 256 bits, printable. */
export function createSecret(): string {
  return `pp_${randomBytes(32).toString('base64url')}`;
}

/** What is stored of a secret. Unsalted and fast is enough, since it is random and long. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/**
 * The token of a request. Throws `Unauthenticated` without saying whether the token is unknown or
 * expired, `TooMany` when wrong ones keep coming from the same address, and `Forbidden` when its
 * role is below `needed`.
 */
export type Authorize = (request: FastifyRequest, needed: Role) => Promise<Token>;

/** Creates the check of tokens. */
export function createAuthorize(options: {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly log: Log;
}): Authorize {
  const { sql, clock, log } = options;
  const failures = createFailureLimit(clock);
  return async (request, needed) => {
    const secret = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (secret === undefined) {
      throw new Unauthenticated('Send a token: "Authorization: Bearer TOKEN".');
    }
    const now = clock.now();
    // Looked up by hash, so the time tells nothing of the secret.
    const token = await findTokenByHash(sql, hashSecret(secret));
    if (!token || (token.expiresAt !== null && token.expiresAt <= now)) {
      // A right token is taken from any address, so nobody is locked out by another's failures.
      failures.count(request.ip);
      throw new Unauthenticated('The token is not valid.');
    }
    if (token.lastUsedAt === null || now - token.lastUsedAt >= USE_RESOLUTION_MS) {
      // Not waited for: knowing the last use is worth no delay, and no failed request.
      markTokenUsed(sql, token.id, now).catch((error: unknown) =>
        log.warn({ error, token: token.name }, 'the last use of a token was not noted'),
      );
    }
    if (!includesRole(token.role, needed)) {
      throw new Forbidden(
        `This needs the role ${needed}; the token "${token.name}" is ${token.role}.`,
      );
    }
    return token;
  };
}

/** Counts failures by address; throws `TooMany` from the eleventh in a minute on. */
function createFailureLimit(clock: Clock): { count(address: string): void } {
  const windows = new Lru<string, { readonly startedAt: number; count: number }>(MAX_ADDRESSES);
  return {
    count(address) {
      const now = clock.monotonic();
      let window = windows.get(address);
      if (!window || now - window.startedAt >= FAILURE_WINDOW_MS) {
        window = { startedAt: now, count: 0 };
        windows.set(address, window);
      }
      window.count++;
      if (window.count <= MAX_FAILURES) return;
      const waitMs = window.startedAt + FAILURE_WINDOW_MS - now;
      throw new TooMany('Too many wrong tokens from this address.', Math.ceil(waitMs / 1_000));
    },
  };
}
