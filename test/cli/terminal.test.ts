/** ppadm on a real terminal: what it redraws, what Ctrl-C leaves, and who sees a token. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openRunningSite } from '../running-site.ts';
import { needs } from '../servers/needs.ts';
import { PPADM } from '../servers/program.ts';
import { type TempFolder, tempFolder, waitFor } from '../servers/temp.ts';

let site: Awaited<ReturnType<typeof openRunningSite>>;
let folder: TempFolder;
let environment: NodeJS.ProcessEnv;
const terminals: ChildProcess[] = [];

beforeAll(async () => {
  site = await openRunningSite();
  folder = await tempFolder();
  environment = {
    ...{ PATH: process.env['PATH'], HOME: folder.path, TERM: 'xterm' },
    ...{ PPADM_URL: new URL(site.url).origin, PPADM_TOKEN: site.admin },
  };
});
afterEach(() => {
  for (const terminal of terminals.splice(0)) terminal.kill('SIGKILL');
});
afterAll(async () => {
  await site.close();
  await folder[Symbol.asyncDispose]();
});

/** What Ctrl-C is to a terminal. */
const CTRL_C = '\u0003';

/** Runs ppadm on a terminal between two looks at its settings; `text` is all that it shows. */
function openTerminal(words: string, env: NodeJS.ProcessEnv = environment) {
  const ppadm = `'${process.execPath}' '${PPADM}' ${words}`;
  const settings = 'echo "<$(stty -g)>"';
  const script = `trap : INT; stty cols 100 rows 30; ${settings}; ${ppadm}; echo "ended $?"; ${settings}`;
  const child = spawn('script', ['-qefc', script, '/dev/null'], {
    cwd: folder.path,
    env: { ...env, SHELL: '/bin/sh' },
  });
  terminals.push(child);
  let text = '';
  child.stdout.on('data', (part) => {
    text += part;
  });
  return {
    read: () => text,
    type: (keys: string) => child.stdin.write(keys),
    async end(): Promise<number> {
      await waitFor('the end', () => [...text.matchAll(/<[^>\n]+>\r/g)].length === 2);
      const [before, after] = [...text.matchAll(/<([^>\n]+)>\r/g)].map(([, one]) => one);
      expect(after).toBe(before);
      const count = (code: string) => text.split(code).length - 1;
      // A cursor that was hidden is shown again, another screen is left.
      expect(count('\u001b[?25l')).toBeLessThanOrEqual(count('\u001b[?25h'));
      expect(count('\u001b[?1049h')).toBe(count('\u001b[?1049l'));
      return Number(/ended (\d+)/.exec(text)?.[1]);
    },
  };
}

const withoutColors = (text: string) => text.replace(/\u001b\[\d+m/g, '');

const INTERRUPTED = 130;

describe.skipIf(needs('script'))('on a terminal', () => {
  test('watch redraws in place: problems above, what happened below; Ctrl-C leaves it as it was', async () => {
    const { name, path } = await site.addCheck();
    const terminal = openTerminal('watch');
    await waitFor('the first picture', () =>
      terminal.read().includes('\u001b[H\u001b[J0 problems'),
    );
    await site.call('POST', `${path}/results?wait=true`, { exitCode: 2, output: 'broken' });
    const picture = await waitFor('the problem', () => {
      const [, last = ''] = /.*\u001b\[H\u001b\[J(.*)$/s.exec(terminal.read()) ?? [];
      return last.startsWith('1 problem at ') && last.includes(`${name}/${name}`) && last;
    });
    expect(withoutColors(picture)).toMatch(/HOST +PLUGIN +STATE/);
    terminal.type(CTRL_C);
    expect(await terminal.end()).toBe(INTERRUPTED);
  });

  test('a wait for a check shows how long it lasts; Ctrl-C ends the wait alone, and says so', async () => {
    const { name } = await site.addCheck({ zone: 'nowhere' });
    const terminal = openTerminal(`run check ${name} ${name} --wait`);
    await waitFor('the line', () => terminal.read().includes(`waiting for ${name} ${name}, `));
    await waitFor('it again, in place', () => /\r\u001b\[2Kwaiting.*1s/.test(terminal.read()));
    terminal.type(CTRL_C);
    expect(await terminal.end()).toBe(INTERRUPTED);
    expect(terminal.read()).toMatch(/\r\u001b\[2KIt runs on; only the wait has ended/);
  });

  test('a discovery shows a bar and what it found', async () => {
    await site.call('POST', '/subnets', { name: 'bar', cidr: '127.0.8.1/32' });
    const terminal = openTerminal('run discovery bar --wait');
    expect(await terminal.end()).toBe(0);
    expect(terminal.read()).toMatch(/bar \[[#.]{30}\] \d+ of 1, \d found/);
    expect(withoutColors(terminal.read())).toMatch(/state +done/);
  });

  test('tables fit, states have colours, and changes have too', async () => {
    const { name, path } = await site.addCheck();
    const output = 'x'.repeat(300);
    await site.call('POST', `${path}/results?wait=true`, { exitCode: 2, output });
    const terminal = openTerminal(`list checks --host ${name}`);
    expect(await terminal.end()).toBe(0);
    expect(terminal.read()).toContain('\u001b[31mcritical');
    const row =
      terminal
        .read()
        .split('\r\n')
        .find((line) => line.includes('xxx')) ?? '';
    expect(withoutColors(row).length).toBeLessThanOrEqual(100);

    await writeFile(join(folder.path, 'new.yaml'), 'kind: Suite\nmetadata: { name: new }\n');
    const apply = openTerminal('apply -f new.yaml --dry-run');
    expect(await apply.end()).toBe(0);
    expect(apply.read()).toContain('\u001b[32m+ suite new');
  });

  test('a token that is typed is not shown, and Ctrl-C at the question leaves the terminal sane', async () => {
    const fresh = { ...environment, PPADM_URL: '', PPADM_TOKEN: '' };
    const url = new URL(site.url).origin;
    const terminal = openTerminal(`login ${url}`, fresh);
    await waitFor('the question', () => terminal.read().includes('Token (it is not shown): '));
    terminal.type(`${site.admin}\r`);
    expect(await terminal.end()).toBe(0);
    expect(terminal.read()).toContain('Logged in');
    expect(terminal.read()).not.toContain(site.admin);

    const left = openTerminal(`login ${url}`, fresh);
    await waitFor('the question', () => left.read().includes('Token (it is not shown): '));
    left.type(CTRL_C);
    expect(await left.end()).not.toBe(0);
  });
});

test('a token that was given as an option is not in the list of processes', async () => {
  const child = spawn(process.execPath, [PPADM, 'watch', '--token', site.admin], {
    cwd: folder.path,
    env: { ...environment, PPADM_TOKEN: '' },
    stdio: 'ignore',
  });
  terminals.push(child);
  const commandLine = () => readFile(`/proc/${child.pid}/cmdline`, 'utf8');
  await waitFor('the title', async () => (await commandLine()).startsWith('ppadm'));
  expect(await commandLine()).not.toContain(site.admin);
  for (const thread of await readdir(`/proc/${child.pid}/task`)) {
    const file = join('/proc', String(child.pid), 'task', thread, 'cmdline');
    expect(await readFile(file, 'utf8')).not.toContain(site.admin);
  }
});

test('a token on an input that does not end is taken, and the program does not wait for more', async () => {
  const child = spawn(process.execPath, [PPADM, 'list', 'hosts', '-o', 'name', '--token', '-'], {
    cwd: folder.path,
    env: { ...environment, PPADM_TOKEN: '' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  terminals.push(child);
  let words = '';
  child.stderr.on('data', (part) => {
    words += String(part);
  });
  const closed = once(child, 'close');
  child.stdin.write(`${site.admin}\n`);
  expect([...(await closed), words]).toEqual([0, null, '']);
});

test('behind a token on the input a command finds its own', async () => {
  const child = spawn(process.execPath, [PPADM, 'apply', '-f', '-', '--token', '-'], {
    cwd: folder.path,
    env: { ...environment, PPADM_TOKEN: '' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  terminals.push(child);
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part) => {
      words += String(part);
    });
  }
  const closed = once(child, 'close');
  child.stdin.end(`${site.admin}\nkind: Suite\nmetadata: { name: piped }\nspec: {}\n`);
  expect([...(await closed), words]).toEqual([0, null, expect.stringContaining('piped')]);
  expect((await site.call('GET', '/suites/piped')).status).toBe(200);
});
