import { symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProcess, type TempFolder, tempFolder } from '../../test/servers/temp.ts';
import { silentLog } from './log.ts';

// Logs go to the stderr of the process, so these tests run a compiled logger in one of its own.
const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
let folder: TempFolder;

beforeAll(async () => {
  folder = await tempFolder();
  await symlink(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'));
  await writeFile(join(folder.path, 'package.json'), '{ "type": "module" }');
  const compiler = await startProcess(join(ROOT, 'node_modules', '.bin', 'tsc'), [
    ...['--ignoreConfig', '--module', 'nodenext', '--target', 'es2023', '--skipLibCheck'],
    ...['--types', 'node', '--rewriteRelativeImportExtensions', '--outDir', folder.path],
    join(ROOT, 'src', 'lib', 'log.ts'),
  ]);
  const { code } = await compiler.exited;
  if (code !== 0) throw new Error(compiler.output());
});

afterAll(() => folder[Symbol.asyncDispose]());

/** What `statements` write to stderr when `log` is a logger with these options. */
async function logOf(options: { level: string; format: string }, statements: string) {
  const program = [
    "import { openLog } from './log.js';",
    `const log = openLog(${JSON.stringify(options)});`,
    statements,
  ].join('\n');
  await writeFile(join(folder.path, 'program.js'), program);
  await using run = await startProcess(process.execPath, ['program.js'], { cwd: folder.path });
  expect(await run.exited).toEqual({ code: 0, signal: null });
  return run.output();
}

async function entryOf(statements: string) {
  return JSON.parse(await logOf({ level: 'debug', format: 'json' }, statements));
}

test('one event is one line of JSON with level, ISO time, fields and message', async () => {
  expect(await entryOf("log.info({ checkId: 'a/b', count: 2 }, 'check done');")).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    checkId: 'a/b',
    count: 2,
    msg: 'check done',
  });
});

test('levels below the chosen one are left out', async () => {
  const options = { level: 'warn', format: 'json' };
  const lines = await logOf(options, "log.info('no'); log.warn('yes'); log.error('yes');");
  expect(lines.trim().split('\n')).toHaveLength(2);
  expect(lines).not.toContain('"no"');
});

test('an error is written with name, code, stack and the chain of its causes', async () => {
  const entry = await entryOf(
    `const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
     log.warn({ error: new TypeError('outer', { cause }) }, 'failed');`,
  );
  expect(entry.error).toMatchObject({
    name: 'TypeError',
    message: 'outer',
    stack: expect.stringContaining('program.js'),
    cause: { name: 'Error', message: 'refused', code: 'ECONNREFUSED' },
  });
});

test('what is thrown without being an error is written as text', async () => {
  expect(await entryOf("log.warn({ error: 'just text' }, 'failed');")).toMatchObject({
    error: 'just text',
  });
});

test('a long field is cut and says how long it was', async () => {
  const entry = await entryOf("log.info({ output: 'x'.repeat(5000) }, 'plugin ended');");
  expect(entry.output).toBe(`${'x'.repeat(2_000)}... (5000 characters)`);
});

test('a line break in a field cannot forge a second line', async () => {
  const statement = String.raw`log.info({ output: 'a\n{"level":"error"}' }, 'plugin ended');`;
  for (const format of ['json', 'text']) {
    const lines = await logOf({ level: 'info', format }, statement);
    expect(lines.trim().split('\n')).toHaveLength(1);
  }
});

test('text for people has the time, the level, the message and the fields', async () => {
  const lines = await logOf(
    { level: 'info', format: 'text' },
    `log.child({ worker: 'w1' }).warn({ reason: 'no answer', error: new Error('refused') }, 'broker lost');`,
  );
  expect(lines).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} warn {2}broker lost {2}worker=w1 reason="no answer" error="refused"\n$/,
  );
});

test('auto writes JSON when stderr is not a terminal', async () => {
  expect(
    JSON.parse(await logOf({ level: 'info', format: 'auto' }, "log.info('x');")),
  ).toMatchObject({
    msg: 'x',
  });
});

test('the silent log takes everything and writes nothing', () => {
  expect(() => silentLog().error({ error: new Error('x') }, 'nobody hears')).not.toThrow();
});
