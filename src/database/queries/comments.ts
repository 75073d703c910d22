/**
 * Comments in SQL. Those of people and of acknowledgements are rows; those of downtimes and of flapping
 * are read from what is remembered of these, and are gone with them.
 */

import { sql } from 'kysely';
import type { Sql } from '../database.ts';
import type { CommentTable } from '../schema-maintenance.ts';
import type { Filters } from './objects.ts';
import { type Page, type PageRequest, readPage } from './page.ts';

/** What a comment comes from. */
export type CommentKind = 'user' | 'acknowledgement' | 'downtime' | 'flapping';

/** A comment on a check or host. */
export interface Comment {
  readonly id: string;
  readonly kind: CommentKind;
  readonly host: string;
  /** Null: on the host itself. */
  readonly plugin: string | null;
  /** Empty of flapping. */
  readonly author: string;
  /** Empty of flapping. */
  readonly text: string;
  readonly isPersistent: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** 0..100: how often the check or host changes its state. */
  readonly flapPercent: number;
}

/** A comment to be written. */
export interface NewComment extends Pick<Comment, 'id' | 'author' | 'text' | 'isPersistent'> {
  readonly checkId: number;
  readonly kind: CommentTable['kind'];
  readonly createdAt: number;
}

/** Writes a comment. */
export async function insertComment({ db }: Sql, comment: NewComment): Promise<void> {
  const { id, checkId, kind, author, text, isPersistent, createdAt } = comment;
  const row = { id, check_id: checkId, kind, author, text, created_at: createdAt };
  await db
    .insertInto('comment')
    .values({ ...row, is_persistent: isPersistent ? 1 : 0 })
    .execute();
}

/** Deletes a comment that is a row; false when there is none. */
export async function deleteComment({ db }: Sql, id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('comment')
    .where('comment.id', '=', id)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Deletes what went with acknowledgements of a check before `before`; they must have ended. */
export async function deleteAcknowledgementComments(
  { db }: Sql,
  { checkId, before }: { readonly checkId: number; readonly before: number },
): Promise<void> {
  await db
    .deleteFrom('comment')
    .where('comment.check_id', '=', checkId)
    .where('comment.kind', '=', 'acknowledgement')
    .where('comment.is_persistent', '=', 0)
    .where('comment.created_at', '<', before)
    .execute();
}

/** One comment, as of `now`. */
export async function findComment(on: Sql, id: string, now: number): Promise<Comment | undefined> {
  const row = await selectComments(on, now, {}).where('noted.id', '=', id).executeTakeFirst();
  return row && readComment(row);
}

/** A page of comments as of `now`, the newest first unless sorted otherwise. */
export async function listComments(
  on: Sql,
  page: PageRequest,
  { filters, now }: { readonly filters: Filters; readonly now: number },
): Promise<Page<Comment>> {
  const result = await readPage(
    selectComments(on, now, filters),
    {
      columns: { createdAt: 'noted.created_at', host: 'host.name' },
      tieBreaker: 'noted.id',
      defaultSort: [{ name: 'createdAt', descending: true }],
    },
    page,
  );
  return { ...result, items: (result.items as unknown as CommentRow[]).map(readComment) };
}

type CommentRow = Awaited<ReturnType<ReturnType<typeof selectComments>['execute']>>[number];

function readComment(row: CommentRow): Comment {
  return {
    id: row.id,
    kind: row.kind,
    host: row.host,
    plugin: row.plugin,
    author: row.author,
    text: row.text,
    isPersistent: row.is_persistent === 1,
    createdAt: row.created_at,
    flapPercent: row.flap_percent ?? 0,
  };
}

function selectComments(on: Sql, now: number, filters: Filters) {
  const { db } = on;
  const all = selectRows(on).unionAll(selectPlanned(on, now)).unionAll(selectFlapping(on));
  let query = db
    .selectFrom(all.as('noted'))
    .innerJoin('check_pair', 'check_pair.check_id', 'noted.check_id')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .leftJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .leftJoin('check_memory', 'check_memory.check_id', 'noted.check_id')
    .select(['noted.id', 'noted.kind', 'noted.author', 'noted.text', 'noted.is_persistent'])
    .select(['noted.created_at', 'host.name as host', 'plugin.name as plugin'])
    .select('check_memory.flap_percent');
  for (const [name, value] of Object.entries(filters)) {
    if (name === 'host') query = query.where('host.name', '=', value);
    if (name === 'plugin') query = query.where('plugin.name', '=', value);
    if (name === 'kind') query = query.where('noted.kind', '=', value as CommentKind);
  }
  return query;
}

/** An acknowledgement is the one that stands when the memory of its check begins it with its id. */
function selectRows({ db }: Sql) {
  const pattern = sql<string>`concat('%"acknowledgement":{"id":"', comment.id, '"%')`;
  return db
    .selectFrom('comment')
    .where(({ or, eb, exists, selectFrom }) =>
      or([
        eb('comment.kind', '=', 'user'),
        eb('comment.is_persistent', '=', 1),
        exists(
          selectFrom('check_memory')
            .select('check_memory.check_id')
            .whereRef('check_memory.check_id', '=', 'comment.check_id')
            .where('check_memory.is_acknowledged', '=', 1)
            .where('check_memory.memory', 'like', pattern),
        ),
      ]),
    )
    .select(['comment.id', 'comment.check_id', 'comment.author', 'comment.text'])
    .select(({ ref }) => [
      sql<CommentKind>`${ref('comment.kind')}`.as('kind'),
      sql<number>`${ref('comment.is_persistent')}`.as('is_persistent'),
      'comment.created_at',
    ]);
}

/** Of occurrences that checks know of and that are not over; a flexible one may outlast its plan. */
function selectPlanned({ db }: Sql, now: number) {
  const occurrence = sql<string>`concat(downtime_check.downtime_id, '@', downtime_check.start_at)`;
  const end = sql<number>`case when downtime.recurrence = '' then downtime.end_at
    else downtime_check.start_at + downtime.end_at - downtime.start_at end`;
  return (
    db
      .selectFrom('downtime_check')
      .innerJoin('downtime', 'downtime.id', 'downtime_check.downtime_id')
      .leftJoin('downtime_stretch', (join) =>
        join
          .onRef('downtime_stretch.check_id', '=', 'downtime_check.check_id')
          .on('downtime_stretch.downtime', '=', occurrence),
      )
      .where('downtime.comment', '<>', '')
      .where('downtime.cancelled_at', 'is', null)
      .where('downtime_stretch.to_at', 'is', null)
      .where(({ or, eb }) =>
        or([eb('downtime_stretch.from_at', 'is not', null), eb(end, '>', now)]),
      )
      // A union goes by the order of columns.
      .select([
        sql<string>`concat(${occurrence}, ':', downtime_check.check_id)`.as('id'),
        'downtime_check.check_id',
        'downtime.author',
        'downtime.comment as text',
        sql<CommentKind>`'downtime'`.as('kind'),
        sql<number>`0`.as('is_persistent'),
        'downtime.created_at',
      ])
  );
}

function selectFlapping({ db }: Sql) {
  return db
    .selectFrom('check_memory')
    .where('check_memory.is_flapping', '=', 1)
    .select([
      sql<string>`concat('flapping:', check_memory.check_id)`.as('id'),
      'check_memory.check_id',
      sql<string>`''`.as('author'),
      sql<string>`''`.as('text'),
      sql<CommentKind>`'flapping'`.as('kind'),
      sql<number>`0`.as('is_persistent'),
      sql<number>`coalesce(check_memory.flapping_since, 0)`.as('created_at'),
    ]);
}
