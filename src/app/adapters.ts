/** The embedded/distributed switch: which address or driver means which adapter. */

import { mkdir } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import type { Broker } from '../broker/broker.ts';
import { openMemoryBroker } from '../broker/memory.ts';
import type { Topology } from '../broker/topology.ts';
import type { Config } from '../config/schema.ts';
import type { Database, StatementWatch } from '../database/database.ts';
import { openSqlite } from '../database/sqlite.ts';
import { backoffMs } from '../lib/backoff.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { hidePassword } from '../lib/hide-password.ts';
import type { Log } from '../lib/log.ts';
import { ConfigError, Unavailable } from '../model/errors.ts';
import { openBuiltin } from '../rrd/builtin/builtin.ts';
import { openNoStatistics } from '../rrd/none.ts';
import type { RrdStore } from '../rrd/rrd.ts';
import { openRrdcached } from '../rrd/rrdcached.ts';
import { isRrdtoolInstalled, openRrdtool } from '../rrd/rrdtool.ts';
import { type HelperExecutor, openHelperExecutor } from '../violet/executor/helper.ts';
import type { User } from '../violet/executor/run-as.ts';

/** What every adapter may use. */
export interface AdapterContext {
  readonly clock: Clock;
  /** 0..1 */
  readonly random: () => number;
  readonly log: Log;
  /** Ends waiting for something that is away. */
  readonly signal: AbortSignal;
}

const RETRY = { firstMs: 500, maxMs: 10_000 };

/** Opens the database and waits until it answers. Throws `ConfigError` for an unknown kind of URL. */
export async function openDatabase(
  config: Config,
  context: AdapterContext,
  watch?: StatementWatch,
): Promise<Database> {
  const { url, poolSize } = config.database;
  const scheme = url.slice(0, url.indexOf(':'));
  switch (scheme) {
    case 'sqlite': {
      const path = url.slice('sqlite:'.length);
      if (path !== ':memory:') await makeFolder(dirname(path), 'the database');
      return openSqlite(path, watch);
    }
    case 'postgres':
    case 'postgresql': {
      const { openPostgres } = await import('../database/postgres.ts');
      return waitFor(openPostgres(url, { poolSize, log: context.log, watch }), context);
    }
    case 'mysql':
    case 'mariadb': {
      const { openMariadb } = await import('../database/mariadb.ts');
      const address = url.replace(/^mariadb:/, 'mysql:');
      return waitFor(openMariadb(address, { poolSize, watch }), context);
    }
    default:
      throw new ConfigError(
        `database.url: "${hidePassword(url)}" must begin with sqlite:, postgres:// or mysql://`,
      );
  }
}

async function waitFor(database: Database, context: AdapterContext): Promise<Database> {
  const { clock, log, random, signal } = context;
  for (let failures = 1; ; failures++) {
    try {
      await database.ping();
      if (failures > 1) log.info({ database: database.label }, 'the database is there');
      return database;
    } catch (error) {
      if (signal.aborted || !(error instanceof Unavailable)) {
        await database.close();
        throw error;
      }
      if (failures === 1) {
        log.warn({ reason: error.message, database: database.label }, 'waiting for the database');
      }
      await sleep(clock, backoffMs(RETRY, failures, random), signal);
    }
  }
}

/** Opens the broker; one over the network is waited for. */
export async function openBroker(
  config: Config,
  topology: Topology,
  context: AdapterContext,
): Promise<Broker> {
  const urls = [config.broker.url].flat();
  const [first = ''] = urls;
  if (first === 'memory:') {
    return openMemoryBroker({ clock: context.clock, log: context.log, deadQueue: topology.dead });
  }
  const wrong = urls.find((url) => !/^amqps?:\/\//.test(url));
  if (wrong !== undefined) {
    throw new ConfigError(
      `broker.url: "${hidePassword(wrong)}" must be memory: or begin with amqp:// or amqps://`,
    );
  }
  const { openRabbitmqBroker } = await import('../broker/rabbitmq.ts');
  return openRabbitmqBroker({
    urls,
    deadQueue: topology.dead,
    eventsExchange: topology.events,
    ...context,
  });
}

/** The broker's address for people. */
export function brokerLabel(config: Config): string {
  return [config.broker.url]
    .flat()
    .map((url) => hidePassword(url))
    .join(', ');
}

/** Whether everything must be in this process. */
export function isEmbedded(config: Config): boolean {
  return config.broker.url === 'memory:';
}

/**
 * Opens the statistics by `rrd.driver`; `auto` is rrdcached where `rrd.address` names one, else our own
 * writer. Throws `ConfigError` when a named driver is not there.
 */
export async function openRrd(config: Config, { clock, log }: AdapterContext): Promise<RrdStore> {
  const { driver, dir: folder, address } = config.rrd;
  if (driver === 'none') return openNoStatistics(log);
  if (driver === 'rrdcached' || (driver === 'auto' && address !== '')) {
    if (address !== '') return openRrdcached({ address, folder, clock, log });
    throw new ConfigError('rrd.driver is rrdcached: rrd.address must say where it listens.');
  }
  if (driver === 'rrdtool' && !(await isRrdtoolInstalled())) {
    throw new ConfigError(
      'rrd.driver is rrdtool, but there is no rrdtool here: install it, or set rrd.driver to auto.',
    );
  }
  await makeFolder(folder, 'the statistics');
  const open = driver === 'rrdtool' ? openRrdtool : openBuiltin;
  return open({ folder, clock, log });
}

/** Nobody compiles these when they start, so always from there, also for tests, which run from the sources. */
const COMPILED = join(
  import.meta.dirname,
  extname(import.meta.filename) === '.ts' ? '../../dist' : '..',
);
const HELPER_FILE = join(COMPILED, 'violet/executor/helper-process.js');
/** The code of threads of probes. */
export const PROBE_THREAD_FILE = join(COMPILED, 'violet/probes/probe-thread.js');

/**
 * Opens what runs plugins, by `violet.executor`; `user` is whom `violet.runAs` means. Throws
 * `ConfigError` when that choice is not to be had, or when plugins may not run as that user.
 */
export async function openExecutor(
  config: Config,
  user: User | null,
  context: AdapterContext,
): Promise<HelperExecutor> {
  const { executor: choice, limits, nice } = config.violet;
  const orNone = (value: number) => (value === 0 ? null : value);
  const executor = await openHelperExecutor({
    ...context,
    file: HELPER_FILE,
    settings: {
      ...{ executor: choice, nice, user, log: config.log },
      limits: {
        cpuS: orNone(limits.cpu),
        memoryBytes: orNone(limits.memory),
        openFiles: orNone(limits.openFiles),
        fileBytes: orNone(limits.fileSize),
        processes: orNone(limits.processes),
      },
    },
  });
  if (executor.kind === 'spawn') {
    context.log.info('plugins are started by posix_spawn in a helper process');
  } else {
    context.log.warn(
      'plugins are started by child_process in a helper process, without violet.limits: posix_spawn needs Linux and the npm package koffi',
    );
  }
  return executor;
}

/** Makes a folder for its user only. Throws `ConfigError` naming folder and remedy. */
export async function makeFolder(path: string, purpose: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o750 });
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ConfigError(
      `Cannot make the folder ${path} for ${purpose} (${reason}): choose another with --data, or let this user write there.`,
    );
  }
}
