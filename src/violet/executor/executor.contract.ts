/** What every adapter of the executor promises, as tests with programs that misbehave. */

import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { access, open as openFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { processesOfGroup } from '../../../test/process-group.ts';
import { tempFolder, waitFor } from '../../../test/servers/temp.ts';
import type { Outcome } from '../../model/check.ts';
import { Unavailable } from '../../model/errors.ts';
import { type Command, DRAIN_MS, type Executor, GRACE_MS } from './executor.ts';

const FIXTURES = join(import.meta.dirname, '../../../test/fixtures/plugins');
const TIMEOUT_MS = 400;
/** For starting a process on a busy machine. */
const SLACK_MS = 1_500;

interface Run {
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** Names of programs of its group that live on. */
  readonly left: readonly string[];
}

function commandOf(name: string, changes: Partial<Command> = {}): Command {
  return {
    file: join(FIXTURES, name),
    args: [],
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
    timeoutMs: 10_000,
    maxOutputBytes: 1_024,
    ...changes,
  };
}

async function run(executor: Executor, command: Command): Promise<Run> {
  const startedAt = performance.now();
  const outcome = await executor.run(command);
  const durationMs = performance.now() - startedAt;
  const [group] = /^\d+/.exec('stdout' in outcome ? outcome.stdout : '') ?? [];
  if (group === undefined) return { outcome, durationMs, left: [] };
  // A killed process needs a moment to be gone.
  const left = await waitFor(
    'the group to end',
    async () => {
      const names = await processesOfGroup(Number(group));
      return names.length === 0 ? names : undefined;
    },
    500,
  ).catch(() => processesOfGroup(Number(group)));
  return { outcome, durationMs, left };
}

/** Runs the contract against executors from `open`. */
export function describeExecutor(name: string, open: () => Executor | Promise<Executor>): void {
  const withExecutor = async <Result>(use: (executor: Executor) => Promise<Result>) => {
    const executor = await open();
    try {
      return await use(executor);
    } finally {
      await executor.close();
    }
  };
  const runOne = (command: Command) => withExecutor((executor) => run(executor, command));

  describe(`${name}: programs that misbehave`, () => {
    const timedOut = {
      kind: 'timedOut',
      timeoutMs: TIMEOUT_MS,
      stdout: expect.stringMatching(/^\d+\n$/),
    };
    const exited = (exitCode: number, stdout: unknown) => ({
      ...{ kind: 'exited', exitCode, stdout, stderr: '', truncated: false },
    });
    const pid = expect.stringMatching(/^\d+\n$/);

    test.each<[string, Command, unknown, number]>([
      ['never ends', commandOf('check_hang', { timeoutMs: TIMEOUT_MS }), timedOut, TIMEOUT_MS],
      [
        'ignores SIGTERM',
        commandOf('check_ignores_term', { timeoutMs: TIMEOUT_MS }),
        timedOut,
        TIMEOUT_MS + GRACE_MS,
      ],
      [
        'closes its output and goes on',
        commandOf('check_closes_output', { timeoutMs: TIMEOUT_MS }),
        timedOut,
        TIMEOUT_MS,
      ],
      [
        'leaves a daemon that holds its output',
        commandOf('check_leaves_daemon'),
        exited(1, pid),
        DRAIN_MS,
      ],
      [
        'leaves a daemon of another session that holds its output',
        commandOf('check_leaves_session'),
        exited(1, pid),
        DRAIN_MS,
      ],
      [
        'leaves a child that let go of its output',
        commandOf('check_leaves_quiet_child'),
        exited(0, pid),
        0,
      ],
      ['prints nothing', commandOf('check_silent'), exited(0, ''), 0],
      ['prints no text', commandOf('check_bad_bytes'), exited(0, 'AB\ufffdC\r\n\ufffd'), 0],
      [
        'crashes after good news',
        commandOf('check_dies', { args: ['SEGV'] }),
        { kind: 'signalled', signal: 'SIGSEGV', stdout: 'OK - all is well\n' },
        0,
      ],
      [
        'is killed by somebody',
        commandOf('check_dies', { args: ['KILL'] }),
        { kind: 'signalled', signal: 'SIGKILL' },
        0,
      ],
    ])('one that %s', async (_title, command, expected, untilMs) => {
      const { outcome, durationMs, left } = await runOne(command);
      expect(outcome).toMatchObject(expected as object);
      expect(durationMs).toBeGreaterThanOrEqual(untilMs - 50);
      expect(durationMs).toBeLessThan(untilMs + SLACK_MS);
      expect(left).toEqual([]);
    });

    test('one that floods its output is cut and goes on to its end', async () => {
      const { outcome } = await runOne(commandOf('check_floods'));
      expect(outcome).toEqual({
        ...{ kind: 'exited', exitCode: 1, truncated: true },
        ...{ stdout: 'x'.repeat(1_024), stderr: 'complaint\n' },
      });
    });

    test('a character that the limit cuts in two is left out', async () => {
      const command = { file: '/usr/bin/printf', args: ['%s', 'aé'], maxOutputBytes: 2 };
      const { outcome } = await runOne(commandOf('', command));
      expect(outcome).toMatchObject({ stdout: 'a', truncated: true });
    });
  });

  describe(`${name}: programs that do not start`, () => {
    const long = 'x'.repeat(200_000);
    test.each<[string, Command, string, RegExp]>([
      ['is missing', commandOf('check_absent'), 'missing', /there is no such file/],
      ['lies in a file', commandOf('check_hang/check_x'), 'missing', /there is no such file/],
      ['is not executable', commandOf('check_not_executable'), 'notExecutable', /chmod \+x/],
      ['is a folder', commandOf(''), 'notExecutable', /permission/],
      ['has a bad interpreter', commandOf('check_bad_interpreter'), 'notExecutable', /first line/],
      [
        'has no folder to run in',
        commandOf('check_hang', { cwd: '/absent' }),
        'refused',
        /\/absent/,
      ],
      [
        'gets too long an argument',
        commandOf('check_silent', { args: [long] }),
        'refused',
        /too long/,
      ],
      ['gets NUL', commandOf('check_silent', { args: ['secret\0x'] }), 'refused', /NUL character/],
    ])('one that %s', async (_title, command, why, detail) => {
      const { outcome } = await runOne(command);
      expect(outcome).toEqual({ kind: 'notStarted', why, detail: expect.stringMatching(detail) });
      expect(JSON.stringify(outcome)).not.toContain('secret');
    });
  });

  describe(`${name}: what a program is given`, () => {
    test('its arguments arrive byte by byte, as many as they are', async () => {
      const args = [
        '',
        ' ',
        '-w',
        "'",
        '"',
        '\\',
        '$(id)',
        '`id`',
        '; id > /x',
        'é\u2028😀',
        '\n',
        '*',
        '~',
      ];
      const { outcome } = await runOne(commandOf('check_argv', { args }));
      const lines = args.map((arg) => `${Buffer.from(arg).toString('hex')}\n`);
      expect(outcome).toMatchObject({ exitCode: 0, stdout: lines.join('') });
    });

    test('a text that names no interpreter is run by the shell, as for Nagios', async () => {
      const { outcome } = await runOne(commandOf('check_without_interpreter', { args: ['a b'] }));
      expect(outcome).toMatchObject({ exitCode: 2, stdout: 'a b\n' });
    });

    test('its environment and folder are those of the command, it leads its group, stdin is empty', async () => {
      const env = { PATH: '/usr/bin:/bin', LANG: 'C' };
      const { outcome } = await runOne(commandOf('check_surroundings', { env, cwd: '/usr' }));
      const text = 'stdout' in outcome ? outcome.stdout : '';
      const [path, lang, folder, group, stdin] = text.split('\n');
      expect([path, lang].sort()).toEqual(['LANG=C', 'PATH=/usr/bin:/bin']);
      expect(folder).toBe('folder: /usr');
      expect(group).toMatch(/^group: (\d+) of \1$/);
      expect(stdin).toBe('stdin: ');
    });

    test('it inherits no open file', async () => {
      const file = await openFile(import.meta.filename);
      const { outcome } = await runOne(commandOf('check_surroundings'));
      await file.close();
      const text = 'stdout' in outcome ? outcome.stdout : '';
      expect(text).toContain('\n/dev/null\n');
      expect(text).not.toContain(import.meta.filename);
    });
  });

  describe(`${name}: runs ended from our side`, () => {
    test('aborting kills the program and rejects', async () => {
      await using folder = await tempFolder();
      const pidFile = join(folder.path, 'pid');
      await withExecutor(async (executor) => {
        const abort = new AbortController();
        const command = commandOf('check_hang', { args: [pidFile], signal: abort.signal });
        const running = executor.run(command);
        const pid = await readPid(pidFile);
        abort.abort();
        await expect(running).rejects.toThrow(Unavailable);
        await groupEnds(pid);
        await expect(executor.run(command)).rejects.toThrow(Unavailable);
      });
    });

    test('closing kills what runs and lets nothing new start', async () => {
      await using folder = await tempFolder();
      const pidFile = join(folder.path, 'pid');
      const executor = await open();
      const running = executor.run(commandOf('check_hang', { args: [pidFile] }));
      const refused = expect(running).rejects.toThrow(Unavailable);
      const pid = await readPid(pidFile);
      await executor.close();
      await refused;
      await groupEnds(pid);
      await expect(executor.run(commandOf('check_silent'))).rejects.toThrow(Unavailable);
    });

    test('many at a time do not meet', async () => {
      await withExecutor(async (executor) => {
        const numbers = Array.from({ length: 20 }, (_, index) => String(index));
        const outcomes = await Promise.all(
          numbers.map((number) => executor.run(commandOf('check_argv', { args: [number] }))),
        );
        expect(outcomes).toEqual(
          numbers.map((number) =>
            expect.objectContaining({ stdout: `${Buffer.from(number).toString('hex')}\n` }),
          ),
        );
      });
    });
  });
}

/** Runs what holds for an executor that is in this process. */
export function describeShortage(name: string, open: () => Executor): void {
  test(`${name}: without a free file descriptor the run is refused, and the next one works`, async () => {
    const executor = open();
    const command = commandOf('check_silent');
    const prlimit = (...args: string[]) =>
      execFileSync('prlimit', ['--pid', String(process.pid), ...args]).toString();
    const before = prlimit('--nofile', '--output', 'SOFT', '--noheadings', '--raw').trim();
    prlimit('--nofile=200:');
    const taken: number[] = [];
    try {
      expect(() => {
        for (;;) taken.push(openSync('/dev/null', 'r'));
      }).toThrow('EMFILE');
      expect(await executor.run(command)).toMatchObject({
        ...{ kind: 'notStarted', why: 'refused', detail: expect.stringContaining('LimitNOFILE') },
      });
    } finally {
      for (const file of taken) closeSync(file);
      prlimit(`--nofile=${before}:`);
    }
    expect(await executor.run(command)).toMatchObject({ kind: 'exited', exitCode: 0 });
    await executor.close();
  });
}

/** What was killed is gone in a moment. */
function groupEnds(group: number): Promise<unknown> {
  return waitFor('the group to end', async () => (await processesOfGroup(group)).length === 0);
}

/** The number that a program of this contract has written to a file. */
export function readPid(file: string): Promise<number> {
  return waitFor('the program to start', async () => {
    await access(file);
    return Number(await readFile(file, 'utf8')) || undefined;
  });
}
