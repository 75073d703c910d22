/** `ppalette up`: every role in this process, with the starter site and a note for `ppadm`. */

import { hostname } from 'node:os';
import type { Config } from '../config/schema.ts';
import { silentLog } from '../lib/log.ts';
import { ConfigError } from '../model/errors.ts';
import { openPluginFolders } from '../violet/plugins/plugin-folder.ts';
import { startApp } from './app.ts';
import { announceInstance, refuseSecondInstance } from './instance.ts';
import type { AppContext } from './shared.ts';
import { ensureStarterSite } from './starter-site.ts';

/** What `up` was asked for. */
export interface UpOptions {
  readonly withStarterSite: boolean;
  /** Where `ppadm` looks for an instance when it is run from anywhere. */
  readonly noteFolder: string;
}

/** A running instance. */
export interface Up {
  readonly url: string;
  readonly tokenFile: string;
  stop(): Promise<void>;
}

/** Starts everything. Throws `ConfigError` when the data folder is in use. */
export async function startUp(
  config: Config,
  context: AppContext,
  options: UpOptions,
): Promise<Up> {
  await refuseSecondInstance(config.data);
  const app = await startApp(config, ['grey', 'violet', 'red'], context);
  if (!app.api) throw new ConfigError('The API did not start.');
  const { url, tokenFile, database, announceChange } = app.api;
  try {
    if (options.withStarterSite) {
      // Violet has said already what is wrong with the folders.
      const quiet = { ...context, log: silentLog() };
      const folders = await openPluginFolders(config.violet.pluginPaths, quiet);
      const version = await ensureStarterSite(database, {
        hostName: hostname(),
        port: Number(new URL(url).port),
        scripts: await folders.list(),
        now: context.clock.now(),
        clock: context.clock,
      });
      if (version !== null) announceChange(version);
    }
    const note = { url, tokenFile, pid: process.pid };
    const withdrawNote = await announceInstance([config.data, options.noteFolder], note);
    return {
      url,
      tokenFile,
      async stop() {
        await withdrawNote();
        await app.stop();
      },
    };
  } catch (error) {
    await app.stop();
    throw error;
  }
}
