/** Runs a script: finds its file and hands it to the executor -> outcome. */

import type { StopSignal } from '../../lib/stop-signal.ts';
import type { Outcome } from '../../model/check.ts';
import type { Executor } from '../executor/executor.ts';
import type { PluginFolders } from './plugin-folder.ts';

/** What scripts are run with. */
export interface PluginContext {
  readonly executor: Executor;
  readonly pluginFolders: PluginFolders;
  /** All that a plugin sees of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of each of stdout and stderr. */
  readonly maxOutputBytes: number;
}

/** One run, its arguments ready. */
export interface PluginRun {
  /** A name in the plugin folders. */
  readonly script: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
  readonly signal: StopSignal | undefined;
}

/** Nothing that a plugin writes to a relative path lands among the files of violet. */
const WORKING_FOLDER = '/';

/** Runs a script. Rejects with `Unavailable` only, when the run was ended from our side. */
export async function runPlugin(run: PluginRun, context: PluginContext): Promise<Outcome> {
  const { script, args, timeoutMs, signal } = run;
  const { executor, pluginFolders, environment, maxOutputBytes } = context;
  const found = await pluginFolders.find(script);
  if (typeof found !== 'string') return found.problem;
  return executor.run({
    file: found,
    args,
    env: environment,
    cwd: WORKING_FOLDER,
    timeoutMs,
    maxOutputBytes,
    signal,
  });
}
