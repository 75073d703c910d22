/** Nagios Core 4 at its limit: more services of one plugin than it can check, all at once. */

import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { startProcess, tempFolder } from '../test/servers/temp.ts';
import { treeCpuMs } from './tree-cpu.ts';

/** What it achieved. */
export interface NagiosMeasurement {
  readonly runsPerSecond: number;
  /** Of all of Nagios and the plugins. */
  readonly cpuMsPerRun: number;
}

const INTERVAL_S = 2;
/** Twice and more what the fastest machine measured so far can do. */
const SERVICE_COUNT = 10_000;
const WARM_UP_MS = 8_000;
/** Written for each finished check, so that the file's size is their count. */
const MARK = 'x';

/** Runs it for `spanMs` after a warm-up; null when there is no `nagios4` in the PATH. */
export async function measureNagios(
  plugin: { readonly file: string; readonly args: readonly string[] },
  spanMs: number,
): Promise<NagiosMeasurement | null> {
  const folders = ['/usr/sbin', ...(process.env['PATH'] ?? '').split(delimiter)];
  const program = folders.map((folder) => join(folder, 'nagios4')).find(existsSync);
  if (program === undefined) return null;
  await using folder = await tempFolder();
  const counter = join(folder.path, 'checks');
  writeConfiguration(folder.path, counter, [plugin.file, ...plugin.args].join(' '));
  process.stderr.write('Nagios Core 4 ...\n');
  await using nagios = await startProcess(program, [join(folder.path, 'nagios.cfg')]);
  await sleep(systemClock, WARM_UP_MS);
  const countBefore = countChecks(counter, nagios.output());
  const cpuBefore = treeCpuMs(nagios.pid);
  const startedAt = performance.now();
  await sleep(systemClock, spanMs);
  const count = countChecks(counter, nagios.output()) - countBefore;
  const elapsedS = (performance.now() - startedAt) / 1_000;
  return {
    runsPerSecond: count / elapsedS,
    cpuMsPerRun: (treeCpuMs(nagios.pid) - cpuBefore) / count,
  };
}

function countChecks(counter: string, output: string): number {
  if (!existsSync(counter)) throw new Error(`Nagios does not check: ${output}`);
  return statSync(counter).size / `${MARK}\n`.length;
}

function writeConfiguration(folder: string, counter: string, commandLine: string): void {
  mkdirSync(join(folder, 'results'));
  const settings = {
    log_file: join(folder, 'nagios.log'),
    cfg_file: join(folder, 'objects.cfg'),
    object_cache_file: join(folder, 'objects.cache'),
    status_file: join(folder, 'status.dat'),
    lock_file: join(folder, 'nagios.lock'),
    temp_file: join(folder, 'nagios.tmp'),
    temp_path: folder,
    check_result_path: join(folder, 'results'),
    query_socket: join(folder, 'nagios.qh'),
    command_file: join(folder, 'nagios.cmd'),
    ...{ check_external_commands: 0, nagios_user: 'root', nagios_group: 'root' },
    ...{ interval_length: 1, max_concurrent_checks: 0, check_for_updates: 0 },
    ...{ status_update_interval: 60, retain_state_information: 0, use_syslog: 0 },
    ...{ process_performance_data: 1, service_perfdata_file: counter },
    ...{ service_perfdata_file_template: MARK, service_perfdata_file_mode: 'a' },
  };
  writeFileSync(
    join(folder, 'nagios.cfg'),
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const services = Array.from({ length: SERVICE_COUNT }, (_, index) =>
    define('service', { use: 'all', service_description: `s${index}` }),
  );
  const objects = [
    define('command', { command_name: 'plugin', command_line: commandLine }),
    define('timeperiod', { timeperiod_name: 'never', alias: 'never' }),
    define('contact', {
      ...{ contact_name: 'nobody', service_notification_commands: 'plugin' },
      ...{ host_notification_commands: 'plugin', host_notification_period: 'never' },
      service_notification_period: 'never',
    }),
    define('host', {
      ...{ host_name: 'here', address: '127.0.0.1', max_check_attempts: 1, contacts: 'nobody' },
      ...{ check_interval: 0, active_checks_enabled: 0 },
    }),
    define('service', {
      ...{ name: 'all', register: 0, host_name: 'here', check_command: 'plugin' },
      ...{ check_interval: INTERVAL_S, retry_interval: INTERVAL_S, max_check_attempts: 1 },
      ...{ contacts: 'nobody', process_perf_data: 1 },
    }),
    ...services,
  ];
  writeFileSync(join(folder, 'objects.cfg'), objects.join(''));
}

function define(kind: string, fields: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(fields).map(([name, value]) => `  ${name} ${value}\n`);
  return `define ${kind} {\n${lines.join('')}}\n`;
}
