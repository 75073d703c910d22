/**
 * The built-in probes alone, each against a target of this process on loopback: how many a second
 * one event loop runs, and what each costs. Beside them the plugin that stands for a process each.
 */

import { fork } from 'node:child_process';
import { readFile, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Table from 'cli-table3';
import { findProgram } from '../scripts/programs.mjs';
import { BUILTIN_NAMES, type BuiltinName } from '../src/model/builtins.ts';
import { startNameServer } from '../test/name-server.ts';
import { mailServer, openProbeTargets, say } from '../test/probe-targets.ts';
import { tempFolder } from '../test/servers/temp.ts';
import type { ProbeMeasurement, ProbeOrder } from './probe-load.ts';

/** What is shown of one probe. */
export interface ProbeRow extends ProbeMeasurement {
  readonly probe: BuiltinName;
  /** Of `ping`: what sends its echoes. */
  readonly way: string;
  readonly atOnce: number;
}

const AT_ONCE = 100;
/** What sends echoes. A program each, which waits for its answers, is not started so often at once. */
const PING_WAYS = [
  { way: 'socket', atOnce: AT_ONCE },
  { way: 'fping', atOnce: 20 },
  { way: 'ping', atOnce: 20 },
] as const;
const OTHER_WAYS = [{ way: '', atOnce: AT_ONCE }] as const;

/** Measures every probe for `spanMs` and prints a table. */
export async function benchProbes(spanMs: number): Promise<ProbeRow[]> {
  const fixtures = join(process.cwd(), 'test/fixtures/tls');
  const [cert, key] = await Promise.all(
    ['server.crt', 'server.key'].map((file) => readFile(join(fixtures, file), 'utf8')),
  );
  await using targets = openProbeTargets();
  await using names = await startNameServer({ zone: { 'one.test A': ['192.0.2.1'] } });
  const web = createServer((_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => web.listen({ port: 0, host: '127.0.0.1' }, resolve));
  const certificate = { cert: cert ?? '', key: key ?? '' };
  const tls = await targets.listenTls(certificate, say(''));
  const ssh = await targets.listen(say('SSH-2.0-OpenSSH_9.2p1\r\n'));
  const mail = await targets.listen(mailServer());
  const webPort = String((web.address() as AddressInfo).port);
  const args: Readonly<Record<BuiltinName, readonly string[]>> = {
    disk: ['-w', '1%', '-c', '1%', '-p', '/'],
    dns: ['-s', '127.0.0.1', '-p', names.port, '-H', 'one.test'],
    dummy: ['0'],
    http: ['-p', webPort, '-s', 'hello'],
    load: ['-w', '10000', '-c', '10000'],
    memory: ['-w', '100', '-c', '100'],
    ping: ['-w', '5000,100%', '-c', '5000,100%', '-p', '1'],
    smtp: ['-p', mail],
    ssh: ['-p', ssh],
    tcp: ['-p', ssh, '-e', 'SSH'],
    tls: ['-p', tls, '--ca-cert', join(fixtures, 'authority.crt')],
  };
  const rows: ProbeRow[] = [];
  for (const probe of BUILTIN_NAMES) {
    for (const { way, atOnce } of probe === 'ping' ? PING_WAYS : OTHER_WAYS) {
      process.stderr.write(`running the probe ${`${probe} ${way}`.trim()} ...\n`);
      await using programs = await tempFolder();
      const program = way === '' ? undefined : findProgram(way);
      if (program !== undefined) await symlink(program, join(programs.path, way));
      rows.push({
        ...{ probe, way, atOnce },
        ...(await measure({
          ...{ name: probe, args: args[probe], atOnce, spanMs, path: programs.path },
          isBySocket: way === 'socket',
        })),
      });
    }
  }
  web.close();
  web.closeAllConnections();
  printRows(rows);
  return rows;
}

function measure(order: ProbeOrder): Promise<ProbeMeasurement> {
  const child = fork(join(import.meta.dirname, 'probe-load.js'));
  child.send(order);
  return new Promise((resolve, reject) => {
    child.once('message', (measurement) => resolve(measurement as ProbeMeasurement));
    child.once('exit', (code) => reject(new Error(`probe ${order.name} ended with ${code}`)));
  });
}

function printRows(rows: readonly ProbeRow[]): void {
  const table = new Table({
    head: ['built-in probe', 'at once', 'checks/s', 'CPU ms', 'loop p99 ms'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      `${row.probe} ${row.way}`.trim(),
      row.atOnce,
      row.runsPerSecond.toFixed(0),
      row.cpuMsPerRun.toFixed(3),
      row.loopDelayP99Ms.toFixed(1),
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}
