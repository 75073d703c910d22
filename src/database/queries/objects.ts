/** What the queries of every configured object have in common. */

import type { ObjectKind, Stored } from '../../model/objects.ts';
import type { Sql } from '../database.ts';
import type { Change } from './configuration.ts';
import type { Page, PageRequest } from './page.ts';

/** Query-string filters of a list, by API name; each list knows its own. */
export type Filters = Readonly<Record<string, string>>;

/** Reading and writing one kind of object. Writes take part in a configuration change. */
export interface ObjectQueries<Spec> {
  readonly kind: ObjectKind;
  /** `reference` is an id or any other unique text of the object. */
  find(sql: Sql, reference: string): Promise<Stored<Spec> | undefined>;
  list(sql: Sql, page: PageRequest, filters: Filters): Promise<Page<Stored<Spec>>>;
  /** Resolves to the new object's id. Throws `InvalidInput` for names that are not there. */
  insert(change: Change, id: string, spec: Spec): Promise<void>;
  /** Replaces the whole spec. Throws as `insert`. */
  update(change: Change, id: string, spec: Spec): Promise<void>;
  delete(change: Change, id: string): Promise<void>;
}

/** Columns that every object's row has. */
export interface ObjectRow {
  readonly id: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly version: number;
}

/** The stored form of a row's object. */
export function toStored<Spec>(row: ObjectRow, spec: Spec): Stored<Spec> {
  return {
    id: row.id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
    spec,
  };
}

/** The columns that a new row gets from its change. */
export function insertedBy(change: Change, id: string): ObjectRow {
  return { id, created_at: change.at, updated_at: change.at, version: change.version };
}

/** The columns that a changed row gets from its change. */
export function updatedBy(change: Change): Pick<ObjectRow, 'updated_at' | 'version'> {
  return { updated_at: change.at, version: change.version };
}
