/** Completion at a tab in each shell that there is a script for, with names of a running server. */

import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRunningSite } from '../running-site.ts';
import { needs } from '../servers/needs.ts';
import { PPADM, runPpadm } from '../servers/program.ts';
import { type TempFolder, tempFolder } from '../servers/temp.ts';

let site: Awaited<ReturnType<typeof openRunningSite>>;
let folder: TempFolder;
let environment: Record<string, string>;
beforeAll(async () => {
  site = await openRunningSite();
  folder = await tempFolder();
  const bin = join(folder.path, 'bin');
  await mkdir(bin, { recursive: true });
  await symlink(PPADM, join(bin, 'ppadm'));
  environment = {
    ...{ HOME: folder.path, PATH: `${bin}:${process.env['PATH']}`, TERM: 'vt100' },
    ...{ PPADM_URL: new URL(site.url).origin, PPADM_TOKEN: site.admin },
  };
  await site.call('POST', '/plugins', { name: 'unmistakable', builtin: 'dummy' });
});
afterAll(async () => {
  await site.close();
  await folder[Symbol.asyncDispose]();
});

/** The script for a shell, in a file. */
async function writeScript(shell: string): Promise<string> {
  const run = await runPpadm(['completion', shell], { cwd: folder.path, env: environment });
  expect(run.code).toBe(0);
  const file = join(folder.path, `completion.${shell}`);
  await writeFile(file, run.stdout);
  return file;
}

/** Beside this process, which serves the API: it may not wait for the shell. */
function runShell(shell: string, script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: folder.path, env: environment, timeout: 20_000 };
    execFile(shell, ['-c', script], options, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
}

describe.skipIf(needs('fish'))('fish', () => {
  test('completes the name of an object', async () => {
    const file = await writeScript('fish');
    const found = await runShell('fish', `source ${file}; complete -C 'ppadm get plugin unm'`);
    expect(found.trim()).toBe('unmistakable');
  });
});

describe.skipIf(needs('zsh'))('zsh', () => {
  test('completes the name of an object at a tab', async () => {
    const file = await writeScript('zsh');
    const typed = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'autoload -U compinit; compinit -u -D; source ${file}; echo rea""dy'
zpty -r -m shell answer '*ready*'
zpty -w -n shell $'ppadm get plugin unm\\t'
for round in {1..100}; do
  zpty -r -t shell answer && print -r -- "\${answer}"
  [[ "\${answer}" == *istakable* ]] && break
  sleep 0.1
done
zpty -d shell`;
    expect(await runShell('zsh', typed)).toContain('istakable');
  });
});
