/** One run of a built-in probe: what is to be probed -> how it ended, in the time that it has. */

import { startDeadline } from '../../lib/deadline.ts';
import type { StopSignal } from '../../lib/stop-signal.ts';
import { BUILTIN_NAMES } from '../../model/builtins.ts';
import type { Outcome } from '../../model/check.ts';
import { Unavailable } from '../../model/errors.ts';
import type { Probe, ServiceContext } from './probe.ts';

/** What is to be probed. */
export interface ProbeOrder extends Pick<ServiceContext, 'host' | 'timeoutMs'> {
  /** The probe's name. */
  readonly builtin: string;
  readonly args: readonly string[];
}

/** A probe that runs. */
export interface ProbeRun {
  /**
   * Rejects with `Unavailable` when the run was stopped or there is nowhere to run it; with anything
   * else for a fault of the probe.
   */
  readonly outcome: Promise<Outcome>;
  /** Nobody wants the outcome any more. */
  stop(): void;
}

/** Starts probes. */
export type StartProbe = (order: ProbeOrder) => ProbeRun;

/** Runs the probes that `find` knows, on this thread. `shared` is what all of them use. */
export function createStartProbe<Context extends ServiceContext>(
  find: (name: string) => Probe<Context> | undefined,
  shared: Omit<Context, keyof ServiceContext> & Pick<ServiceContext, 'clock'>,
): StartProbe {
  return ({ builtin, args, host, timeoutMs }) => {
    const probe = find(builtin);
    if (probe === undefined) return { outcome: Promise.resolve(refuse(builtin)), stop: () => {} };
    const deadline = startDeadline(shared.clock, timeoutMs);
    const { signal } = deadline;
    // Everything of the context: what it has of its own is `shared`, what all have is here.
    const context = { host, timeoutMs, signal, ...shared } as unknown as Context;
    const run = async (): Promise<Outcome> => {
      try {
        // A probe ends by itself when its signal aborts; the slot is free even if one does not.
        const { exitCode, stdout } = await settleOrAbort(probe(args, context), signal);
        return { kind: 'exited', exitCode, stdout, stderr: '', truncated: false };
      } catch (error) {
        if (deadline.hasExpired()) return { kind: 'timedOut', timeoutMs, stdout: '' };
        if (signal.aborted) throw createStopped(builtin);
        throw error;
      } finally {
        deadline.end();
      }
    };
    return { outcome: run(), stop: () => deadline.abort() };
  };
}

/** What a run that nobody wants any more rejects with. */
export function createStopped(builtin: string): Unavailable {
  return new Unavailable('executor', `Probe ${builtin} was ended.`);
}

/** As `work`, or rejects when the signal aborts before. */
function settleOrAbort<Result>(work: Promise<Result>, signal: StopSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    work.then(resolve, reject);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function refuse(builtin: string): Outcome {
  const known = BUILTIN_NAMES.join(', ');
  const detail = `There is no built-in probe "${builtin}": this violet has ${known}.`;
  return { kind: 'notStarted', why: 'refused', detail };
}
