/**
 * Step 4 of a check's path: a request -> how its run ended. Chooses among the ways to run
 * something; whatever a plugin or a target does is an `Outcome`.
 */

import type { Clock } from '../lib/clock.ts';
import { startDeadline } from '../lib/deadline.ts';
import { createSlots } from '../lib/slots.ts';
import type { CheckRequest } from '../messages/check-request.ts';
import { BUILTIN_NAMES } from '../model/builtins.ts';
import type { Outcome } from '../model/check.ts';
import { Unavailable } from '../model/errors.ts';
import { createHostMacros } from '../nagios/macros.ts';
import type { Executor } from './executor/executor.ts';
import type { Icmp } from './icmp/icmp.ts';
import { buildArguments } from './plugins/arguments.ts';
import { createMask } from './plugins/mask.ts';
import { type PluginContext, runPlugin } from './plugins/run-plugin.ts';
import { openFileSystems } from './probes/file-systems.ts';
import type { ProbeContext } from './probes/probe.ts';
import { findProbe } from './probes/probes.ts';
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
  readonly clock: Clock;
}

/**
 * Runs one request. Rejects with `Unavailable` when `signal` aborts or the executor is closed: the
 * run says nothing of its target then, and another worker should take it. Rejects for nothing else.
 */
export type Execute = (request: CheckRequest, signal?: AbortSignal) => Promise<Outcome>;

/** Creates the runner of requests. */
export function createExecute(context: ExecuteContext): Execute {
  const mask = createMask(context.userMacros);
  const execute = createRunner(context);
  return async (request, signal) => mask(await execute(request, signal));
}

function createRunner(context: ExecuteContext): Execute {
  const { clock, environment, icmp } = context;
  const programs = createSlots(MAX_PROGRAMS_OF_PROBES);
  const executor: Executor = {
    ...context.executor,
    run: (command) => programs.run(() => context.executor.run(command)),
  };
  const probeContext = { clock, executor, environment, icmp, fileSystems: openFileSystems() };
  return async (request, signal) => {
    const { run, host, plugin, params, timeoutMs, ssh } = request;
    const macros = createHostMacros({ host, plugin, userMacros: context.userMacros });
    const built = buildArguments(params, macros);
    if ('problem' in built) {
      return refuse(`The params of plugin ${plugin.name} cannot be split: ${built.problem}.`);
    }
    const { args } = built;
    if ('builtin' in run) {
      return runProbe({ builtin: run.builtin, args, host, timeoutMs, signal }, probeContext);
    }
    const { script } = run;
    if (ssh === undefined) return runPlugin({ script, args, timeoutMs, signal }, context);
    const target = { ...ssh, address: host.address };
    return runRemote({ target, script, args, timeoutMs, signal }, context);
  };
}

interface ProbeRun extends Pick<CheckRequest, 'host' | 'timeoutMs'> {
  readonly builtin: string;
  readonly args: readonly string[];
  readonly signal: AbortSignal | undefined;
}

async function runProbe(
  run: ProbeRun,
  context: Omit<ProbeContext, 'host' | 'timeoutMs' | 'signal'>,
): Promise<Outcome> {
  const { builtin, args, timeoutMs, signal } = run;
  const probe = findProbe(builtin);
  if (probe === undefined) {
    const known = BUILTIN_NAMES.join(', ');
    return refuse(`There is no built-in probe "${builtin}": this violet has ${known}.`);
  }
  const deadline = startDeadline(context.clock, timeoutMs, signal);
  try {
    // A probe ends by itself when its signal aborts; the slot is free even if one does not.
    const { exitCode, stdout } = await settleOrAbort(
      probe(args, { ...context, host: run.host, timeoutMs, signal: deadline.signal }),
      deadline.signal,
    );
    return { kind: 'exited', exitCode, stdout, stderr: '', truncated: false };
  } catch (error) {
    if (deadline.hasExpired()) return { kind: 'timedOut', timeoutMs, stdout: '' };
    if (signal?.aborted) throw new Unavailable('executor', `Probe ${builtin} was ended.`);
    throw error;
  } finally {
    deadline.end();
  }
}

/** As `work`, or rejects when the signal aborts before. */
function settleOrAbort<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    work.then(resolve, reject);
    const fail = () => reject(signal.reason);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

function refuse(detail: string): Outcome {
  return { kind: 'notStarted', why: 'refused', detail };
}
