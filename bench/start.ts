/**
 * How long people wait for a program to come up: the second `npm start` until it is ready, and the
 * first words of `ppadm`, beside a program that does nothing. Goals: 3 s and 150 ms.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import Table from 'cli-table3';
import { freePort, tempFolder } from '../test/servers/temp.ts';

/** What one kind of start took. */
export interface StartRow {
  readonly what: string;
  readonly medianMs: number;
  readonly maxMs: number;
}

const PPADM = ['dist/bin/ppadm.js'];
const WAIT_MS = 20;
const PATIENCE_MS = 120_000;

/** Measures each start `rounds` times and prints a table. */
export async function benchStart(rounds: number): Promise<StartRow[]> {
  process.stderr.write('starting ...\n');
  const first = await startServer();
  await first.stop();
  const rows = [
    await measure('node, nothing to do', rounds, () => runToEnd(['-e', '0'])),
    await measure('ppadm --version', rounds, () => runToEnd([...PPADM, '--version'])),
    await measure('ppadm --help', rounds, () => runToEnd([...PPADM, '--help'])),
    await measure('npm start, again, until /readyz', rounds, async () => {
      const server = await startServer();
      await server.stop();
      return server.tookMs;
    }),
  ];
  const table = new Table({
    head: ['start', 'median ms', 'max ms'],
    style: { head: [], border: [] },
  });
  for (const { what, medianMs, maxMs } of rows) {
    table.push([what, medianMs.toFixed(0), maxMs.toFixed(0)]);
  }
  process.stdout.write(`${table.toString()}\n`);
  return rows;
}

async function measure(what: string, rounds: number, run: () => Promise<number>) {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push(await run());
  times.sort((a, b) => a - b);
  return { what, medianMs: times[times.length >> 1] ?? 0, maxMs: times.at(-1) ?? 0 };
}

async function runToEnd(args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const code = await ended(child);
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`);
  return performance.now() - startedAt;
}

/** Starts as a user does, on a new site, and waits until it says that it is ready. */
async function startServer(): Promise<{ readonly tookMs: number; stop(): Promise<void> }> {
  const folder = await tempFolder();
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn('npm', ['start', '--silent'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      PPALETTE_DATA: folder.path,
      PPALETTE_RED__LISTEN: `127.0.0.1:${port}`,
      PPALETTE_LOG__LEVEL: 'error',
    },
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended(child);
    await folder[Symbol.asyncDispose]();
  };
  while (!(await isReady(port))) {
    if (child.exitCode !== null || performance.now() - startedAt > PATIENCE_MS) {
      await stop();
      throw new Error('npm start does not become ready');
    }
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
  return { tookMs: performance.now() - startedAt, stop };
}

async function isReady(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
  return answer?.ok ?? false;
}

function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', resolve));
}
