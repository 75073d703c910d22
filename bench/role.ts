/** One process of a benchmarked system: starts the roles it was told, answers with its metrics. */

import { type Role, startApp } from '../src/app/app.ts';
import { loadConfig } from '../src/config/load.ts';
import { systemClock } from '../src/lib/clock.ts';
import { openLog } from '../src/lib/log.ts';

const { config } = await loadConfig({ environment: process.env });
const log = openLog(config.log);
const roles = process.argv.slice(2) as Role[];
const { signal } = new AbortController();
const app = await startApp(config, roles, {
  clock: systemClock,
  random: Math.random,
  log,
  signal,
});
process.on('message', (message) => {
  if (message === 'metrics') void app.metrics.format().then((text) => process.send?.(text));
  if (message === 'stop') void app.stop().then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(1));
process.send?.('ready');
