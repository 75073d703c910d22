/** What is known of one request -> how far it came, and what it spent its time on. Pure. */

import type { RunTrace, TracedCheck } from '../database/queries/traces.ts';
import type { CheckStateName } from '../model/check.ts';
import type { TrailNote } from './request-trail.ts';

/** How far a request came. */
export type TraceProgress = 'sending' | 'sent' | 'missed' | 'expired' | 'stored';

/** The steps of a request. */
export type TraceStepName =
  | 'due'
  | TrailNote['step']
  | 'received'
  | 'started'
  | 'finished'
  | 'collected';

/** One step; `at` by the clock of `service`. */
export interface TraceStep {
  readonly step: TraceStepName;
  readonly service: 'red' | 'violet' | 'grey';
  readonly at: number;
  /** Since the step that led to it; null for the first. */
  readonly tookMs: number | null;
}

/** The way of a request. */
export interface Trace {
  readonly progress: TraceProgress;
  readonly detail: string;
  readonly worker: string | null;
  readonly state: CheckStateName | null;
  readonly steps: readonly TraceStep[];
  /** By so much at least the clocks of two services differ; null when it does not show. */
  readonly clockDifferenceMs: number | null;
}

/** What a request's way is put together from. */
export interface TraceFacts {
  readonly check: TracedCheck;
  readonly scheduledAt: number;
  /** Undefined when no result of it is stored (any more). */
  readonly run: RunTrace | undefined;
  readonly notes: readonly TrailNote[];
}

/** Puts the way together; undefined when nothing is known of such a request. */
export function describeTrace(facts: TraceFacts): Trace | undefined {
  const { run, check } = facts;
  const progress = findProgress(facts);
  if (progress === undefined) return undefined;
  const steps = listSteps(facts);
  const gapMs = Math.min(0, ...steps.map(({ tookMs }) => tookMs ?? 0));
  return {
    progress,
    detail: explain(progress, run !== undefined, check.zone),
    worker: run?.worker ?? null,
    state: run?.state ?? null,
    steps,
    clockDifferenceMs: gapMs < 0 ? -gapMs : null,
  };
}

function findProgress({ run, notes }: TraceFacts): TraceProgress | undefined {
  if (run) return 'stored';
  const has = (step: TrailNote['step']) => notes.some((note) => note.step === step);
  if (has('stored')) return 'stored';
  if (has('expired')) return 'expired';
  if (has('missed')) return 'missed';
  if (has('confirmed')) return 'sent';
  return has('sent') ? 'sending' : undefined;
}

function explain(progress: TraceProgress, hasResult: boolean, zone: string): string {
  switch (progress) {
    case 'stored':
      return hasResult
        ? 'Its result is stored.'
        : 'Its result was stored, and a newer one took its place; single results are kept of hosts with history.';
    case 'expired':
      return `No worker of the zone "${zone}" began it in time: there is none, or they have more to do than they can.`;
    case 'missed':
      return 'It did not get into its queue: the broker was away or full, or its time had passed when its turn came.';
    case 'sent':
      return `It waits for a worker of the zone "${zone}", or runs, or its result waits for a grey.`;
    case 'sending':
      return 'The broker has not confirmed it yet.';
  }
}

function listSteps({ scheduledAt, run, notes }: TraceFacts): TraceStep[] {
  const noted = (step: TrailNote['step']) => notes.find((note) => note.step === step)?.at ?? null;
  const known: [TraceStepName, TraceStep['service'], number | null][] = [
    ['due', 'red', scheduledAt],
    ['sent', 'red', run?.sentAt ?? noted('sent')],
    ['confirmed', 'red', noted('confirmed')],
    ['missed', 'red', noted('missed')],
    ['expired', 'red', noted('expired')],
    ['received', 'violet', run?.receivedAt ?? null],
    ['started', 'violet', run?.startedAt ?? null],
    ['finished', 'violet', run?.finishedAt ?? null],
    ['collected', 'grey', run?.collectedAt ?? null],
    ['stored', 'red', noted('stored')],
  ];
  const steps: TraceStep[] = [];
  let previousAt: number | null = null;
  for (const [step, service, at] of known) {
    if (at === null) continue;
    steps.push({ step, service, at, tookMs: previousAt === null ? null : at - previousAt });
    // Its worker does not wait for red to hear of the confirm.
    if (step !== 'confirmed') previousAt = at;
  }
  return steps;
}
