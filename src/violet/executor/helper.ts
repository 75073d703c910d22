/**
 * The executor in a process of its own, `helper-process.ts`. Measured against the same executor in
 * the process of violet it costs 50 MB and some 0.03 ms a run, and gives for it that programs of a
 * violet that was killed end, that their user, priority, umask and limits cost nothing at a start,
 * that a fault in native code does not end violet, and that violet may have children of its own.
 *
 * A helper that is lost is replaced at the next run; what it was running is handed back, and killed if
 * it had run for a moment already.
 */

import type { Outcome } from '../../model/check.ts';
import type { Command, Executor } from './executor.ts';
import { type HelperConnection, type HelperOptions, startHelper } from './helper-connection.ts';
import { createStopped } from './run.ts';

/** An executor, and how it starts programs. */
export interface HelperExecutor extends Executor {
  readonly kind: HelperConnection['kind'];
}

/** After a helper that did not start: until another one is tried. */
const RETRY_MS = 1_000;

/** Starts the helper. Throws `ConfigError` when it cannot work as it is told. */
export async function openHelperExecutor(options: HelperOptions): Promise<HelperExecutor> {
  const { clock, log } = options;
  let helper = await startHelper(options);
  let restarting: Promise<void> | null = null;
  let isClosed = false;

  const restart = async () => {
    try {
      helper = await startHelper(options);
      log.warn('the helper process was lost and is replaced');
      restarting = null;
    } catch (error) {
      log.warn({ error }, 'the helper process was lost and another does not start, trying on');
      clock.setTimer(RETRY_MS, () => {
        restarting = null;
      });
      throw error;
    }
  };

  const run = (command: Command): Promise<Outcome> =>
    isClosed || command.signal?.aborted
      ? Promise.reject(createStopped(command))
      : helper.run(command);

  const runAfterRestart = async (command: Command) => {
    try {
      restarting ??= restart();
      await restarting;
    } catch (error) {
      return refuse(command, error);
    }
    return run(command);
  };

  return {
    kind: helper.kind,
    run: (command) => (helper.isLost && !isClosed ? runAfterRestart(command) : run(command)),
    async close() {
      isClosed = true;
      await restarting?.catch(() => undefined);
      await helper.close();
    },
  };
}

function refuse({ file }: Command, error: unknown): Outcome {
  const reason = error instanceof Error ? error.message : String(error);
  const detail = `${file} was not started: the helper process of violet does not start (${reason}).`;
  return { kind: 'notStarted', why: 'refused', detail };
}
