/** The probes of violet's own host beside the Debian plugins: same state, text and performance data. */

import { execFileSync } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ProbeRun, runPeer, runProbe, shapeOf } from '../../../test/probing.ts';
import { needs } from '../../../test/servers/needs.ts';
import { tempFolder, waitFor } from '../../../test/servers/temp.ts';

/**
 * Both runs, of a moment in which they had the same to tell: other programs write to the disk and
 * load the machine meanwhile.
 */
async function runBoth(
  name: string,
  args: readonly string[],
  isAlike: (own: ProbeRun, peer: ProbeRun) => boolean,
) {
  let runs: { own: ProbeRun; peer: ProbeRun } | undefined;
  await waitFor('a quiet moment', async () => {
    const before = await runProbe(name, args);
    const peer = await runPeer(name, args);
    const own = await runProbe(name, args);
    runs = { own, peer };
    return before.output !== own.output ? false : isAlike(own, peer);
  }).catch((error: unknown) => {
    // What differs is shown by the expectations.
    if (runs === undefined) throw error;
  });
  if (runs === undefined) throw new Error('nothing was run');
  return runs;
}

const split = (line: string) => line.split(' ').filter((word) => word !== '');
/** Text and values too, not the shape alone. */
const isSame = (own: ProbeRun, peer: ProbeRun) =>
  own.output === peer.output.trim() &&
  JSON.stringify(own.perfdata) === JSON.stringify(peer.perfdata);

describe.skipIf(needs('plugins'))('load as the plugin', () => {
  test.each([
    '-w 1000 -c 2000',
    '-w 1000,900,800 -c 2000,1900,1800',
    '-w 1000,900 -c 2000,1900',
    '-w 0,0,0 -c 1000,1000,1000',
    '-w 0 -c 0',
    '-r -w 1000 -c 2000',
    '-r -w 0 -c 1000',
    '--percpu --warning=0 --critical 0',
    '-w 5 -c 3',
    '-w 1,2,3 -c 1,2,2',
    '-w x -c 1',
    '-w 1',
    '',
    '-Z',
  ])('%s', async (line) => {
    const args = split(line);
    const { own, peer } = await runBoth(
      'load',
      args,
      (one, other) => one.output === other.output.trim() || one.state === 'unknown',
    );
    expect(shapeOf(own)).toEqual(shapeOf(peer));
    if (own.state !== 'unknown') expect(own.output).toBe(peer.output.trim());
  });
});

describe.skipIf(needs('plugins'))('disk as the plugin', () => {
  test.each([
    '-w 10% -c 5% -p /dev/shm',
    '-w 10% -c 5% -p / -p /dev/shm',
    '-w 100% -c 5% -p /dev/shm',
    '-w 100% -c 100% -p /dev/shm',
    '-w 10.5% -c 5% -p /dev/shm',
    '-w 100000000 -c 5% -p /dev/shm -t 5',
    '-w 1 -c 1 -w 10% -p /dev/shm',
    '-w 10% -p /dev/shm',
    '-w 10% -c 5% -p /dev/shm -e',
    '-w 100% -c 5% -p /dev/shm -e',
    '-w 10% -c 5% -W 10% -K 5% -p /dev/shm -P',
    '-W 100% -K 5% -p /dev/shm',
    '-W 100% -K 100% -p /dev/shm',
    '-w 10% -c 5% -p /dev/shm -f',
    '-w 10% -c 5% -p / -f',
    '-w 10% -c 5% -p / -u kB',
    '-w 10% -c 5% -p / -u bytes',
    '-w 10% -c 5% -p / -u GB',
    '-w 10% -c 5% -p / -u TB',
    '-w 10% -c 5% -p / -k',
    '-w 10% -c 5% -p / -m',
    '-w 10% -c 5% -p /dev/shm -M',
    '-w 10% -c 5% -p /dev/shm/absent',
    '-w 10% -c 5% -E -p /tmp/.',
    '-w 10% -c 5% -E -p /dev/shm',
    '-w 10% -c 5% -r shm',
    '-w 10% -c 5% -R SHM',
    '-w 10% -c 5% -r nosuch',
    '-w 10% -c 5% -A -i shm',
    '-w 10% -c 5%',
    '-w 10% -c 5% -l',
    '-w 10% -c 5% -X tmpfs',
    '-w 10% -c 5% -N tmpfs',
    '-w 10% -c 5% -N nosuch',
    '-w 10% -c 5% -x /dev/shm',
    '-w 99% -c 98% -C -w 5% -c 3% -p /dev/shm',
    '-w 10% -c 5% -C -w 99% -c 98% -p /dev/shm -C -w 6% -c 4% -p /',
    '-p /',
    '',
    '-w 10% -c 5% -u x',
    '-Z',
  ])('%s', async (line) => {
    const args = split(line);
    const isText = (run: ProbeRun) => run.state !== 'unknown' && run.perfdata.length > 0;
    const { own, peer } = await runBoth(
      'disk',
      args,
      (one, other) => !isText(one) || isSame(one, other),
    );
    expect(hideWrapped(shapeOf(own))).toEqual(hideWrapped(shapeOf(peer)));
    if (isText(own)) expect(own.output).toBe(peer.output.trim());
    if (isText(own)) expect(valuesOf(own)).toEqual(valuesOf(peer));
  });

  const valuesOf = ({ perfdata }: ProbeRun) => perfdata.map(({ value }) => value);
});

/** A limit above the whole disk wraps around zero in check_disk 2.3.3. */
function hideWrapped({ state, perfdata }: ReturnType<typeof shapeOf>) {
  const clamp = <Range extends { end: number } | null>(range: Range) =>
    range !== null && range.end > 2 ** 63 ? { ...range, end: 0 } : range;
  return {
    state,
    perfdata: perfdata.map((item) => ({ ...item, warn: clamp(item.warn), crit: clamp(item.crit) })),
  };
}

describe('disk', () => {
  test('follows symbolic links, which check_disk does not', async () => {
    await using folder = await tempFolder();
    await symlink('/dev/shm', join(folder.path, 'link'));
    await mkdir(join(folder.path, 'plain'));
    const limits = ['-w', '1%', '-c', '1%'];
    const run = await runProbe('disk', [...limits, '-p', join(folder.path, 'link')]);
    expect(run.perfdata.map(({ label }) => label)).toEqual(['/dev/shm']);
  });

  test('says what is wrong with the arguments', async () => {
    expect(await runProbe('disk', ['-w', '-5', '-p', '/'])).toMatchObject({
      state: 'unknown',
      output: 'DISK UNKNOWN - "-5" is no limit of --warning, such as 500',
    });
  });
});

describe('memory', () => {
  test('has the figures of free', async () => {
    const run = await runProbe('memory', ['-w', '90', '-c', '95']);
    const free = execFileSync('free', ['-b']).toString();
    const [, total] = /^Mem: +(\d+)/m.exec(free) ?? [];
    const [, swap] = /^Swap: +(\d+)/m.exec(free) ?? [];
    expect(run.perfdata).toMatchObject([
      { label: 'used', unit: 'B', min: 0, max: Number(total) },
      { label: 'available', unit: 'B', warn: null, crit: null, max: Number(total) },
      { label: 'swap_used', unit: 'B', max: Number(swap) },
    ]);
    const [used, available] = run.perfdata.map(({ value }) => value ?? 0);
    expect((used ?? 0) + (available ?? 0)).toBe(Number(total));
    expect(run.perfdata[0]?.crit).toBe(String(Math.round(Number(total) * 0.95)));
  });

  test.each([
    ['-w 100 -c 100', 'ok', /^MEMORY OK - \d+\.\d% used: .* of .* used, .* available/],
    ['-w 0 -c 100', 'warning', /^MEMORY WARNING - /],
    ['-w 0 -c 0%', 'critical', /^MEMORY CRITICAL - /],
    ['-f -w 0 -c 0', 'ok', /^MEMORY OK - \d+\.\d% available: /],
    ['-f -w 100 -c 0', 'warning', /available/],
    ['-f -w 100 -c 100', 'critical', /available/],
    ['-w 50', 'unknown', /^MEMORY UNKNOWN - there is no limit: give -c PERCENT$/],
    ['-w x -c 5', 'unknown', /^MEMORY UNKNOWN - "x" is no range of percent/],
  ])('%s is %s', async (line, state, output) => {
    const run = await runProbe('memory', split(line));
    expect(run).toMatchObject({ state, output: expect.stringMatching(output) });
  });
});
