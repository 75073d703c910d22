/**
 * `npm run bench`: measures one subject after the other, each beside a peer or a limit of the machine
 * in the same run, prints tables and writes bench/results/*.json. `npm run bench -- NAME ...` measures
 * only those, with `--quick` for a shorter time.
 */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openMariadb } from '../src/database/mariadb.ts';
import { openPostgres } from '../src/database/postgres.ts';
import { openSqlite } from '../src/database/sqlite.ts';
import { silentLog } from '../src/lib/log.ts';
import { startMariadb } from '../test/servers/mariadb.ts';
import { startPostgres } from '../test/servers/postgres.ts';
import { tempFolder } from '../test/servers/temp.ts';
import { benchApi } from './api.ts';
import { benchGrey } from './grey.ts';
import { CHECK_DUMMY, MACHINE } from './machine.ts';
import { benchPipeline } from './pipeline.ts';
import { benchProbes } from './probes.ts';
import { benchRrd } from './rrd.ts';
import { benchStart } from './start.ts';
import { benchViolet } from './violet.ts';

const RESULTS = join(process.cwd(), 'bench', 'results');

/** A subject by its name: measures, prints, and gives what is written. */
const SUBJECTS: Readonly<Record<string, (isQuick: boolean) => Promise<unknown>>> = {
  violet: async (isQuick) => ({
    plugins: await benchViolet(
      { file: CHECK_DUMMY, args: ['0', 'hi'] },
      isQuick ? { rounds: 3, spanMs: 600 } : { rounds: 7, spanMs: 1_500 },
    ),
    probes: await benchProbes(isQuick ? 1_000 : 5_000),
  }),
  api: async (isQuick) => {
    await using postgres = await startPostgres();
    await using first = await tempFolder();
    await using second = await tempFolder();
    await postgres.createDatabase('api');
    return await benchApi(
      [
        { name: 'SQLite', folder: first.path, url: `sqlite:${join(first.path, 'bench.db')}` },
        { name: 'PostgreSQL', folder: second.path, url: postgres.url('api') },
      ],
      isQuick ? 20 : 60,
    );
  },
  grey: async (isQuick) => {
    await using postgres = await startPostgres();
    await using mariadb = await startMariadb();
    await using folder = await tempFolder();
    await Promise.all([postgres.createDatabase('grey'), mariadb.createDatabase('grey')]);
    const pool = { poolSize: 4, log: silentLog() };
    return await benchGrey(
      [
        { name: 'SQLite', open: () => openSqlite(join(folder.path, 'bench.db')) },
        { name: 'PostgreSQL', open: async () => openPostgres(postgres.url('grey'), pool) },
        { name: 'MariaDB', open: async () => openMariadb(mariadb.url('grey'), pool) },
      ],
      { checks: 10_000, rounds: isQuick ? 3 : 10 },
    );
  },
  start: (isQuick) => benchStart(isQuick ? 3 : 7),
  rrd: (isQuick) => benchRrd(isQuick ? 1_000 : 2_500),
  pipeline: (isQuick) =>
    benchPipeline(isQuick ? { warmUpS: 4, measureS: 6 } : { warmUpS: 10, measureS: 20 }),
};

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const names = args.filter((arg) => !arg.startsWith('--'));
  const unknown = names.find((name) => !(name in SUBJECTS));
  if (unknown !== undefined) fail(`there is no "${unknown}": ${Object.keys(SUBJECTS).join(', ')}`);
  if (!existsSync(CHECK_DUMMY)) {
    fail('check_dummy is missing: apt install monitoring-plugins-basic');
  }
  const isQuick = args.includes('--quick');
  for (const [name, measure] of Object.entries(SUBJECTS)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const results = await measure(isQuick);
    writeJson(`${name}.json`, { at: new Date(), machine: MACHINE, isQuick, results });
  }
  process.exit(0);
}

function fail(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}

function writeJson(name: string, content: unknown): void {
  mkdirSync(RESULTS, { recursive: true });
  const file = join(RESULTS, name);
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
  process.stdout.write(`written to ${file}\n`);
}
