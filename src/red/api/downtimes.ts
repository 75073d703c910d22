/** Routes of downtimes: plans, which red tells to the checks that they are of. */

import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { DowntimeChange, DowntimeInput, DowntimeJson } from '../../contract/downtimes.ts';
import { API_PREFIX } from '../../contract/paths.ts';
import type { Database, Sql } from '../../database/database.ts';
import { recordChange } from '../../database/queries/audit.ts';
import { listToldChecks } from '../../database/queries/downtime-checks.ts';
import {
  cancelDowntime,
  findDowntime,
  insertDowntime,
  listDowntimes,
  listTriggered,
  type NewDowntime,
  type PlannedDowntime,
  updateDowntime,
} from '../../database/queries/downtimes.ts';
import { hostQueries } from '../../database/queries/hosts.ts';
import type { ObjectQueries } from '../../database/queries/objects.ts';
import { pluginQueries } from '../../database/queries/plugins.ts';
import { subnetQueries } from '../../database/queries/subnets.ts';
import { suiteQueries } from '../../database/queries/suites.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant, parseInstant } from '../../lib/instant.ts';
import { Conflict, type FieldError, InvalidInput, NotFound } from '../../model/errors.ts';
import { parseRecurrence } from '../../nagios/time/parse-recurrence.ts';
import { findZone } from '../../nagios/time/zone.ts';
import { nearOccurrences } from '../downtimes.ts';
import { readListing } from './listing.ts';
import { defineRoute, type Route } from './server.ts';

/** Creates the routes. */
export function downtimeRoutes(context: { database: Database; clock: Clock }): Route[] {
  const { database, clock } = context;
  const get = async (id: string): Promise<PlannedDowntime> => {
    const downtime = await findDowntime(database, id);
    if (!downtime) throw new NotFound('downtime', id);
    return downtime;
  };
  return [
    defineRoute('listDowntimes', async ({ query }) => {
      const { page, filters } = readListing(query);
      const found = await listDowntimes(database, page, filters);
      const items = found.items.map((downtime) => toJson(downtime, clock.now()));
      return { status: 200, body: { ...found, items } };
    }),
    defineRoute('getDowntime', async ({ params }) => ({
      status: 200,
      body: toJson(await get(params['downtime'] ?? ''), clock.now()),
    })),
    defineRoute('createDowntime', async ({ body, token }) => {
      const now = clock.now();
      const trigger = await findTrigger(database, body);
      const plan = {
        ...readPlan(trigger === null ? body : { ...body, ...timesBy(trigger) }, now),
        author: token.name,
        ...(await readIds(database, body)),
      };
      await database.transaction(async (sql) => {
        await insertDowntime(sql, plan);
        if (plan.children === 'triggered') await insertDowntime(sql, belowOf(plan));
        const origin = { ...sql, at: now, actor: token.name };
        const facts = { kind: 'downtime', objectId: plan.id, name: nameOf(body) } as const;
        await recordChange(origin, { ...facts, action: 'create', after: body });
      });
      const location = `${API_PREFIX}/downtimes/${plan.id}`;
      return { status: 201, headers: { location }, body: toJson(await get(plan.id), now) };
    }),
    defineRoute('changeDowntime', async ({ params, body, token }) => {
      const now = clock.now();
      const before = await get(params['downtime'] ?? '');
      const change = await readChange(database, { plan: before, body, now });
      const { startAt, endAt, comment } = before;
      if (isDeepStrictEqual(change, { startAt, endAt, comment })) {
        return { status: 200, body: toJson(before, now) };
      }
      await database.transaction(async (sql) => {
        if (!(await updateDowntime(sql, before, { change, pastBefore: now - longestOf(before) }))) {
          throw new Conflict('The downtime was changed, cancelled or over meanwhile.');
        }
        await changeTriggered(sql, { ...before, ...change });
        const origin = { ...sql, at: now, actor: token.name };
        const facts = { kind: 'downtime', objectId: before.id, name: nameOf(before) } as const;
        const was = { start: formatInstant(before.startAt), end: formatInstant(before.endAt) };
        const diff = { before: { ...was, comment: before.comment }, after: body };
        await recordChange(origin, { ...facts, action: 'change', ...diff });
      });
      return { status: 200, body: toJson(await get(before.id), now) };
    }),
    defineRoute('deleteDowntime', async ({ params, token }) => {
      const now = clock.now();
      const downtime = await get(params['downtime'] ?? '');
      await database.transaction(async (sql) => {
        if (!(await cancelDowntime(sql, downtime.id, now))) {
          throw new Conflict('The downtime is over or cancelled already.');
        }
        await cancelTriggered(sql, downtime.id, now);
        const origin = { ...sql, at: now, actor: token.name };
        const facts = { kind: 'downtime', objectId: downtime.id, name: nameOf(downtime) } as const;
        await recordChange(origin, { ...facts, action: 'delete', before: toJson(downtime, now) });
      });
      return { status: 204 };
    }),
  ];
}

/** The downtime that is named as trigger; null when none is. Throws `InvalidInput`. */
async function findTrigger(sql: Sql, input: DowntimeInput): Promise<PlannedDowntime | null> {
  const { triggeredBy = null } = input;
  if (triggeredBy === null) return null;
  const trigger = await findDowntime(sql, triggeredBy);
  const errors: FieldError[] = [];
  const refuse = (path: string, message: string) => errors.push({ path, message });
  if (!trigger) refuse('/triggeredBy', `there is no downtime "${triggeredBy}"`);
  else if (trigger.cancelledAt !== null || trigger.overAt !== null) {
    refuse('/triggeredBy', 'that downtime is over or cancelled');
  } else if (trigger.recurrence !== '') refuse('/triggeredBy', 'that downtime recurs');
  for (const field of ['start', 'end', 'fixed', 'duration', 'recurrence'] as const) {
    if (input[field] !== undefined) refuse(`/${field}`, 'comes from the downtime that triggers it');
  }
  if (errors.length > 0 || !trigger) throw new InvalidInput(errors);
  return trigger;
}

/** The longest that a downtime may last which hangs on `trigger`; that one ends it. */
function lastEndOf({
  endAt,
  isFixed,
  durationMs,
}: Pick<PlannedDowntime, 'endAt' | 'isFixed' | 'durationMs'>) {
  return endAt + (isFixed ? 0 : durationMs);
}

function timesBy(trigger: PlannedDowntime) {
  return { start: formatInstant(trigger.startAt), end: formatInstant(lastEndOf(trigger)) };
}

/** Of the hosts below that of `plan`, with which it starts and ends. */
function belowOf(plan: NewDowntime): NewDowntime {
  return {
    ...plan,
    ...{ id: randomUUID(), triggeredBy: plan.id, children: 'below' },
    ...{ isFixed: true, durationMs: 0, endAt: lastEndOf(plan) },
  };
}

async function cancelTriggered(sql: Sql, id: string, now: number): Promise<void> {
  for (const one of await listTriggered(sql, id)) {
    await cancelDowntime(sql, one.id, now);
    await cancelTriggered(sql, one.id, now);
  }
}

async function changeTriggered(sql: Sql, trigger: PlannedDowntime): Promise<void> {
  for (const one of await listTriggered(sql, trigger.id)) {
    const { comment } = one;
    const change = { startAt: trigger.startAt, endAt: lastEndOf(trigger), comment };
    await updateDowntime(sql, one, { change, pastBefore: 0 });
    await changeTriggered(sql, { ...one, ...change });
  }
}

function nameOf({
  host,
  plugin,
  suite,
  subnet,
  labels,
}: Partial<Omit<DowntimeInput, 'children'>>): string {
  return [host, plugin, suite, subnet, labels].filter(Boolean).join(' ') || 'all checks';
}

/** The plan without what it is of. Throws `InvalidInput` naming every wrong field. */
function readPlan(input: DowntimeInput, now: number) {
  const errors: FieldError[] = [];
  const startAt = input.start === undefined ? now : readAt(errors, '/start', input.start);
  if (input.end === undefined) errors.push({ path: '/end', message: 'must be given' });
  const endAt = input.end === undefined ? Number.NaN : readAt(errors, '/end', input.end);
  const { recurrence = '', timeZone = 'UTC', fixed = true, duration = 0 } = input;
  if (endAt <= startAt) errors.push({ path: '/end', message: 'must be after the start' });
  else if (recurrence === '' && endAt <= now) {
    errors.push({ path: '/end', message: 'must be in the future' });
  }
  if (!fixed && duration <= 0) {
    errors.push({ path: '/duration', message: 'must be given when the downtime is not fixed' });
  }
  if (recurrence !== '') {
    const parsed = parseRecurrence(recurrence);
    if (parsed.kind === 'fault') errors.push({ path: '/recurrence', message: parsed.message });
  }
  if (findZone(timeZone) === null) {
    errors.push({ path: '/timeZone', message: `there is no time zone "${timeZone}"` });
  }
  const { children = 'none', triggeredBy = null } = input;
  if (children !== 'none') errors.push(...faultsOfChildren(input, children));
  if (errors.length > 0) throw new InvalidInput(errors);
  return {
    ...{ children, triggeredBy },
    ...{ id: randomUUID(), labels: input.labels ?? '', startAt, endAt, isFixed: fixed },
    allChecks: input.allChecks ?? true,
    ...{ durationMs: Math.round(duration * 1_000), recurrence, timeZone },
    ...{ comment: input.comment ?? '', createdAt: now },
  };
}

function faultsOfChildren(input: DowntimeInput, children: string): FieldError[] {
  const { host, plugin, suite, subnet, labels, recurrence = '' } = input;
  const errors: FieldError[] = [];
  if (!host || plugin || suite || subnet || labels) {
    errors.push({ path: '/children', message: 'can be given with a host, and nothing besides it' });
  }
  if (children === 'triggered' && recurrence !== '') {
    errors.push({ path: '/children', message: 'cannot be triggered by one that recurs' });
  }
  return errors;
}

/** An occurrence that began longer ago is over, whatever becomes of the plan. */
function longestOf({ startAt, endAt, durationMs }: PlannedDowntime): number {
  return endAt - startAt + durationMs;
}

/** What a plan becomes. Throws `Conflict` for what is too late, `InvalidInput` for what cannot be. */
async function readChange(
  sql: Sql,
  { plan, body, now }: { readonly plan: PlannedDowntime; body: DowntimeChange; now: number },
) {
  if (plan.cancelledAt !== null) throw new Conflict('The downtime is cancelled.');
  if (plan.overAt !== null) throw new Conflict('The downtime is over.');
  if (plan.triggeredBy !== null && (body.start ?? body.end) !== undefined) {
    throw new Conflict(`It starts and ends with the downtime ${plan.triggeredBy}: change that.`);
  }
  const errors: FieldError[] = [];
  const startAt = body.start === undefined ? plan.startAt : readAt(errors, '/start', body.start);
  const endAt = body.end === undefined ? plan.endAt : readAt(errors, '/end', body.end);
  const isMoved = startAt !== plan.startAt && errors.length === 0;
  if (isMoved && plan.startAt <= now) {
    throw new Conflict('The downtime has begun, so its start stays.');
  }
  if (isMoved && plan.recurrence !== '' && (await isTold(sql, plan.id))) {
    throw new Conflict(
      'Its first occurrence is near, so its start stays: cancel it, plan another.',
    );
  }
  if (endAt <= startAt) errors.push({ path: '/end', message: 'must be after the start' });
  const [running = startAt] = nearOccurrences(plan, now).starts;
  const runningEndAt = plan.recurrence === '' ? endAt : running + endAt - startAt;
  if (body.end !== undefined && runningEndAt <= now) {
    const message = 'must be in the future, also for the occurrence that is running';
    errors.push({ path: '/end', message });
  }
  if (errors.length > 0) throw new InvalidInput(errors);
  return { startAt, endAt, comment: body.comment ?? plan.comment };
}

async function isTold(sql: Sql, id: string): Promise<boolean> {
  return (await listToldChecks(sql, id, { limit: 1 })).length > 0;
}

function readAt(errors: FieldError[], path: string, text: string): number {
  const at = parseInstant(text);
  const message = 'must be an instant like 2026-11-23T10:00:00Z';
  if (!Number.isFinite(at)) errors.push({ path, message });
  return at;
}

const SELECTORS = {
  host: hostQueries,
  plugin: pluginQueries,
  suite: suiteQueries,
  subnet: subnetQueries,
} as const;

/** The ids of what is named. Throws `InvalidInput` for names that are not there. */
async function readIds(
  sql: Sql,
  input: DowntimeInput,
): Promise<Pick<NewDowntime, 'hostId' | 'pluginId' | 'suiteId' | 'subnetId'>> {
  const errors: FieldError[] = [];
  const find = async (kind: keyof typeof SELECTORS) => {
    const name = input[kind] ?? null;
    if (name === null) return null;
    const queries: ObjectQueries<unknown> = SELECTORS[kind];
    const found = await queries.find(sql, name);
    if (!found) errors.push({ path: `/${kind}`, message: `there is no ${kind} "${name}"` });
    return found?.id ?? null;
  };
  const ids = {
    hostId: await find('host'),
    pluginId: await find('plugin'),
    suiteId: await find('suite'),
    subnetId: await find('subnet'),
  };
  if (errors.length > 0) throw new InvalidInput(errors);
  return ids;
}

function toJson(downtime: PlannedDowntime, now: number): DowntimeJson {
  const { startAt, endAt, isFixed, durationMs, cancelledAt, overAt } = downtime;
  const { starts } = nearOccurrences(downtime, now);
  const next = starts[0] ?? (startAt > now ? startAt : null);
  const isDone = cancelledAt !== null || overAt !== null;
  const { id, host, plugin, suite, subnet, labels, allChecks } = downtime;
  const { recurrence, timeZone, author, comment, checkCount, children, triggeredBy } = downtime;
  return {
    ...{
      id,
      host,
      plugin,
      suite,
      subnet,
      labels,
      allChecks,
      recurrence,
      timeZone,
      author,
      comment,
      children,
      triggeredBy,
    },
    start: formatInstant(startAt),
    end: formatInstant(endAt),
    fixed: isFixed,
    duration: durationMs / 1_000,
    state: stateOf(downtime, next, now),
    nextStart: isDone || next === null ? null : formatInstant(next),
    createdAt: formatInstant(downtime.createdAt),
    checks: checkCount,
    length: (endAt - startAt) / 1_000,
  };
}

function stateOf({ cancelledAt, overAt }: PlannedDowntime, next: number | null, now: number) {
  if (cancelledAt !== null) return 'cancelled';
  if (overAt !== null) return 'over';
  return next !== null && next <= now ? 'active' : 'waiting';
}
