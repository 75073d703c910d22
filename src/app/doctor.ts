/** Looks at all that a service needs from its surroundings: each is well, or there is something to do. */

import { access, constants, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { createTopology } from '../broker/topology.ts';
import type { Config } from '../config/schema.ts';
import { listMigrations } from '../database/migrations/migrate.ts';
import { readServerTime } from '../database/queries/server-time.ts';
import { type Clock, sleep, systemClock } from '../lib/clock.ts';
import { formatInstant } from '../lib/instant.ts';
import { type Log, silentLog } from '../lib/log.ts';
import { findProgram } from '../violet/executor/find-program.ts';
import { openIcmp } from '../violet/icmp/icmp.ts';
import { loadSocketCalls } from '../violet/icmp/socket-calls.ts';
import {
  type AdapterContext,
  brokerLabel,
  isEmbedded,
  openBroker,
  openDatabase,
  openRrd,
} from './adapters.ts';
import { pluginEnvironment } from './violet.ts';

/** What was found of one thing. */
export interface Finding {
  readonly subject: 'data' | 'database' | 'broker' | 'rrd' | 'plugins' | 'icmp' | 'ssh' | 'clock';
  readonly isOk: boolean;
  /** What there is, or what is wrong. */
  readonly text: string;
  /** What to do; null when all is well. */
  readonly remedy: string | null;
}

/** For a broker to answer. */
const PATIENCE_MS = 5_000;
/** For an rrdcached to answer; it is near. */
const DAEMON_ANSWER_MS = 1_000;
/** Leases need no common clock, but instants in tables and files are compared. */
const MAX_SKEW_MS = 2_000;
/** No clock is right that is before this program was made. */
const FIRST_RIGHT_AT = Date.UTC(2026, 0, 1);

/** Looks at everything, one after the other; whatever is wrong is a finding, never an error. */
export async function examine(config: Config, clock: Clock = systemClock): Promise<Finding[]> {
  const lines: string[] = [];
  const log: Log = pino({ level: 'warn' }, { write: (line) => lines.push(line) });
  const now: AdapterContext = { clock, log, random: () => 0, signal: AbortSignal.abort() };
  const soon = { ...now, signal: AbortSignal.timeout(PATIENCE_MS) };
  return [
    await attempt('data', 'Choose another with --data, or let this user write there.', () =>
      examineData(config),
    ),
    await attempt('database', 'Check database.url and that the server runs and lets you in.', () =>
      examineDatabase(config, now),
    ),
    await attempt('broker', 'Check broker.url and that RabbitMQ runs and lets you in.', () =>
      examineBroker(config, soon).catch((error: unknown) => {
        throw new Error(readReason(lines.at(-1)) ?? messageOf(error));
      }),
    ),
    await attempt('rrd', 'Check rrd.driver, rrd.address and rrd.dir.', () =>
      examineStatistics(config, now),
    ),
    await attempt('plugins', 'Install monitoring-plugins, or set violet.pluginPaths.', () =>
      examinePlugins(config),
    ),
    await attempt('icmp', 'Install fping, or permit the socket.', () =>
      examineEchoes(config, clock),
    ),
    await attempt('ssh', 'Make the key readable for the user of violet alone: chmod 600.', () =>
      examineKeys(config),
    ),
    await attempt(
      'clock',
      'Have the time set by chrony or systemd-timesyncd on each machine.',
      () => examineClock(config, now),
    ),
  ];
}

/** Well with the text that `look` resolves to; not when it rejects. */
async function attempt(
  subject: Finding['subject'],
  remedy: string,
  look: () => Promise<string>,
): Promise<Finding> {
  try {
    return { subject, isOk: true, text: await look(), remedy: null };
  } catch (error) {
    const own = error instanceof Trouble ? error.remedy : remedy;
    return { subject, isOk: false, text: messageOf(error), remedy: own };
  }
}

/** Something to do that is not what is to be done in general. */
class Trouble extends Error {
  override name = 'Trouble';
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

async function examineData({ data }: Config): Promise<string> {
  const found = await stat(data).catch(() => null);
  if (found === null) return `${data} is made at the first start`;
  if (!found.isDirectory()) throw new Error(`${data} is not a folder`);
  await access(data, constants.R_OK | constants.W_OK | constants.X_OK);
  return data;
}

async function examineDatabase(config: Config, context: AdapterContext): Promise<string> {
  if (await isUnmadeFile(config)) return 'the file is made at the first start';
  const database = await openDatabase(config, context);
  try {
    const migrations = await listMigrations(database);
    const missing = migrations.filter(({ appliedAt }) => appliedAt === null).length;
    if (missing > 0) {
      const text = `${database.label} lacks ${missing} of ${migrations.length} migrations`;
      throw new Trouble(text, 'Run "ppalette db migrate", or start a service.');
    }
    return `${database.label}, its schema is up to date`;
  } finally {
    await database.close();
  }
}

async function isUnmadeFile({ database: { url } }: Config): Promise<boolean> {
  if (!url.startsWith('sqlite:')) return false;
  return (await stat(url.slice('sqlite:'.length)).catch(() => null)) === null;
}

async function examineBroker(config: Config, context: AdapterContext): Promise<string> {
  if (isEmbedded(config)) return 'in this process (memory:), for "ppalette up" alone';
  const broker = await openBroker(config, createTopology(config.broker), context);
  await broker.close();
  return brokerLabel(config);
}

async function examineStatistics(config: Config, context: AdapterContext): Promise<string> {
  const rrd = await openRrd(config, context);
  try {
    // It asked the daemon when it was opened, and does not tell when it has an answer.
    if (rrd.driver === 'rrdcached') await sleep(context.clock, DAEMON_ANSWER_MS);
    const problem = rrd.problem();
    if (problem !== null && rrd.driver !== 'none') throw new Error(`${rrd.driver}: ${problem}`);
    return problem ?? `${rrd.driver}${config.rrd.driver === 'auto' ? ' (chosen by auto)' : ''}`;
  } finally {
    await rrd.close();
  }
}

async function examinePlugins({ violet }: Config): Promise<string> {
  const counts = await Promise.all(
    violet.pluginPaths.map(async (folder) => [folder, await countPrograms(folder)] as const),
  );
  const used = counts.filter(([, count]) => count > 0);
  if (used.length === 0) {
    throw new Error(`there are no plugins in ${violet.pluginPaths.join(', ')}`);
  }
  return used.map(([folder, count]) => `${count} in ${folder}`).join(', ');
}

async function countPrograms(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const runnable = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const found = await stat(path).catch(() => null);
      if (!found?.isFile()) return false;
      return access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
    }),
  );
  return runnable.filter(Boolean).length;
}

async function examineEchoes({ violet }: Config, clock: Clock): Promise<string> {
  const calls = await loadSocketCalls();
  const icmp = openIcmp({ calls, createToken: () => 0n, clock, log: silentLog() });
  const socket = icmp.socketOf(4);
  icmp.close();
  if ('kind' in socket) return `${socket.kind} socket, without a process`;
  const path = pluginEnvironment(violet.environment, homedir())['PATH'] ?? '';
  const program = (await findProgram('fping', path)) ?? (await findProgram('ping', path));
  if (program !== null) return `${program}, since ${socket.problem}`;
  throw new Error(`neither fping nor ping is installed, and ${socket.problem}`);
}

async function examineKeys({ violet: { ssh } }: Config): Promise<string> {
  const there: string[] = [];
  for (const file of ssh.keys) {
    const found = await stat(file).catch(() => null);
    if (found === null) continue;
    if ((found.mode & 0o077) !== 0) throw new Error(`others may read the private key ${file}`);
    await access(file, constants.R_OK);
    there.push(file);
  }
  if (ssh.agent !== '') {
    const agent = await stat(ssh.agent).catch(() => null);
    if (!agent?.isSocket()) {
      throw new Trouble(
        `there is no agent at ${ssh.agent}`,
        'Start it, or correct violet.ssh.agent.',
      );
    }
    there.push(`the agent at ${ssh.agent}`);
  }
  if (there.length > 0) return there.join(', ');
  return `no key, which only checks over ssh need: ssh-keygen -t ed25519 -N '' -f ${ssh.keys[0] ?? ''}`;
}

async function examineClock(config: Config, context: AdapterContext): Promise<string> {
  const { clock } = context;
  if (clock.now() < FIRST_RIGHT_AT) {
    throw new Error(`it is ${formatInstant(clock.now())}, says this machine`);
  }
  if (config.database.url.startsWith('sqlite:')) return 'nothing to compare it with';
  const database = await openDatabase(config, context);
  try {
    const before = clock.now();
    const serverAt = await readServerTime(database);
    const after = clock.now();
    if (serverAt === null) return 'nothing to compare it with';
    const skewMs = Math.round(serverAt - (before + after) / 2);
    if (Math.abs(skewMs) <= MAX_SKEW_MS)
      return `as that of the database, to ${Math.abs(skewMs)} ms`;
    const direction = skewMs > 0 ? 'behind' : 'ahead of';
    throw new Error(`${Math.abs(skewMs) / 1_000} s ${direction} that of the database`);
  } finally {
    await database.close();
  }
}

/** Why an adapter says that it waits, in what it logged. */
function readReason(line: string | undefined): string | null {
  if (line === undefined) return null;
  const { reason, error, err } = JSON.parse(line) as Record<string, unknown>;
  if (typeof reason === 'string') return reason;
  const failure = (error ?? err) as { message?: string } | undefined;
  return failure?.message ?? null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** One line for each finding, and one below for what to do. */
export function formatFindings(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ subject, isOk, text, remedy }) => {
    const line = `${isOk ? 'ok  ' : 'BAD '}  ${subject.padEnd(8)}  ${text}`;
    return remedy === null ? [line] : [line, `                ${remedy}`];
  });
  return `${lines.join('\n')}\n`;
}
