/**
 * The stream of events: server-sent events, filtered for each reader, resumed by `Last-Event-ID`.
 * A reader that does not keep up is let go, so that it can slow nothing.
 */

import { PassThrough } from 'node:stream';
import type { CheckJson } from '../../contract/checks.ts';
import { EVENT_TYPES, type EventJson } from '../../contract/events.ts';
import type { HostStateJson } from '../../contract/host-states.ts';
import type { Database } from '../../database/database.ts';
import { type CheckView, findChecks } from '../../database/queries/checks.ts';
import { listEventsAfter, type StoredEvent } from '../../database/queries/events.ts';
import { findHostObjects } from '../../database/queries/host-objects.ts';
import { type HostView, readHostStates } from '../../database/queries/host-states.ts';
import type { Filters } from '../../database/queries/objects.ts';
import { listValidTokenIds } from '../../database/queries/tokens.ts';
import { type Clock, repeat } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/instant.ts';
import type { Log } from '../../lib/log.ts';
import { InvalidInput, Unavailable } from '../../model/errors.ts';
import { HOST_STATES } from '../../model/host-state.ts';
import type { EventFeed, News } from '../event-feed.ts';
import { type Call, defineRoute, type Route } from './server.ts';

const MAX_READERS = 200;
/** Text that waits for a reader; it is let go when there is more. */
const MAX_WAITING_BYTES = 1024 * 1024;
const KEEP_ALIVE_MS = 15_000;
/** A second is promised; the question itself takes time, too. */
const TOKEN_CHECK_MS = 500;
/** How soon a reader that was cut off should come back. */
const RETRY_MS = 2_000;
const RESUME_PART = 1_000;
/** News that may come in while a reader is told what it missed. */
const MAX_WAITING_NEWS = 1_000;
/** How long a reader that was let go may take to read what is on its way. */
const FAREWELL_MS = 10_000;

/** What the route needs. */
export interface EventRouteContext {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly feed: EventFeed;
  readonly toCheckJson: (check: CheckView) => CheckJson;
  readonly toHostStateJson: (host: HostView) => HostStateJson;
}

interface Reader {
  readonly tokenId: string;
  leave(reason: string): void;
}

/** Creates the route. */
export function eventRoutes(context: EventRouteContext): Route[] {
  const readers = new Set<Reader>();
  let watching: { stop(): Promise<void> } | null = null;
  const checkTokens = async () => {
    const ids = [...new Set([...readers].map(({ tokenId }) => tokenId))];
    const valid = await listValidTokenIds(context.database, ids, context.clock.now());
    for (const reader of readers) {
      if (!valid.has(reader.tokenId)) reader.leave('The token is not valid any more.');
    }
    if (readers.size > 0) return;
    // Not waited for: it waits for this very task.
    void watching?.stop();
    watching = null;
  };
  return [
    defineRoute('streamEvents', async (call) => {
      if (readers.size >= MAX_READERS) {
        throw new Unavailable('server', `There are ${MAX_READERS} readers of events already.`);
      }
      const stream = await openStream(context, call, readers);
      watching ??= repeat(context.clock, TOKEN_CHECK_MS, checkTokens, (error) =>
        context.log.debug({ error }, 'tokens of readers cannot be checked'),
      );
      return {
        status: 200,
        headers: { 'content-type': 'text/event-stream; charset=utf-8' },
        body: stream,
      };
    }),
  ];
}

async function openStream(
  context: EventRouteContext,
  call: Call<Readonly<Record<string, string | undefined>>>,
  readers: Set<Reader>,
): Promise<PassThrough> {
  const { clock, feed } = context;
  const lastId = readLastEventId(call.headers['last-event-id']);
  const { type, ...filters } = call.query;
  const view: View = {
    types: new Set<string>(type?.split(',') ?? EVENT_TYPES),
    filters: Object.fromEntries(
      Object.entries(filters).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  };
  const stream = new PassThrough({ highWaterMark: MAX_WAITING_BYTES });
  const write = (text: string) => {
    if (stream.writableEnded) return;
    stream.write(text);
    if (stream.writableLength > MAX_WAITING_BYTES) {
      reader.leave('This reader is too slow: events were left out.');
    }
  };
  const reader: Reader = {
    tokenId: call.token.id,
    leave(reason) {
      if (!readers.delete(reader)) return;
      unfollow();
      keepAlive.stop().catch(() => {});
      call.signal.removeEventListener('abort', onGone);
      stream.end(formatEvent(null, { type: 'dropped', at: formatInstant(clock.now()), reason }));
      const cancel = clock.setTimer(FAREWELL_MS, () => stream.destroy());
      stream.once('close', cancel);
    },
  };
  const onGone = () => reader.leave('The server stops.');
  const keepAlive = repeat(
    clock,
    KEEP_ALIVE_MS,
    async () => write(': still here\n\n'),
    () => {},
  );
  // Counted before anything is waited for, so that no more than the limit get in.
  readers.add(reader);
  let unfollow = () => {};
  call.signal.addEventListener('abort', onGone, { once: true });
  if (call.signal.aborted) onGone();
  let isResumed = false;
  const waiting: News[] = [];
  const tell = async (news: News) => write(await formatNews(context, view, news));
  // It comes back with the id of the last one that it was told.
  const giveUp = (error: unknown) => {
    context.log.warn({ error }, 'events cannot be read, a reader has to ask again');
    reader.leave('Events cannot be read now.');
  };
  const followed = await feed.follow(async (news) => {
    if (isResumed) await tell(news).catch(giveUp);
    else if (waiting.push(news) > MAX_WAITING_NEWS) {
      reader.leave('Too much happened while events were read again.');
    }
  });
  unfollow = followed.unfollow;
  // It left meanwhile.
  if (!readers.has(reader)) unfollow();
  write(`retry: ${RETRY_MS}\nid: ${lastId ?? followed.newestId}\n\n`);
  const resume = async () => {
    if (lastId !== null) await resumeAfter(lastId, followed.newestId, { context, tell });
    // More may come while these are told.
    for (let news = waiting.shift(); news !== undefined; news = waiting.shift()) await tell(news);
    isResumed = true;
  };
  resume().catch(giveUp);
  return stream;
}

interface View {
  readonly types: ReadonlySet<string>;
  readonly filters: Filters;
}

/** Tells what happened after `lastId` up to `untilId`, part by part. */
async function resumeAfter(
  lastId: number,
  untilId: number,
  { context, tell }: { context: EventRouteContext; tell: (news: News) => Promise<void> },
): Promise<void> {
  let id = lastId;
  while (id < untilId) {
    const events = await listEventsAfter(context.database, id, RESUME_PART);
    const wanted = events.filter((event) => event.id <= untilId);
    if (wanted.length > 0) await tell({ events: wanted, checkIds: [] });
    if (events.length < RESUME_PART) return;
    id = events.at(-1)?.id ?? untilId;
  }
}

function readLastEventId(header: unknown): number | null {
  if (header === undefined || header === '') return null;
  const id = Number(header);
  if (Number.isSafeInteger(id) && id >= 0) return id;
  const message = 'must be the id of an event of this stream';
  throw new InvalidInput([{ path: 'Last-Event-ID', message }], true);
}

async function formatNews(context: EventRouteContext, view: View, news: News): Promise<string> {
  const { database, toCheckJson, toHostStateJson } = context;
  const { types, filters } = view;
  const events = news.events.filter((event) => types.has(event.type));
  const wanted = new Set(types.has('checkResult') ? news.checkIds : []);
  const isFiltered = Object.keys(filters).length > 0;
  const asked = new Set(wanted);
  if (isFiltered) for (const { checkId } of events) if (checkId !== null) asked.add(checkId);
  const checks = await findOfChecks(database, [...asked], filters);
  const hosts = await findHostObjects(database, [...asked], filters);
  const passing = new Set([...checks.map(({ checkId }) => checkId), ...hosts.map(({ id }) => id)]);
  let text = '';
  for (const event of events) {
    if (isFiltered && (event.checkId === null || !passing.has(event.checkId))) continue;
    text += formatEvent(event.id, toJson(event));
  }
  for (const check of checks) {
    if (!wanted.has(check.checkId) || check.run === null) continue;
    const at = formatInstant(check.run.finishedAt);
    text += formatEvent(null, { type: 'checkResult', at, check: toCheckJson(check) });
  }
  const hostIds = hosts.filter(({ id }) => wanted.has(id)).map(({ hostId }) => hostId);
  for (const host of (await readHostStates(database, hostIds)).values()) {
    if (host.run === null) continue;
    const at = formatInstant(host.run.finishedAt);
    text += formatEvent(null, { type: 'checkResult', at, hostState: toHostStateJson(host) });
  }
  return text;
}

/** Those of these objects that are checks and pass; none when only states of hosts are asked for. */
async function findOfChecks(
  database: Database,
  ids: readonly number[],
  { state, ...others }: Filters,
): Promise<CheckView[]> {
  if (state === undefined) return findChecks(database, ids, others);
  const ofHosts: readonly string[] = HOST_STATES;
  const states = state.split(',').filter((name) => !ofHosts.includes(name));
  return states.length === 0 ? [] : findChecks(database, ids, { ...others, state: states.join() });
}

function toJson({ type, at, payload }: StoredEvent): EventJson {
  // What was written by `insertEvents` for this type; see the writers.
  return { type, at: formatInstant(at), ...payload } as EventJson;
}

function formatEvent(id: number | null, event: EventJson): string {
  const idLine = id === null ? '' : `id: ${id}\n`;
  return `${idLine}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
