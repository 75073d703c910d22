/**
 * A batch of inputs of one shard -> states, rows and events. Pure. A result of a host check is one of
 * the check and one of its host; the host comes first, since its state decides what its checks mean.
 */

import type { Insertable } from 'kysely';
import type { HandlerRun } from '../database/queries/event-handlers.ts';
import type { EventEntry } from '../database/queries/events.ts';
import type { HostSight } from '../database/queries/host-neighbours.ts';
import type { HostFacts } from '../database/queries/object-facts.ts';
import type { StateStart } from '../database/queries/state-intervals.ts';
import type { CheckMemoryTable, CheckStateTable, ResultTable } from '../database/schema.ts';
import { assert } from '../lib/assert.ts';
import type { CheckCommand } from '../messages/check-command.ts';
import type { CheckResult } from '../messages/check-result.ts';
import { evaluateService } from '../nagios/state/evaluate-service.ts';
import type { Evaluation, ServiceInput, WantedCheck } from '../nagios/state/evaluation.ts';
import type { HostState, ServiceState } from '../nagios/state/object-state.ts';
import type { ObjectKey } from '../nagios/state/site-dependencies.ts';
import { toResultRow, toStateRow } from './batch-rows.ts';
import { describeChange } from './check-events.ts';
import { describeReport, listWantedRuns } from './handler-runs.ts';
import { type HostTurn, takeHostInput, takeHostResult } from './held-results.ts';
import { type Input, objectIdOf } from './input.ts';
import {
  type KnownMasters,
  keyOf,
  listMasterChecks,
  lookAtMasters,
  lookAtParentChecks,
} from './masters.ts';
import {
  formatMemory,
  type HeldResult,
  NEW_CHECK_MEMORY,
  NEW_HOST_MEMORY,
  type Remembered,
  type RememberedHost,
  toMemoryRow,
} from './memory.ts';
import { lookAtParents } from './parents.ts';
import type { CheckObject, MonitoredObject } from './policies.ts';
import { readCommand, readForHost, readResult } from './read-input.ts';
import { isCountedAlike } from './recount.ts';
import { listStarts, type SilenceFacts, scheduleOf } from './silence.ts';
import { type Site, situationOfCheck, situationOfHost } from './situation.ts';

/** What a batch is evaluated with. */
export interface BatchContext {
  readonly site: Site;
  readonly keepsHistory: boolean;
  /** When the batch came from the broker. */
  readonly collectedAt: number;
  /** Of every input. */
  readonly objects: ReadonlyMap<number, MonitoredObject>;
  /** The parents that may matter. */
  readonly parents: ReadonlyMap<string, HostFacts>;
  /** How these parents are seen from outside. */
  readonly sights: ReadonlyMap<string, HostSight>;
  /** What the batch's objects depend on, as far as it may matter. */
  readonly masters: KnownMasters;
  /** What explains that results stayed out. */
  readonly silence: SilenceFacts;
}

/** What a batch comes to. */
export interface BatchEvaluation {
  readonly states: ReadonlyMap<number, Remembered>;
  readonly stateRows: readonly Insertable<CheckStateTable>[];
  readonly memoryRows: readonly Insertable<CheckMemoryTable>[];
  readonly resultRows: readonly Insertable<ResultTable>[];
  readonly events: readonly EventEntry[];
  readonly stateStarts: readonly StateStart[];
  /** Event handlers that are to be run. */
  readonly handlerRuns: readonly HandlerRun[];
  /** Checks that are wanted before their regular time, and when. */
  readonly wanted: ReadonlyMap<number, number>;
  /** Hosts that went or came back: their neighbours may be wanted. */
  readonly turns: readonly NeighbourTurn[];
  /** Hosts of which a result was judged. */
  readonly checkedHosts: ReadonlySet<string>;
  /** Hosts that wait for their parents now. */
  readonly waitingHosts: ReadonlyMap<string, HostFacts>;
  /** Checks and hosts that count as something else in the totals now. */
  readonly recounted: readonly number[];
  /** Results that changed nothing. */
  readonly repeatedCount: number;
}

/** A host that left UP or came back. */
export interface NeighbourTurn {
  readonly host: HostFacts;
  readonly isLeaving: boolean;
  readonly at: number;
}

/** Applies inputs in their order. Every input's object must be known. */
export function evaluateBatch(
  before: ReadonlyMap<number, Remembered>,
  inputs: readonly Input[],
  context: BatchContext,
): BatchEvaluation {
  const batch = new Batch(before, context);
  for (const input of inputs) batch.take(input);
  return batch.finish();
}

/** What one evaluation is of. */
interface Source {
  readonly id: number;
  readonly host: HostFacts;
  /** Null: the host itself. */
  readonly check: CheckObject | null;
  readonly at: number;
  readonly result: CheckResult | null;
  readonly told: Told;
}

/** What an input says of results that stay out. */
interface Told {
  readonly reason: string;
  /** Null: since now. */
  readonly since: number | null;
}

const NOTHING_TOLD: Told = { reason: '', since: null };

class Batch {
  readonly #context: BatchContext;
  readonly #states: Map<number, Remembered>;
  readonly #stateRows = new Map<number, Insertable<CheckStateTable>>();
  readonly #memoryRows = new Map<number, Insertable<CheckMemoryTable>>();
  readonly #resultRows = new Map<string, Insertable<ResultTable>>();
  /** By object: its next attempt is wanted no longer after a further result. */
  readonly #retries = new Map<number, readonly [checkId: number, at: number]>();
  readonly #demands = new Map<number, number>();
  readonly #events: EventEntry[] = [];
  readonly #stateStarts: StateStart[] = [];
  readonly #handlerRuns: HandlerRun[] = [];
  readonly #turns: NeighbourTurn[] = [];
  readonly #checkedHosts = new Set<string>();
  readonly #waitingHosts = new Map<string, HostFacts>();
  readonly #recounted = new Set<number>();
  #repeatedCount = 0;

  constructor(before: ReadonlyMap<number, Remembered>, context: BatchContext) {
    this.#states = new Map(before);
    this.#context = context;
  }

  take(input: Input): void {
    const object = this.#context.objects.get(objectIdOf(input));
    assert(object, 'the object of every input is known');
    if (input.kind === 'report') this.#events.push(describeReport(input.report));
    else if (input.kind === 'result') this.#takeResult(object, input.result);
    else this.#takeCommand(object, input.command);
  }

  finish(): BatchEvaluation {
    const wanted = new Map(this.#demands);
    for (const [checkId, at] of this.#retries.values()) want(wanted, checkId, at);
    return {
      states: this.#states,
      stateRows: [...this.#stateRows.values()],
      memoryRows: [...this.#memoryRows.values()],
      resultRows: [...this.#resultRows.values()],
      events: this.#events,
      stateStarts: this.#stateStarts,
      handlerRuns: this.#handlerRuns,
      wanted,
      turns: this.#turns,
      checkedHosts: this.#checkedHosts,
      waitingHosts: this.#waitingHosts,
      recounted: [...this.#recounted],
      repeatedCount: this.#repeatedCount,
    };
  }

  #takeResult(object: MonitoredObject, result: CheckResult): void {
    const { host } = object;
    if (object.kind === 'host') {
      if (!this.#takeHostResult(host, result)) this.#repeatedCount++;
      return;
    }
    const isHostCheck = host.hostCheck?.checkId === object.id;
    if (isHostCheck && result.isSkipped !== true) this.#takeHostResult(host, result);
    const { finishedAt: at, state } = result;
    const isCounted = this.#takeCheckInput(object, readResult(result), {
      result,
      told: NOTHING_TOLD,
    });
    if (!isCounted) {
      this.#repeatedCount++;
      // Late, but it is history all the same.
      this.#keepResult(result, this.#rowOf(object.id, state, result));
      return;
    }
    const { state: hostState } = this.#memoryOfHost(host);
    if (hostState.flapRecordedAt === null) return;
    this.#recordTurn(host, NOTHING_TOLD, () =>
      takeHostInput(this.#sceneOf(host), this.#memoryOfHost(host), { kind: 'serviceChecked', at }),
    );
  }

  #takeCommand(object: MonitoredObject, { at, command }: CheckCommand): void {
    const { host } = object;
    const told =
      command.kind === 'notMeasured'
        ? { reason: command.reason, since: command.since ?? null }
        : NOTHING_TOLD;
    const takeAsHost = (given: CheckCommand['command']) =>
      this.#recordTurn(host, told, () =>
        takeHostInput(this.#sceneOf(host), this.#memoryOfHost(host), readCommand(given, at)),
      );
    if (object.kind === 'host') {
      takeAsHost(command);
      return;
    }
    this.#takeCheckInput(object, readCommand(command, at), { result: null, told });
    if (host.hostCheck?.checkId !== object.id) return;
    const ofHost = readForHost(command, this.#memoryOfHost(host).state);
    if (ofHost !== null) takeAsHost(ofHost);
  }

  #takeCheckInput(
    object: CheckObject,
    input: ServiceInput,
    { result, told }: Pick<Source, 'result' | 'told'>,
  ): boolean {
    const { id, host } = object;
    const former = this.#states.get(id) ?? NEW_CHECK_MEMORY;
    assert(former.kind === 'check', 'an id is that of a check or of a host');
    const parents = this.#parentsOf(host);
    const key = keyOf(object);
    const around = {
      host: this.#memoryOfHost(host),
      parents,
      parentChecks: lookAtParentChecks(key, this.#context.masters, (one) => this.#states.get(one)),
      dependencies: this.#dependenciesOf(key),
      hostDependencies: this.#dependenciesOf({ hostId: host.id, pluginId: null }),
    };
    const situation = situationOfCheck(object, this.#context.site, around);
    const evaluation = evaluateService(situation, former.state, input);
    if (!evaluation.hasEffect) return false;
    const source = { id, host, check: object, at: input.at, result, told };
    this.#record(source, former.state, evaluation);
    const { state } = evaluation;
    const memory = formatMemory('check', state, null);
    this.#remember(id, { kind: 'check', state, memory, revision: revise(former, memory) });
    return true;
  }

  #takeHostResult(host: HostFacts, result: CheckResult): boolean {
    return this.#recordTurn(host, NOTHING_TOLD, () =>
      takeHostResult(this.#sceneOf(host), this.#memoryOfHost(host), result),
    );
  }

  /** Whether the input had an effect. */
  #recordTurn(host: HostFacts, told: Told, take: () => HostTurn): boolean {
    const id = host.objectId;
    const former = this.#memoryOfHost(host);
    const { steps, held, wantedChecks } = take();
    const counted = steps.filter(({ evaluation }) => evaluation.hasEffect);
    if (counted.length === 0 && held === former.held) return false;
    for (const { before, evaluation, at, result } of counted) {
      this.#record({ id, host, check: null, at, result, told }, before, evaluation);
      if (result !== null) this.#checkedHosts.add(host.id);
    }
    const state = counted.at(-1)?.evaluation.state ?? former.state;
    if (held !== null && held !== former.held) this.#want(host, wantedChecks, held);
    const memory = formatMemory('host', state, held);
    this.#remember(id, { kind: 'host', state, held, memory, revision: revise(former, memory) });
    if (held !== null || state.waitsUntil !== null) this.#waitingHosts.set(host.id, host);
    else this.#waitingHosts.delete(host.id);
    return true;
  }

  #want(host: HostFacts, wantedChecks: readonly WantedCheck[], { result }: HeldResult): void {
    for (const what of wantedChecks) this.#demand(what, host, result.finishedAt);
  }

  /** Rows, events and wanted checks of one evaluation. */
  #record(
    source: Source,
    before: ServiceState | HostState,
    evaluation: Evaluation<ServiceState> | Evaluation<HostState>,
  ): void {
    const { id, host, check, at, result, told } = source;
    const { state, retryAt, wantedChecks } = evaluation;
    const output = result?.output ?? '';
    const { maxCheckAttempts, eventHandler } = (check === null ? host : check.check).policy;
    if (!isCountedAlike<string>(before, state)) this.#recounted.add(id);
    if (result !== null) {
      const row = this.#rowOf(id, state.state, result);
      this.#keepResult(result, row);
      this.#stateRows.set(id, toStateRow(row, state, maxCheckAttempts));
    }
    const change = {
      id,
      host: host.name,
      plugin: check?.check.plugin ?? null,
      kind: check === null ? 'host' : 'service',
      at,
      output,
      maxCheckAttempts,
      before,
      evaluation,
      eventHandler,
      hostState: this.#memoryOfHost(host).state.state,
    } as const;
    this.#events.push(...describeChange(change));
    this.#handlerRuns.push(...listWantedRuns(change, this.#context.site.semantics));
    const schedule = result && scheduleOf(check ?? { kind: 'host', id, host }, before);
    const { reason, since } = told;
    const begun = { id, at, output, reason, since, before, after: state, schedule };
    this.#stateStarts.push(...listStarts(begun, this.#context.silence));
    const ownCheckId = check === null ? (host.hostCheck?.checkId ?? null) : id;
    if (retryAt !== null && ownCheckId !== null) this.#retries.set(id, [ownCheckId, retryAt]);
    else if (result !== null) this.#retries.delete(id);
    for (const what of wantedChecks) this.#demand(what, check ?? host, at);
  }

  #demand(what: WantedCheck, of: CheckObject | HostFacts, at: number): void {
    const host = 'check' in of ? of.host : of;
    switch (what) {
      case 'itself':
        // Who says that a result is too old forces the check as well (red/freshness.ts).
        break;
      case 'host':
        if (host.hostCheck !== null) want(this.#demands, host.hostCheck.checkId, at);
        break;
      case 'parents':
        for (const parentId of host.parentIds) {
          const hostCheck = this.#context.parents.get(parentId)?.hostCheck ?? null;
          if (hostCheck !== null) want(this.#demands, hostCheck.checkId, at);
        }
        break;
      case 'neighboursOfLeaving':
      case 'neighboursOfReturning':
        this.#turns.push({ host, isLeaving: what === 'neighboursOfLeaving', at });
        break;
      case 'masters':
        for (const checkId of listMasterChecks(keyOf(of), this.#context.masters)) {
          want(this.#demands, checkId, at);
        }
        break;
    }
  }

  #rowOf(id: number, state: ServiceState['state'] | HostState['state'], result: CheckResult) {
    return toResultRow({ id, state, result, collectedAt: this.#context.collectedAt });
  }

  #keepResult(result: CheckResult, row: Insertable<ResultTable>): void {
    if (!this.#context.keepsHistory || !result.keepHistory) return;
    this.#resultRows.set(`${row.check_id}-${row.scheduled_at}`, row);
  }

  #remember(id: number, remembered: Remembered): void {
    const former = this.#states.get(id);
    this.#states.set(id, remembered);
    if (remembered.revision === (former?.revision ?? 0)) return;
    this.#memoryRows.set(id, toMemoryRow(id, remembered));
  }

  #memoryOfHost({ objectId }: HostFacts): RememberedHost {
    const known = this.#states.get(objectId) ?? NEW_HOST_MEMORY;
    assert(known.kind === 'host', 'an id is that of a check or of a host');
    return known;
  }

  #sceneOf(host: HostFacts) {
    const parents = this.#parentsOf(host);
    const dependencies = this.#dependenciesOf(keyOf(host));
    const situation = situationOfHost(host, this.#context.site, parents, dependencies);
    return { situation, parents, objectId: host.objectId };
  }

  #dependenciesOf(key: ObjectKey) {
    return lookAtMasters(key, this.#context.masters, (id) => this.#states.get(id));
  }

  #parentsOf(host: HostFacts) {
    return lookAtParents(host, this.#context, (parent) => {
      const known = this.#states.get(parent.objectId);
      return known?.kind === 'host' ? known : undefined;
    });
  }
}

/** The number of a memory: one that has changed is written, and known by a higher one. */
function revise(former: Remembered, memory: string): number {
  return former.revision + (memory === former.memory ? 0 : 1);
}

function want(wanted: Map<number, number>, checkId: number, at: number): void {
  wanted.set(checkId, Math.min(at, wanted.get(checkId) ?? at));
}
