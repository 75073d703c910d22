/** What happened to a check or host, as entries of the log of events. */

import type { EventEntry } from '../database/queries/events.ts';
import type { CheckStateName } from '../model/check.ts';
import type { HostStateName } from '../model/host-state.ts';
import { isSent } from '../nagios/notification/decide.ts';
import type { NotificationDecision } from '../nagios/notification/notification.ts';
import type { Evaluation, StateEvent } from '../nagios/state/evaluation.ts';
import type { HostState, ServiceState } from '../nagios/state/object-state.ts';

/** What an input made of a check or host. */
export interface CheckChange {
  readonly id: number;
  readonly host: string;
  /** Null: the host itself. */
  readonly plugin: string | null;
  readonly at: number;
  /** Of the result; empty for other inputs. */
  readonly output: string;
  readonly maxCheckAttempts: number;
  readonly before: ServiceState | HostState;
  readonly evaluation: Evaluation<ServiceState> | Evaluation<HostState>;
}

const NO_ENTRIES: readonly EventEntry[] = [];

/** The events of a change, in the order in which they happened. */
export function describeChange(change: CheckChange): readonly EventEntry[] {
  const { evaluation, before } = change;
  const { state, events, notifications } = evaluation;
  const isKnown = before.scheduledAt !== null;
  if (isKnown && events.length === 0 && notifications.length === 0) return NO_ENTRIES;
  const entries = events.flatMap((event) => describeEvent(change, event));
  const isFirst = !isKnown && state.scheduledAt !== null;
  if (isFirst && !events.some(({ kind }) => kind === 'alert')) {
    entries.push(describeState(change, { ...HEALTHY, state: state.state }));
  }
  // That a problem is still not told of is no news; each of its results decides it again.
  const isDecided = before.waitsUntil !== null && state.waitsUntil === null;
  const hasNews = entries.length > 0 || isDecided;
  const news = hasNews ? notifications : notifications.filter(isSent);
  return [...entries, ...news.map((decision) => describeDecision(change, decision))];
}

const HEALTHY = { stateType: 'hard', attempt: 1, cause: 'change' } as const;

function describeEvent(change: CheckChange, event: StateEvent): EventEntry[] {
  switch (event.kind) {
    case 'alert':
      return [describeState(change, event)];
    case 'flappingStarted':
    case 'flappingStopped':
    case 'flappingDisabled': {
      const action = event.kind.slice('flapping'.length).toLowerCase();
      return [describe(change, 'flapping', { action, percent: event.percent })];
    }
    case 'acknowledged':
      return [describe(change, 'acknowledgement', { action: 'set', id: event.id })];
    case 'acknowledgementEnded':
      return [describe(change, 'acknowledgement', { action: event.why, id: event.id })];
    case 'downtimeStarted':
    case 'downtimeEnded':
    case 'downtimeCancelled':
    case 'downtimeExpired':
    case 'downtimeRefused': {
      const action = event.kind.slice('downtime'.length).toLowerCase();
      return [describe(change, 'downtime', { action, id: event.id })];
    }
    case 'notMeasured':
    case 'measured':
    case 'stale':
      return [describe(change, 'measurement', { action: event.kind })];
  }
}

function describeState(
  change: CheckChange,
  {
    state,
    stateType,
    attempt,
    cause,
  }: { state: CheckStateName | HostStateName; stateType: string; attempt: number; cause: string },
): EventEntry {
  const { before, output, maxCheckAttempts } = change;
  const from = before.scheduledAt === null ? 'pending' : before.state;
  const facts = { from, to: state, stateType, attempt, maxCheckAttempts, cause, output };
  return describe(change, 'stateChange', facts);
}

function describeDecision(change: CheckChange, decision: NotificationDecision): EventEntry {
  const { type, state, reason, explanation, number } = decision;
  const facts = { about: type, state, isDue: isSent(decision), reason, explanation, number };
  return describe(change, 'notification', facts);
}

function describe(
  { id, host, plugin, at }: CheckChange,
  type: EventEntry['type'],
  facts: Readonly<Record<string, unknown>>,
): EventEntry {
  const names = plugin === null ? { host } : { host, plugin };
  return { at, type, checkId: id, payload: { ...names, ...facts } };
}
