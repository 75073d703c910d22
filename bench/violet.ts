/**
 * Running plugins alone: each executor at 1, 10 and 100 at a time, in a process of 50 MB and of
 * 500 MB, beside the machine's own rate of `posix_spawn`. Everything is measured in rounds, one
 * after the other, and the median is shown: what else the machine does meets all alike. A share is that
 * of the mean of the machine's rates directly before and after, since that rate changes by a third
 * within seconds where others use the machine too. The processes stay for all rounds and their code is
 * compiled before, as that of a violet is, which runs for months.
 */

import { execFileSync, fork, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import Table from 'cli-table3';
import { tempFolder } from '../test/servers/temp.ts';
import { measureNagios } from './nagios.ts';
import type { LoadOrder, LoadTask, Measurement, Program } from './violet-load.ts';

/** What is shown of one subject. */
export interface VioletRow {
  readonly subject: string;
  /** Null where the subject chooses. */
  readonly atOnce: number | null;
  readonly residentMb: number | null;
  readonly runsPerSecond: number;
  /** Of the rate of `posix_spawn` just before and after, at as many at a time; null without a compiler. */
  readonly shareOfRaw: number | null;
  readonly cpuMsPerRun: number;
  readonly loopDelayP99Ms: number | null;
}

const AT_ONCE = [1, 10, 100];
const RESIDENT_MB = [50, 500];
const EXECUTORS = [
  ['childProcess', 'child_process in violet'],
  ['posixSpawn', 'posix_spawn in violet'],
  ['helper', 'posix_spawn in a helper (what violet does)'],
] as const;

const RAW = 'posix_spawn alone (C)';

const NAGIOS = {
  ...{ subject: 'Nagios Core 4, all of it', atOnce: null, residentMb: null },
  ...{ shareOfRaw: null, loopDelayP99Ms: null },
};

interface Sample extends Omit<Measurement, 'loopDelayP99Ms'> {
  readonly loopDelayP99Ms: number | null;
  readonly shareOfRaw: number | null;
}

interface Subject {
  readonly name: string;
  readonly atOnce: number;
  readonly residentMb: number | null;
  readonly measure: (spanMs: number) => Promise<Omit<Sample, 'shareOfRaw'>>;
  readonly stop: () => void;
}

/** The C program's part of a subject's time: it needs no time to come up to speed. */
const RAW_SPAN = 1 / 2;

/** Measures everything and prints a table. `rounds` of `spanMs` for each subject. */
export async function benchViolet(
  plugin: Program,
  span: { readonly rounds: number; readonly spanMs: number },
): Promise<VioletRow[]> {
  await using folder = await tempFolder();
  const program = compile(folder.path, 'raw-spawn', []);
  const raws = program === null ? [] : AT_ONCE.map((atOnce) => createRaw(program, plugin, atOnce));
  if (program === null) process.stderr.write('no C compiler: nothing to compare with\n');
  const nothing = compile(folder.path, 'raw-nothing', ['-static', '-nostdlib']);
  const warmUp = nothing === null ? plugin : { file: nothing, args: [] };
  const loads: Subject[] = [];
  process.stderr.write('warming up ...\n');
  for (const [executor, name] of EXECUTORS) {
    for (const residentMb of RESIDENT_MB) {
      const load = await startLoad(name, { executor, residentMb, warmUp });
      loads.push(...AT_ONCE.map((atOnce) => load.createSubject(plugin, atOnce)));
    }
  }
  const subjects = [...raws, ...loads];
  const samples = new Map<Subject, Sample[]>(subjects.map((subject) => [subject, []]));
  for (let round = 1; round <= span.rounds; round++) {
    process.stderr.write(`running plugins, round ${round} of ${span.rounds} ...\n`);
    for (const atOnce of AT_ONCE) {
      const raw = raws.find((subject) => subject.atOnce === atOnce) ?? null;
      const measureRaw = async () => (await raw?.measure(span.spanMs * RAW_SPAN)) ?? null;
      let before = await measureRaw();
      for (const load of loads.filter((subject) => subject.atOnce === atOnce)) {
        const sample = await load.measure(span.spanMs);
        const after = await measureRaw();
        samples.get(load)?.push({ ...sample, shareOfRaw: shareOf(sample, before, after) });
        if (raw !== null && after !== null) samples.get(raw)?.push({ ...after, shareOfRaw: 1 });
        before = after;
      }
    }
  }
  for (const { stop } of loads) stop();
  const rows = subjects.map((subject) => toRow(subject, samples.get(subject) ?? []));
  const nagios = await measureNagios(plugin, span.rounds * span.spanMs);
  if (nagios === null)
    process.stderr.write('no nagios4 to compare with: apt install nagios4-core\n');
  else rows.push({ ...NAGIOS, ...nagios });
  printRows(rows);
  return rows;
}

type Rate = Pick<Sample, 'runsPerSecond'>;

function shareOf(sample: Rate, before: Rate | null, after: Rate | null): number | null {
  if (before === null || after === null) return null;
  return sample.runsPerSecond / ((before.runsPerSecond + after.runsPerSecond) / 2);
}

/** A compiled C program of this folder; null without a compiler. */
function compile(folder: string, name: string, options: readonly string[]): string | null {
  const program = join(folder, name);
  const source = join(process.cwd(), 'bench', `${name}.c`);
  const { status } = spawnSync('cc', ['-O2', ...options, '-o', program, source]);
  return status === 0 ? program : null;
}

function createRaw(program: string, { file, args }: Program, atOnce: number): Subject {
  return {
    ...{ name: RAW, atOnce, residentMb: null, stop: () => undefined },
    async measure(spanMs) {
      const output = execFileSync(program, [String(atOnce), String(spanMs), file, ...args]);
      const [runs = 0, elapsedMs = 0, cpuMs = 0] = output.toString().split(' ').map(Number);
      const runsPerSecond = runs / (elapsedMs / 1_000);
      return { runsPerSecond, cpuMsPerRun: cpuMs / runs, loopDelayP99Ms: null };
    },
  };
}

/** A process that stays for all that is measured of an executor and a size of memory. */
async function startLoad(name: string, order: LoadOrder) {
  const child = fork(join(import.meta.dirname, 'violet-load.js'));
  const ask = (message: LoadOrder | LoadTask) => {
    child.send(message);
    return new Promise<Measurement>((resolve, reject) => {
      const fail = (code: number | null) => reject(new Error(`${name} ended with ${code}`));
      child.once('exit', fail);
      child.once('message', (answer) => {
        child.off('exit', fail);
        resolve(answer as Measurement);
      });
    });
  };
  await ask(order);
  return {
    createSubject: (plugin: Program, atOnce: number): Subject => ({
      ...{ name, atOnce, residentMb: order.residentMb },
      measure: (spanMs) => ask({ ...plugin, atOnce, spanMs }),
      stop: () => child.connected && child.disconnect(),
    }),
  };
}

function toRow(subject: Subject, own: readonly Sample[]): VioletRow {
  const shares = own.flatMap(({ shareOfRaw }) => shareOfRaw ?? []);
  const delays = own.flatMap(({ loopDelayP99Ms }) => loopDelayP99Ms ?? []);
  return {
    subject: subject.name,
    atOnce: subject.atOnce,
    residentMb: subject.residentMb,
    runsPerSecond: median(own.map((sample) => sample.runsPerSecond)),
    shareOfRaw: shares.length === 0 ? null : median(shares),
    cpuMsPerRun: median(own.map((sample) => sample.cpuMsPerRun)),
    loopDelayP99Ms: delays.length === 0 ? null : median(delays),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function printRows(rows: readonly VioletRow[]): void {
  const table = new Table({
    head: ['running plugins', 'at once', 'MB', 'checks/s', 'of raw', 'CPU ms', 'loop p99 ms'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.subject,
      row.atOnce ?? '',
      row.residentMb ?? '',
      row.runsPerSecond.toFixed(0),
      row.shareOfRaw === null ? '' : `${(row.shareOfRaw * 100).toFixed(0)} %`,
      row.cpuMsPerRun.toFixed(2),
      row.loopDelayP99Ms?.toFixed(1) ?? '',
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}
