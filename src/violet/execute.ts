/**
 * Step 4 of a check's path: a request -> how its run ended. Chooses among the ways to run
 * something; whatever a plugin or a target does is an `Outcome`.
 */

import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createSlots } from '../lib/slots.ts';
import type { StopSignal } from '../lib/stop-signal.ts';
import type { CheckRequest } from '../messages/check-request.ts';
import type { Outcome } from '../model/check.ts';
import { Unavailable } from '../model/errors.ts';
import { createHostMacros } from '../nagios/macros.ts';
import type { Executor } from './executor/executor.ts';
import type { Icmp } from './icmp/icmp.ts';
import { buildArguments } from './plugins/arguments.ts';
import { createMask, createTextMask } from './plugins/mask.ts';
import { type PluginContext, runPlugin } from './plugins/run-plugin.ts';
import { openFileSystems } from './probes/file-systems.ts';
import { findProbe, isServiceProbe } from './probes/probes.ts';
import {
  createStartProbe,
  createStopped,
  type ProbeOrder,
  type StartProbe,
} from './probes/run-probe.ts';
import { type RemoteContext, runRemote } from './ssh/run-remote.ts';

/**
 * Programs at a time of the few probes that need one; the others wait. Probes have many more slots
 * than programs.
 */
const MAX_PROGRAMS_OF_PROBES = 32;

/** What checks are run with. */
export interface ExecuteContext extends PluginContext, RemoteContext {
  /** Values of `$USERn$`, by name without `$`. Secrets among them are in no outcome. */
  readonly userMacros: Readonly<Record<string, string>>;
  /** For the probe `ping`. */
  readonly icmp: Icmp;
  /** Where probes of services run. Default: here, with all others. */
  readonly startServiceProbe?: StartProbe;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Runs one request. Rejects with `Unavailable` when `signal` aborts or the executor is closed: the
 * run says nothing of its target then, and another worker should take it. Rejects for nothing else.
 */
export type Execute = (request: CheckRequest, signal?: StopSignal) => Promise<Outcome>;

/** Creates the runner of requests. */
export function createExecute(context: ExecuteContext): Execute {
  const mask = createMask(context.userMacros);
  const execute = createRunner(context);
  return async (request, signal) => mask(await execute(request, signal));
}

function createRunner(context: ExecuteContext): Execute {
  const { clock, environment, icmp } = context;
  const programs = createSlots(MAX_PROGRAMS_OF_PROBES);
  const mask = createTextMask(context.userMacros);
  const executor: Executor = {
    ...context.executor,
    run: (command) => programs.run(() => context.executor.run(command)),
  };
  const own = { clock, executor, environment, icmp, fileSystems: openFileSystems() };
  const startHere = createStartProbe(findProbe, own);
  const { startServiceProbe = startHere } = context;
  const startProbe: StartProbe = (order) =>
    isServiceProbe(order.builtin) ? startServiceProbe(order) : startHere(order);
  const probe = async (order: ProbeOrder, signal: StopSignal | undefined): Promise<Outcome> => {
    try {
      return await runProbe(startProbe, order, signal);
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      const { builtin, host } = order;
      const { message, stack = message } =
        error instanceof Error ? error : new Error(String(error));
      const fields = { fault: mask(stack, false), builtin, host: host.name };
      context.log.error(fields, 'a probe has a fault, please report it');
      return refuse(`Probe ${builtin} has a fault, please report it: ${message}.`);
    }
  };
  return async (request, signal) => {
    const { run, host, plugin, params, timeoutMs, ssh } = request;
    const macros = createHostMacros({ host, plugin, userMacros: context.userMacros });
    const built = buildArguments(params, macros);
    if ('problem' in built) {
      return refuse(`The params of plugin ${plugin.name} cannot be split: ${built.problem}.`);
    }
    const { args } = built;
    if ('builtin' in run) {
      const target = { name: host.name, address: host.address };
      return probe({ builtin: run.builtin, args, host: target, timeoutMs }, signal);
    }
    const { script } = run;
    if (ssh === undefined) return runPlugin({ script, args, timeoutMs, signal }, context);
    const target = { address: host.address, ...ssh };
    return runRemote({ target, script, args, timeoutMs, signal }, context);
  };
}

/** Rejects with `Unavailable` when `signal` aborts. */
async function runProbe(
  startProbe: StartProbe,
  order: ProbeOrder,
  signal: StopSignal | undefined,
): Promise<Outcome> {
  if (signal === undefined) return startProbe(order).outcome;
  if (signal.aborted) throw createStopped(order.builtin);
  const { outcome, stop } = startProbe(order);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await outcome;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function refuse(detail: string): Outcome {
  return { kind: 'notStarted', why: 'refused', detail };
}
