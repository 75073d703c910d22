/**
 * Section 10.2 in violet: a request -> a script of the plugin folders, run as a plugin is: without a
 * shell, macros inside single arguments, a limit on time and output -> what became of it. Those of one
 * check run one after the other, in the order of its changes.
 */

import {
  ACK,
  type Broker,
  type Consumer,
  type Delivery,
  type Settlement,
} from '../broker/broker.ts';
import type { Topology } from '../broker/topology.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Lru } from '../lib/lru.ts';
import type { Metrics } from '../lib/metrics.ts';
import type { Envelope } from '../messages/envelope.ts';
import {
  HANDLER_REPORT,
  HANDLER_REQUEST,
  type HandlerReport,
  type HandlerRequest,
  REPORT_ID_PREFIX,
} from '../messages/event-handler.ts';
import type { Outcome } from '../model/check.ts';
import { PoisonMessage, Unavailable } from '../model/errors.ts';
import { createHostMacros, expandMacros } from '../nagios/macros.ts';
import { splitParams } from './plugins/arguments.ts';
import { type PluginContext, runPlugin } from './plugins/run-plugin.ts';

/** Handlers at the same time; they are few, and must not wait behind checks. */
const CONCURRENCY = 8;
/** Runs remembered, so that one which is delivered again is told again and not run again. */
const MAX_REMEMBERED = 10_000;
const MAX_OUTPUT_LENGTH = 1_000;

/** What handlers are run with. */
export interface EventHandlerOptions {
  /** This worker's id. */
  readonly id: string;
  readonly zones: readonly string[];
  readonly broker: Broker;
  readonly topology: Topology;
  readonly envelope: Envelope;
  readonly plugins: PluginContext;
  /** Values of `$USERn$`, by name without `$`. */
  readonly userMacros: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Starts taking requests of every zone. */
export async function startEventHandlers(
  options: EventHandlerOptions,
): Promise<{ stop(): Promise<void> }> {
  const { broker, topology, envelope, clock, log, metrics } = options;
  const counted = metrics.counter(
    'ppalette_violet_event_handlers_total',
    'Event handlers run, by what became of them.',
    ['outcome'],
  );
  const remembered = new Lru<string, HandlerReport>(MAX_REMEMBERED);

  /** By check: when the last one that was begun has ended. */
  const turns = new Map<number, Promise<unknown>>();
  const inTurn = async <Value>(checkId: number, work: () => Promise<Value>): Promise<Value> => {
    const mine = (turns.get(checkId) ?? Promise.resolve()).then(work);
    const ended = mine.catch(() => {});
    turns.set(checkId, ended);
    try {
      return await mine;
    } finally {
      if (turns.get(checkId) === ended) turns.delete(checkId);
    }
  };

  const runOnce = async (request: HandlerRequest): Promise<HandlerReport> => {
    const outcome = clock.now() >= request.expiresAt ? EXPIRED : await run(request, options);
    const { id, checkId, level, command, at, host, plugin } = request;
    const report = {
      ...{ id, checkId, level, command, at, host: host.name, plugin: plugin.name },
      ...{ worker: options.id, ...describe(outcome) },
    };
    counted.add(1, { outcome: report.outcome });
    log.info({ handler: id, command, outcome: report.outcome, host: host.name }, 'event handler');
    return report;
  };

  /** In turn, so that one which is delivered again while it runs finds what came of it. */
  const runUnlessRun = async (request: HandlerRequest): Promise<HandlerReport> => {
    const report = remembered.get(request.id) ?? (await runOnce(request));
    remembered.set(request.id, report);
    return report;
  };

  const handle = async (delivery: Delivery): Promise<Settlement> => {
    try {
      const request = envelope.open(HANDLER_REQUEST, delivery);
      const report = await inTurn(request.checkId, () => runUnlessRun(request));
      const message = envelope.seal(HANDLER_REPORT, `${REPORT_ID_PREFIX}${request.id}`, report);
      await broker.publish(topology.results(request.shard), message);
      return ACK;
    } catch (error) {
      if (error instanceof Unavailable) return { kind: 'requeue' };
      if (!(error instanceof PoisonMessage)) throw error;
      log.warn({ error, messageId: delivery.id }, 'event handler not understood, dead-lettered');
      return { kind: 'dead', reason: error.message };
    }
  };

  const consumers: Consumer[] = [];
  for (const zone of options.zones) {
    const limit = { concurrency: CONCURRENCY };
    consumers.push(await broker.consumeEach(topology.handlers(zone), limit, handle));
  }
  return {
    async stop() {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    },
  };
}

const EXPIRED = { kind: 'expired' } as const;

async function run(
  { command, host, plugin, macros, timeoutMs }: HandlerRequest,
  { plugins, userMacros }: EventHandlerOptions,
): Promise<Outcome> {
  const split = splitParams(command);
  if ('problem' in split) {
    const detail = `The event handler cannot be split: ${split.problem}.`;
    return { kind: 'notStarted', why: 'refused', detail };
  }
  const ofHost = createHostMacros({ host, plugin, userMacros });
  const lookup = (name: string) => (Object.hasOwn(macros, name) ? macros[name] : ofHost(name));
  // The name of the script is never made of macros.
  const [script = '', ...args] = split.args;
  const expanded = args.map((arg) => expandMacros(arg, lookup));
  return runPlugin({ script, args: expanded, timeoutMs, signal: undefined }, plugins);
}

function describe(
  outcome: Outcome | typeof EXPIRED,
): Pick<HandlerReport, 'outcome' | 'exitCode' | 'output'> {
  const { kind } = outcome;
  switch (kind) {
    case 'exited':
      return {
        outcome: kind,
        exitCode: outcome.exitCode,
        output: cut(outcome.stdout || outcome.stderr),
      };
    case 'expired':
      return { outcome: kind, exitCode: null, output: 'It was too old when a worker took it.' };
    case 'notStarted':
    case 'sshFailed':
      return { outcome: kind, exitCode: null, output: cut(outcome.detail) };
    default:
      return { outcome: kind, exitCode: null, output: cut(outcome.stdout) };
  }
}

function cut(text: string): string {
  return (text.trimStart().split('\n')[0] ?? '').slice(0, MAX_OUTPUT_LENGTH);
}
