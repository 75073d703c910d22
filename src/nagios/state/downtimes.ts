/**
 * Section 7: the downtimes of one object: how they begin, end and overlap. The state's depth of
 * downtime is the number of those in effect; people hear of it only when it leaves or reaches zero.
 */

import {
  type DowntimeEntry,
  faultOf,
  isActive,
  isArmed,
  register,
  replan,
  start,
  turnAt,
} from './downtime.ts';
import { type Draft, isProblem, isSettled, notify, settle } from './draft.ts';
import type { Command } from './evaluation.ts';
import { isInDowntime } from './object-state.ts';

/** Downtimes that an object may have at a time; more are refused. */
const MAX_DOWNTIMES = 100;

type DowntimeCommand = Extract<Command, { readonly kind: `${string}Downtime` }>;

/** What people do to downtimes. */
export function applyDowntimeCommand<Name extends string>(
  draft: Draft<Name>,
  command: DowntimeCommand,
): void {
  if (command.kind === 'scheduleDowntime') {
    schedule(draft, command);
    return;
  }
  const { kind, id } = command;
  const entry = draft.state.downtimes.find(({ downtime }) => downtime.id === id);
  if (entry === undefined) {
    // Its registration may have been overtaken, and must not begin what is over.
    if (kind !== 'startDowntime') settle(draft, id);
    return;
  }
  if (kind === 'cancelDowntime') end(draft, entry, 'downtimeCancelled');
  else if (entry.downtime.triggeredBy !== null) followTrigger(draft, entry, kind);
}

function followTrigger<Name extends string>(
  draft: Draft<Name>,
  entry: DowntimeEntry,
  kind: 'startDowntime' | 'endDowntime',
): void {
  if (kind === 'endDowntime') {
    end(draft, entry, isActive(entry) ? 'downtimeEnded' : 'downtimeExpired');
  } else if (!isActive(entry)) {
    begin(draft, entry);
  }
}

/** What is due by time alone. Beginnings come first, so that one that follows another is seamless. */
export function passDowntimes<Name extends string>(draft: Draft<Name>): void {
  const { downtimes } = draft.state;
  if (downtimes.length === 0) return;
  for (const entry of downtimes) {
    if (turnAt(entry, draft.at) === 'start') begin(draft, entry);
  }
  for (const entry of draft.state.downtimes) {
    const turn = turnAt(entry, draft.at);
    if (turn === 'end') end(draft, entry, 'downtimeEnded');
    if (turn === 'expire') end(draft, entry, 'downtimeExpired');
  }
}

/** Begins the flexible downtimes that a problem begins. */
export function beginArmed<Name extends string>(draft: Draft<Name>): void {
  for (const entry of draft.state.downtimes) if (isArmed(entry, draft.at)) begin(draft, entry);
}

function schedule<Name extends string>(
  draft: Draft<Name>,
  { downtime }: Extract<Command, { readonly kind: 'scheduleDowntime' }>,
): void {
  const { downtimes } = draft.state;
  const { id } = downtime;
  if (isSettled(draft.state, id)) return;
  const known = downtimes.find((one) => one.downtime.id === id);
  if (known !== undefined) {
    change(draft, known, replan(known, downtime));
    return;
  }
  const why = downtimes.length >= MAX_DOWNTIMES ? 'tooMany' : faultOf(downtime, draft.at);
  if (why !== null) {
    // A change that comes when all is over is no news.
    const isNews = why !== 'over' || !downtime.revision;
    if (isNews) draft.events.push({ kind: 'downtimeRefused', at: draft.at, id, why });
    settle(draft, id);
    return;
  }
  const entry = register(downtime);
  draft.state = { ...draft.state, downtimes: [...downtimes, entry] };
  beginIfDue(draft, entry);
}

/** One that has started keeps its start, whatever the changed plan says. */
function change<Name extends string>(
  draft: Draft<Name>,
  before: DowntimeEntry,
  after: DowntimeEntry | null,
): void {
  if (after === null) return;
  replace(draft, before, [after]);
  const turn = turnAt(after, draft.at);
  if (turn === 'end') end(draft, after, 'downtimeEnded');
  else if (turn === 'expire') end(draft, after, 'downtimeExpired');
  else beginIfDue(draft, after);
}

function beginIfDue<Name extends string>(draft: Draft<Name>, entry: DowntimeEntry): void {
  if (turnAt(entry, draft.at) === 'start') begin(draft, entry);
  else if (isProblem(draft) && isArmed(entry, draft.at)) begin(draft, entry);
}

function begin<Name extends string>(draft: Draft<Name>, waiting: DowntimeEntry): void {
  const { at } = draft;
  const { id, author, comment } = waiting.downtime;
  const isOutermost = !isInDowntime(draft.state);
  if (isOutermost) notify(draft, 'downtimeStart', { author, comment });
  const entry = start(waiting, at);
  draft.events.push({ kind: 'downtimeStarted', at, id, endsAt: entry.endsAt, isOutermost });
  replace(draft, waiting, [entry]);
}

function end<Name extends string>(
  draft: Draft<Name>,
  entry: DowntimeEntry,
  kind: 'downtimeEnded' | 'downtimeCancelled' | 'downtimeExpired',
): void {
  const { at } = draft;
  const { id, author, comment } = entry.downtime;
  replace(draft, entry, []);
  settle(draft, id);
  if (kind === 'downtimeExpired') {
    draft.events.push({ kind, at, id });
    return;
  }
  const isOutermost = isActive(entry) && !isInDowntime(draft.state);
  draft.events.push({ kind, at, id, isOutermost });
  if (kind === 'downtimeCancelled') {
    if (isActive(entry)) notify(draft, 'downtimeCancelled', { author, comment });
  } else if (isOutermost) {
    notify(draft, 'downtimeEnd', { author, comment });
  }
}

function replace<Name extends string>(
  draft: Draft<Name>,
  entry: DowntimeEntry,
  by: readonly DowntimeEntry[],
): void {
  const downtimes = draft.state.downtimes.flatMap((one) => (one === entry ? by : [one]));
  draft.state = { ...draft.state, downtimes };
}
