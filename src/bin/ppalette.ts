#!/usr/bin/env node
/**
 * The services: parses the command line, starts, maps the end to an exit code. Each command loads what
 * it needs when it is used, so that a short one answers at once.
 */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import type { Role } from '../app/app.ts';
import type { AppContext } from '../app/shared.ts';
import { readVersion } from '../app/version.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { formatConfig, formatExample } from '../config/show.ts';
import { systemClock } from '../lib/clock.ts';
import { formatInstant } from '../lib/instant.ts';
import { openLog } from '../lib/log.ts';
import { ConfigError, Unavailable } from '../model/errors.ts';

const EXIT_OK = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

interface CommonOptions {
  readonly config?: string;
  readonly data?: string;
  readonly listen?: string;
}

interface UpOptions extends CommonOptions {
  readonly starter: boolean;
}

const HELP_UP = `
Examples:
  npm start                                  everything on 127.0.0.1:5000, data in ./var
  npm start -- --listen 127.0.0.1:8080       another port
  npm start -- --data /srv/ppalette          another data folder
`;

await main();

async function main(): Promise<void> {
  const program = createProgram();
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = report(error);
  }
}

function createProgram(): Command {
  const program = new Command('ppalette')
    .description('Nagios-compatible monitoring that scales by starting another worker')
    .version(readVersion())
    .exitOverride()
    .showHelpAfterError('(ppalette --help shows the commands)');

  withOptions(program.command('up'))
    .description('run everything in one process: the API, a worker and the collector')
    .option('--listen <host:port>', 'address of the API (default 127.0.0.1:5000)')
    .option('--no-starter', 'do not create the starter site on the first start')
    .addHelpText('after', HELP_UP)
    .action((options: UpOptions) => runUp(options));

  const roles: readonly [Role, string][] = [
    ['red', 'run the schedule and the API'],
    ['violet', 'run a worker; start as many as you like, anywhere'],
    ['grey', 'run a collector of results and statistics'],
  ];
  for (const [role, description] of roles) {
    const command = withOptions(program.command(role)).description(
      `${description} (in the foreground)`,
    );
    if (role === 'red') command.option('--listen <host:port>', 'address of the API');
    command.action((options: CommonOptions) => runRole(role, options));
  }

  const database = program.command('db').description('the database schema');
  withOptions(database.command('migrate'))
    .description('bring the schema up to date')
    .action(runMigrate);
  withOptions(database.command('status'))
    .description('show which migrations are applied')
    .action(showMigrations);

  withOptions(program.command('doctor'))
    .description('look at database, broker, rrd, plugins, ssh keys and clock: ok, or what to do')
    .addOption(
      new Option('-o, --output <format>', 'how it is written')
        .choices(['table', 'json'])
        .default('table'),
    )
    .action(runDoctor);

  const config = program.command('config').description('the configuration');
  withOptions(config.command('check'))
    .description('validate file and environment')
    .action(async (options: CommonOptions) => {
      const { file } = await load(options);
      print(`${file ?? 'built-in defaults'}: ok`);
    });
  withOptions(config.command('show'))
    .description('print the effective configuration, secrets hidden')
    .action(async (options: CommonOptions) => print(formatConfig((await load(options)).config)));
  config
    .command('example')
    .description('print a commented example')
    .action(() => print(formatExample()));
  return program;
}

function withOptions(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file (YAML, TOML or JSON)')
    .option('--data <folder>', 'data folder (default ./var)');
}

function load(options: CommonOptions) {
  return loadConfig({
    file: options.config,
    environment: process.env,
    flags: { data: options.data, 'red.listen': options.listen },
  });
}

async function runUp(options: UpOptions): Promise<void> {
  const { config } = await load(options);
  await run(config, async (context) => {
    const { startUp } = await import('../app/up.ts');
    const up = await startUp(config, context, {
      withStarterSite: options.starter,
      noteFolder: userStateFolder(),
    });
    printWelcome(up.url, up.tokenFile);
    return up;
  });
}

/** Where `ppadm` looks for an instance when it is run from anywhere. */
function userStateFolder(): string {
  const base = process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  return join(base, 'ppalette');
}

function printWelcome(url: string, tokenFile: string): void {
  print(
    [
      '',
      `  ppalette ${readVersion()} is up.`,
      `  API    ${url}/api/v1`,
      `  Token  ${tokenFile}`,
      '',
      '  Try, in another terminal:',
      '    npx ppadm list checks',
      '    npx ppadm add host --address 192.0.2.1 --suite starter',
      '    npx ppadm --help',
      '',
      '  Ctrl-C stops it.',
      '',
    ].join('\n'),
  );
}

async function runRole(role: Role, options: CommonOptions): Promise<void> {
  const { config } = await load(options);
  const { url } = config.broker;
  if (url === 'memory:') {
    throw new ConfigError(
      `broker.url is memory:, which "ppalette ${role}" cannot share with other processes: set it to amqp://..., or use "ppalette up".`,
    );
  }
  const { startApp } = await import('../app/app.ts');
  await run(config, (context) => startApp(config, [role], context));
}

/** Starts, waits for a signal, stops. */
async function run(
  config: Config,
  start: (context: AppContext) => Promise<{ stop(): Promise<void> }>,
): Promise<void> {
  // What services and plugins write is for their user only, unless they say otherwise.
  process.umask(0o077);
  const log = openLog(config.log);
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    let signals = 0;
    const onSignal = (signal: NodeJS.Signals) => {
      signals++;
      if (signals > 1) process.exit(EXIT_FAILED);
      log.info({ signal }, 'stopping; once more ends at once');
      stopping.abort();
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
  const onBug = (error: unknown) => {
    log.error({ error }, 'unexpected failure, ending');
    process.exit(EXIT_FAILED);
  };
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', onBug);

  try {
    const context = { clock: systemClock, random: Math.random, log, signal: stopping.signal };
    const app = await start(context);
    await stopped;
    await app.stop();
    log.info({}, 'stopped');
  } catch (error) {
    // A start that was told to stop while it waited for something has done so.
    if (!stopping.signal.aborted) throw error;
  }
  // Whatever a library left open must not hold up the end.
  process.exit(EXIT_OK);
}

async function runMigrate(options: CommonOptions): Promise<void> {
  const { config } = await load(options);
  const { migrateSchema } = await import('../app/schema.ts');
  const { label, applied } = await migrateSchema(config, openLog(config.log));
  for (const name of applied) print(`applied ${name}`);
  if (applied.length === 0) print(`${label} is up to date`);
}

async function showMigrations(options: CommonOptions): Promise<void> {
  const { config } = await load(options);
  const { listSchemaMigrations } = await import('../app/schema.ts');
  const migrations = await listSchemaMigrations(config, openLog(config.log));
  for (const { name, appliedAt } of migrations) {
    print(`${name}  ${appliedAt === null ? 'missing' : `applied ${formatInstant(appliedAt)}`}`);
  }
  if (migrations.every(({ appliedAt }) => appliedAt !== null)) return;
  process.exitCode = EXIT_FAILED;
  process.stderr.write('The schema is not up to date: run "ppalette db migrate".\n');
}

async function runDoctor(options: CommonOptions & { readonly output: string }): Promise<void> {
  const { examine, formatFindings } = await import('../app/doctor.ts');
  const findings = await examine((await load(options)).config);
  print(options.output === 'json' ? JSON.stringify(findings, null, 2) : formatFindings(findings));
  process.exitCode = findings.every(({ isOk }) => isOk) ? EXIT_OK : EXIT_FAILED;
}

function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Says what went wrong in a line, or with a stack when it is a bug; the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
  if (error instanceof ConfigError) {
    process.stderr.write(`ppalette: ${error.message}\n`);
    return EXIT_USAGE;
  }
  if (error instanceof Unavailable) {
    process.stderr.write(`ppalette: ${error.message}\n`);
    return EXIT_FAILED;
  }
  process.stderr.write(`ppalette: unexpected failure, please report it\n`);
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT_FAILED;
}
