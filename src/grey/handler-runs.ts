/** Section 10.2 in grey: which event handlers a change asks for, and what became of them. Pure. */

import type { HandlerRun } from '../database/queries/event-handlers.ts';
import type { EventEntry } from '../database/queries/events.ts';
import type { HandlerReport } from '../messages/event-handler.ts';
import { createHandlerMacros, type HandledChange } from '../nagios/event-handler-macros.ts';
import type { Semantics } from '../nagios/state/semantics.ts';
import type { Input } from './input.ts';

const ID_PREFIX = 'handler:';
const NO_RUNS: readonly HandlerRun[] = [];

/** The runs that a change asks for, in their order; the global handler first. */
export function listWantedRuns(
  change: HandledChange & { readonly id: number; readonly eventHandler: string },
  semantics: Semantics,
): readonly HandlerRun[] {
  const { id: checkId, at, evaluation, kind, eventHandler } = change;
  if (evaluation.eventHandlers.length === 0) return NO_RUNS;
  const macros = createHandlerMacros(change);
  return evaluation.eventHandlers.map((level) => ({
    ...{ at, checkId, level, macros },
    command: level === 'object' ? eventHandler : globalHandlerOf(kind, semantics),
  }));
}

/** The handler of the site; empty: none. */
export function globalHandlerOf(kind: HandledChange['kind'], semantics: Semantics): string {
  const { globalHostEventHandler, globalServiceEventHandler } = semantics;
  return kind === 'host' ? globalHostEventHandler : globalServiceEventHandler;
}

/** How workers know a run. */
export function formatHandlerId(id: number): string {
  return `${ID_PREFIX}${id}`;
}

/** The runs that these inputs tell the end of. */
export function listReportedRuns(inputs: readonly Input[]): number[] {
  return inputs.flatMap((input) =>
    input.kind === 'report' ? [Number(input.report.id.slice(ID_PREFIX.length))] : [],
  );
}

/** What became of a handler, as an event. */
export function describeReport(report: HandlerReport): EventEntry {
  const { at, checkId, host, plugin, level, command, outcome, exitCode, output, worker } = report;
  const names = plugin === '' ? { host } : { host, plugin };
  const payload = { ...names, level, command, outcome, exitCode, output, worker };
  return { at, type: 'eventHandler', checkId, payload };
}
