/** The tables of who may do what, who did what, and what happened. */

import type { Generated } from 'kysely';

/** Bearer tokens; only a hash of the secret is kept. Written by red. */
export interface TokenTable {
  id: string;
  name: string;
  /** SHA-256 of the secret, hexadecimal. */
  hash: string;
  role: string;
  created_at: number;
  expires_at: number | null;
  /** To the minute; null = never. */
  last_used_at: number | null;
}

/** Who changed what: a row in the transaction of each change. Written by red. */
export interface AuditTable {
  id: Generated<number>;
  at: number;
  /** Name of the token. */
  actor: string;
  action: string;
  kind: string;
  object_id: string;
  name: string;
  /** JSON; null for a new object. */
  before_json: string | null;
  /** JSON; null for a deleted object. */
  after_json: string | null;
}

/** What happened, in the transaction in which it did, for readers that follow. */
export interface EventTable {
  id: Generated<number>;
  at: number;
  type: string;
  check_id: number | null;
  /** JSON object. */
  payload: string;
}
