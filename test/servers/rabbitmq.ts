/**
 * A private RabbitMQ in a temporary folder: own node name, cookie, port mapper and data, everything
 * on loopback. It takes about 6 s to start, so test files share one where they can.
 */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { connect } from 'amqplib';
import { findProgram } from '../../scripts/programs.mjs';
import { freePort, type RunningProcess, startProcess, tempFolder, waitFor } from './temp.ts';

/** Debian's `rabbitmq-server` in PATH changes the user; the program behind it does not. */
const SCRIPT_FOLDER = '/usr/lib/rabbitmq/bin';
const START_DEADLINE_MS = 60_000;

/** A RabbitMQ that tests may kill and start again; its data stays meanwhile. */
export interface RabbitmqServer extends AsyncDisposable {
  /** With user and password, default virtual host; also while it is down. */
  readonly url: string;
  readonly port: number;
  /** SIGKILL under whatever load there is; resolves when it is gone. Does nothing when it is. */
  kill(): Promise<void>;
  /** Kills it if it runs, and starts it on the same port and data; resolves when it answers. */
  restart(): Promise<void>;
  /** What it logged since it was started last; warnings and errors. */
  log(): string;
  /** Runs `rabbitmqctl` on it, about 0.5 s; resolves to its output. Throws when it fails. */
  control(...args: string[]): Promise<string>;
}

/** Creates and starts a server. The user may do everything on the virtual host `/`. */
export async function startRabbitmq(): Promise<RabbitmqServer> {
  const folder = await tempFolder();
  const [port, distributionPort, mapperPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const password = `secret${randomBytes(6).toString('hex')}`;
  const url = `amqp://ppalette:${password}@127.0.0.1:${port}/`;
  await writeSettings(folder.path, { port, password });
  const env = environmentOf(folder.path, { distributionPort, mapperPort });
  const mapper = await startProcess(
    findMapper(),
    ['-port', `${mapperPort}`, '-address', '127.0.0.1'],
    { env },
  );
  let node: RunningProcess | undefined;
  const control = async (...args: string[]) => {
    await using run = await startProcess(scriptPath('rabbitmqctl'), args, { env });
    const { code } = await run.exited;
    if (code !== 0) throw new Error(`rabbitmqctl ${args.join(' ')}: ${run.output()}`);
    return run.output();
  };
  const kill = async () => {
    if (node === undefined) return;
    // RabbitMQ 3.10 writes its directory of quorum queues up to 3 s late. A queue that it forgets
    // is lost for good, so without this a test would have to wait after it made one.
    await control('eval', '[dets:sync(Table) || Table <- dets:all()].');
    node.kill();
    await node.exited;
    node = undefined;
  };
  const restart = async () => {
    await kill();
    node = await startProcess(scriptPath('rabbitmq-server'), ['-noinput'], { env });
    await waitUntilReady(node, url);
  };
  const dispose = async () => {
    node?.kill(); // nobody needs its data any more
    await node?.exited;
    await mapper.stop();
    await folder[Symbol.asyncDispose]();
  };
  try {
    await restart();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    url,
    port,
    restart,
    log: () => node?.output() ?? '',
    kill,
    control,
    [Symbol.asyncDispose]: dispose,
  };
}

async function writeSettings(path: string, options: { port: number; password: string }) {
  await mkdir(join(path, 'home'));
  await writeFile(
    join(path, 'rabbitmq.conf'),
    [
      `listeners.tcp.1 = 127.0.0.1:${options.port}`,
      'default_user = ppalette',
      `default_pass = ${options.password}`,
      'disk_free_limit.absolute = 50MB',
      'log.console = true',
      'log.console.level = warning',
      'log.file = false',
    ].join('\n'),
  );
  await writeFile(join(path, 'enabled_plugins'), '[].');
  await writeFile(join(path, 'empty.conf'), '');
}

function environmentOf(
  path: string,
  ports: { distributionPort: number; mapperPort: number },
): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    HOME: join(path, 'home'), // the cookie is made here
    ERL_EPMD_PORT: `${ports.mapperPort}`,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_ALLOW_INPUT: 'true', // the script becomes the node, so that its pid is the node's
    RABBITMQ_NODENAME: `ppalette-${ports.distributionPort}@localhost`,
    RABBITMQ_DIST_PORT: `${ports.distributionPort}`,
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: [
      '-kernel inet_dist_use_interface {127,0,0,1}',
      '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none', // an idle node must not spin
    ].join(' '),
    RABBITMQ_CONFIG_FILE: join(path, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(path, 'none.config'),
    RABBITMQ_CONF_ENV_FILE: join(path, 'empty.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(path, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(path, 'data'),
    RABBITMQ_LOG_BASE: join(path, 'log'),
    RABBITMQ_PID_FILE: join(path, 'pid'),
  };
}

function scriptPath(name: string): string {
  const behindWrapper = join(SCRIPT_FOLDER, name);
  return existsSync(behindWrapper) ? behindWrapper : (findProgram(name) ?? name);
}

/** Erlang's port mapper, by which `rabbitmqctl` finds the node; it must not outlive the test. */
function findMapper(): string {
  return findProgram('epmd') ?? join(dirname(findProgram('erl') ?? ''), 'epmd');
}

async function waitUntilReady(node: RunningProcess, url: string): Promise<void> {
  const gaveUp = node.exited.then(() => {
    throw new Error(`RabbitMQ ended: ${node.output().slice(-2_000)}`);
  });
  const answers = waitFor(
    'RabbitMQ to answer',
    async () => {
      const connection = await connect(url);
      await connection.close();
      return true;
    },
    START_DEADLINE_MS,
  );
  await Promise.race([answers, gaveUp]);
}
