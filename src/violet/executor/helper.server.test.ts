import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { processesOfGroup } from '../../../test/process-group.ts';
import { startProcess, tempFolder, waitFor } from '../../../test/servers/temp.ts';
import { createSimulatedClock } from '../../../test/simulated-clock.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { ConfigError, Unavailable } from '../../model/errors.ts';
import { describeExecutor, readPid } from './executor.contract.ts';
import type { Command } from './executor.ts';
import { openHelperExecutor } from './helper.ts';
import type { HelperSettings } from './helper-channel.ts';
import { findUser } from './run-as.ts';

const ROOT = join(import.meta.dirname, '../../..');
const COMPILED = join(ROOT, 'dist/violet/executor');
const NO_LIMITS = {
  ...{ cpuS: null, memoryBytes: null, openFiles: null, fileBytes: null, processes: null },
};
const SETTINGS: HelperSettings = {
  ...{ executor: 'spawn', limits: NO_LIMITS, nice: 0, user: null },
  log: { level: 'error', format: 'json' },
};

const open = (settings: Partial<HelperSettings> = {}, clock: Clock = systemClock) =>
  openHelperExecutor({
    ...{ clock, log: silentLog(), file: join(COMPILED, 'helper-process.js') },
    settings: { ...SETTINGS, ...settings },
  });

const commandOf = (name: string, changes: Partial<Command> = {}): Command => ({
  file: join(ROOT, 'test/fixtures/plugins', name),
  ...{ args: [], env: { PATH: '/usr/bin:/bin' }, cwd: '/' },
  ...{ timeoutMs: 10_000, maxOutputBytes: 1_024, ...changes },
});

/** What the system tells of how it shares out processors; empty where it does not. */
const ownSchedule = readSchedule();
const isBatchKnown = /^policy/m.test(ownSchedule) && ['x64', 'arm64'].includes(process.arch);
const [major = 0, minor = 0] = release().split('.').map(Number);
const isTurnKnown = /^se\.slice/m.test(ownSchedule) && (major > 6 || (major === 6 && minor >= 12));
const SCHED_BATCH = 3;

/** Runs one command in a helper of its own. */
async function runOne(command: Command, settings: Partial<HelperSettings>) {
  const executor = await open(settings);
  try {
    return await executor.run(command);
  } finally {
    await executor.close();
  }
}

const groupEnds = (pid: number) =>
  waitFor('the group to end', async () => (await processesOfGroup(pid)).length === 0 || undefined);

describeExecutor('helper with posix_spawn', () => open());
describeExecutor('helper with child_process', () => open({ executor: 'childProcess' }));

describe('a helper', () => {
  test('says how it starts programs, and takes child_process only when it is told', async () => {
    const kinds = await Promise.all(
      (['auto', 'spawn', 'childProcess'] as const).map(async (choice) => {
        const executor = await open({ executor: choice });
        await executor.close();
        return executor.kind;
      }),
    );
    expect(kinds).toEqual(['spawn', 'spawn', 'childProcess']);
  });

  test('that is killed takes its programs along, hands them back, and is replaced', async () => {
    await using folder = await tempFolder();
    const executor = await open();
    const pidFile = join(folder.path, 'pid');
    const running = executor.run(commandOf('check_hang', { args: [pidFile] }));
    const lost = expect(running).rejects.toThrow(Unavailable);
    const pid = await readPid(pidFile);
    const helper = await parentOf(pid);
    // One that began later and lasted: by then violet has been told of the first.
    await executor.run(commandOf('', { file: '/bin/sleep', args: ['0.2'] }));
    process.kill(helper, 'SIGKILL');
    await lost;
    await groupEnds(pid);
    expect(await executor.run(commandOf('check_silent'))).toMatchObject({ exitCode: 0 });
    await executor.close();
  });
});

test('a helper that says nothing any more is killed with its programs when their time is long over', async () => {
  await using folder = await tempFolder();
  const clock = createSimulatedClock();
  const executor = await open({}, clock);
  const pidFile = join(folder.path, 'pid');
  const timeoutMs = 600_000;
  const running = executor.run(commandOf('check_hang', { args: [pidFile], timeoutMs }));
  const lost = expect(running).rejects.toThrow(/does not answer/);
  const pid = await waitFor('the program to start', async () => {
    // So that what was asked for is written.
    await clock.advance(1);
    return Number(await readFile(pidFile, 'utf8').catch(() => '')) || undefined;
  });
  const helper = await parentOf(pid);
  // One that lasted: by then violet has been told of the other.
  const sleeping = executor.run(commandOf('', { file: '/bin/sleep', args: ['0.2'] }));
  await clock.advance(1);
  await sleeping;
  process.kill(helper, 'SIGSTOP');
  await clock.advance(timeoutMs + 5_000);
  expect(await processesOfGroup(helper)).not.toEqual([]);
  await clock.advance(10_000);
  await lost;
  await groupEnds(helper);
  await groupEnds(pid);
  await executor.close();
});

describe('a violet that is killed', () => {
  test('leaves neither plugins nor helper behind', async () => {
    await using folder = await tempFolder();
    const pidFile = join(folder.path, 'pid');
    await using violet = await startProcess(process.execPath, [
      '--input-type=module',
      '--eval',
      `import { openHelperExecutor } from ${JSON.stringify(join(COMPILED, 'helper.js'))};
       import { systemClock } from ${JSON.stringify(join(ROOT, 'dist/lib/clock.js'))};
       const executor = await openHelperExecutor({
         clock: systemClock,
         log: console,
         file: ${JSON.stringify(join(COMPILED, 'helper-process.js'))},
         settings: ${JSON.stringify(SETTINGS)},
       });
       await executor.run(${JSON.stringify(commandOf('check_hang', { args: [pidFile], timeoutMs: 600_000 }))});`,
    ]);
    const pid = await readPid(pidFile);
    const helper = await parentOf(pid);
    violet.kill();
    await groupEnds(pid);
    await groupEnds(helper);
  });
});

describe('what programs inherit', () => {
  const limits = {
    ...{ cpuS: 7, memoryBytes: 512 * 2 ** 20, openFiles: 99, fileBytes: 1_024_000 },
    processes: null,
  };

  test('limits and umask hold for a program and for what it starts', async () => {
    const outcome = await runOne(commandOf('check_limits'), { limits });
    expect(outcome).toMatchObject({
      stdout: expect.stringMatching(
        /^cpu 7 memory 524288 files 99 size 2000 core 0 umask 0077\nuser \d+ groups [\d ]+ nice \d+\n$/,
      ),
    });
  });

  test('one that spins is ended by its limit of CPU time', async () => {
    const outcome = await runOne(commandOf('check_spins'), { limits: { ...NO_LIMITS, cpuS: 1 } });
    expect(outcome).toMatchObject({ kind: 'signalled', signal: 'SIGXCPU' });
  });

  test('one that wants too much memory does not get it', async () => {
    // It is limited a moment after its start, so it does not ask for memory before.
    const script = 'sleep 0.5; exec dd if=/dev/zero of=/dev/null bs=400M count=1';
    const hungry = { file: '/bin/sh', args: ['-c', script] };
    const outcome = await runOne(commandOf('', hungry), {
      limits: { ...NO_LIMITS, memoryBytes: 100 * 2 ** 20 },
    });
    expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('memory') });
  });

  test.skipIf(process.getuid?.() !== 0)('they run as another user, less urgently', async () => {
    const user = await findUser('nobody');
    const outcome = await runOne(commandOf('check_limits'), { user, nice: 5 });
    const { uid, gid } = user;
    expect(outcome).toMatchObject({
      stdout: expect.stringContaining(`\nuser ${uid} groups ${gid} nice 5\n`),
    });
  });

  test.skipIf(!isBatchKnown)('helper and programs do not interrupt each other', async () => {
    const script = 'cat /proc/$PPID/sched /proc/self/sched';
    const command = { file: '/bin/sh', args: ['-c', script], maxOutputBytes: 65_536 };
    const outcome = await runOne(commandOf('', command), { nice: 5 });
    const valuesOf = (name: string) => {
      const matches =
        'stdout' in outcome ? outcome.stdout.matchAll(RegExp(`^${name} *: *(\\d+)$`, 'gm')) : [];
      return [...matches].map(([, value]) => Number(value));
    };
    expect(valuesOf('policy')).toEqual([SCHED_BATCH, SCHED_BATCH]);
    expect(valuesOf('prio')).toEqual([125, 125]);
    if (isTurnKnown) expect(valuesOf('se\\.slice')).toEqual([20_000_000, 20_000_000]);
  });

  describe.skipIf(process.getuid?.() !== 0)('by a user who may have so many processes', () => {
    // One whom nobody else uses: the limit counts all processes of a user.
    const findOwnUser = () => findUser('games');

    test('one that multiplies comes to its limit, and none of its processes is left', async () => {
      const user = await findOwnUser();
      const processes = 60;
      const limits = { ...NO_LIMITS, processes };
      const executor = await open({ user, limits });
      const bomb = commandOf('check_multiplies', { args: [String(processes)] });
      expect(await executor.run(bomb)).toMatchObject({
        ...{ kind: 'exited', exitCode: 2, stdout: '', stderr: expect.stringMatching(/fork/) },
      });
      await waitFor('its processes to be gone', async () => {
        return (await processesOf(user.uid)).every((name) => name !== 'sleep') || undefined;
      });
      expect(await executor.run(commandOf('check_silent'))).toMatchObject({ exitCode: 0 });
      await executor.close();
    });

    test('one that finds no room is not started, which says why, and the helper lives on', async () => {
      const user = await findOwnUser();
      const executor = await open({ user, limits: { ...NO_LIMITS, processes: 1 } });
      for (let count = 0; count < 3; count++) {
        expect(await executor.run(commandOf('check_silent'))).toMatchObject({
          ...{ kind: 'notStarted', why: 'refused', detail: expect.stringContaining('TasksMax') },
        });
      }
      await executor.close();
    });
  });

  test('a user who is not there is a mistake of the configuration', async () => {
    await expect(findUser('nobody-of-that-name')).rejects.toThrow(ConfigError);
  });
});

function readSchedule(): string {
  try {
    return readFileSync('/proc/self/sched', 'utf8');
  } catch {
    return '';
  }
}

/** Names of the processes of a user. */
async function processesOf(uid: number): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir('/proc')) {
    const status = await readFile(`/proc/${entry}/status`, 'utf8').catch(() => '');
    const [, name, owner] = /^Name:\t(.*)$.*^Uid:\t(\d+)/ms.exec(status) ?? [];
    if (name !== undefined && Number(owner) === uid) names.push(name);
  }
  return names;
}

/** The process that started it. */
async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return Number(/^\d+ \(.*\) \S (\d+)/s.exec(stat)?.[1]);
}
