/**
 * The rules of the house that a machine can check, by reading the sources: who may import whom, what
 * is pure, where the outside world is touched. A failure says why the rule is there.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { lineAt, parseSourceFile, readSourceFiles, type SourceFile } from './source-files.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = readSourceFiles(join(ROOT, 'src'));
const TESTS = readSourceFiles(join(ROOT, 'test'));

// --- Who may import whom -----------------------------------------------------------------------

interface Allowance {
  /** Folders and files it may import, beside its own folder. */
  readonly values: readonly string[];
  /** What it may import only the types of. */
  readonly types?: readonly string[];
}

/** Of the two ports' files the roles know the interface, never an adapter. */
const BROKER_PORT = ['broker/broker.ts', 'broker/topology.ts'];
const ROLE = ['nagios', 'messages', 'model', 'lib', ...BROKER_PORT];
const STORAGE = ['database', 'rrd'];

/** The longest path that matches a file counts. */
const ALLOWANCES: Readonly<Record<string, Allowance>> = {
  bin: { values: ['app', 'ppadm', 'config', 'model', 'lib'] },
  app: {
    values: [
      ...['red', 'violet', 'grey', 'broker', 'database', 'rrd', 'config'],
      ...['nagios', 'messages', 'contract', 'model', 'lib'],
    ],
  },
  red: { values: [...ROLE, ...STORAGE], types: ['config'] },
  'red/api': { values: [...ROLE, ...STORAGE, 'contract'], types: ['config'] },
  violet: { values: ROLE, types: ['config'] },
  grey: { values: [...ROLE, ...STORAGE], types: ['config'] },
  ppadm: { values: ['contract', 'model', 'lib'] },
  config: { values: ['model', 'lib'] },
  broker: { values: ['model', 'lib'] },
  database: { values: ['model', 'lib'] },
  rrd: { values: ['model', 'lib'] },
  messages: { values: ['model', 'lib'], types: ['broker'] },
  contract: { values: ['model', 'lib'] },
  nagios: { values: ['model', 'lib'] },
  model: { values: [] },
  lib: { values: [] },
};

/** The files behind the ports; only the composition root chooses among them. */
const ADAPTERS = [
  'broker/memory.ts',
  'broker/rabbitmq.ts',
  'database/sqlite.ts',
  'database/postgres.ts',
  'database/mariadb.ts',
  'rrd/rrdtool.ts',
  'rrd/rrdcached.ts',
  'rrd/builtin/builtin.ts',
  'rrd/none.ts',
];

function findForbiddenImports(files: readonly SourceFile[]): string[] {
  return files.filter(isProduct).flatMap((file) => {
    const allowance = findAllowance(file.path);
    if (allowance === undefined) return [`src/${file.path}: its folder has no line in ALLOWANCES`];
    return file.imports
      .filter((one) => one.isOwn && folderOf(one.target) !== folderOf(file.path))
      .filter((one) => {
        const allowed = [...allowance.values, ...(one.isTypeOnly ? (allowance.types ?? []) : [])];
        return !allowed.some((place) => isIn(one.target, place));
      })
      .map((one) => `src/${file.path}:${one.line} imports ${one.target}`);
  });
}

function findNamedAdapters(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isProduct(file) && folderOf(file.path) !== 'app')
    .flatMap((file) =>
      file.imports
        .filter((one) => ADAPTERS.includes(one.target))
        .filter((one) => folderOf(one.target) !== folderOf(file.path))
        .map((one) => `src/${file.path}:${one.line} imports ${one.target}`),
    );
}

/** Each cycle once, as `a.ts -> b.ts -> a.ts`. Types count: a circle is hard to read either way. */
function findCycles(files: readonly SourceFile[]): string[] {
  const targets = new Map(
    files.map((file) => [
      file.path,
      file.imports.filter((one) => one.isOwn).map((one) => one.target),
    ]),
  );
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].map((p) => `src/${p}`).join(' -> '));
    if (start >= 0 || finished.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return cycles;
}

// --- Words that belong to few places -----------------------------------------------------------

interface WordRule {
  readonly title: string;
  readonly reason: string;
  readonly pattern: RegExp;
  /** The files in which the words are forbidden. */
  readonly appliesTo: (path: string) => boolean;
}

const outside =
  (...places: string[]) =>
  (path: string) =>
    !places.some((place) => isIn(path, place));
const isPure = (path: string) => isIn(path, 'nagios') || path === 'red/due-time.ts';

const WORD_RULES: readonly WordRule[] = [
  {
    title: 'nagios/ and due-time.ts have no clock, no chance and no waiting',
    reason: 'The semantics are functions of their input, so that a replay gives the same states.',
    pattern:
      /\bDate\.now\b|\bnew Date\b|\bperformance\b|\bMath\.random\b|\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\bawait\b|\basync\b/g,
    appliesTo: isPure,
  },
  {
    title: 'only lib/ reads the clock and sets timers',
    reason: 'Time comes by parameter (lib/clock.ts), so that tests run on a simulated clock.',
    pattern:
      /\bnew Date\b|\bDate\.now\b|\bperformance\.now\b|(?<![.\w])set(Timeout|Interval)\b|\bglobalThis\.set(Timeout|Interval)\b/g,
    appliesTo: outside('lib'),
  },
  {
    title: 'only config/ and bin/ read the environment',
    reason:
      'What the operator says is read and checked once; bin/ hands on what programs were given.',
    pattern: /\bprocess\.env\b/g,
    appliesTo: outside('config', 'bin'),
  },
  {
    title: 'only bin/ and ppadm/ write to the console',
    reason: 'Everything else logs through lib/log.ts, so that levels and formats hold.',
    pattern: /\bconsole\./g,
    appliesTo: outside('bin', 'ppadm'),
  },
  {
    title: 'nothing has a default export',
    reason: 'A name is the same everywhere, and can be searched for.',
    pattern: /\bexport default\b|\bas default\b/g,
    appliesTo: () => true,
  },
  {
    title: 'no shell',
    reason: 'No text from a host, a label or a file may become a command.',
    pattern: /\bshell:\s*true\b|\bimport \{[^}]*\bexec(Sync)?\b/g,
    appliesTo: () => true,
  },
  {
    title: 'certificates are checked by Node, or in one file that says what is wrong with them',
    reason: 'No server may be an impostor.',
    pattern: /\brejectUnauthorized:\s*false\b/g,
    appliesTo: outside('violet/probes/secure-connection.ts'),
  },
];

function findWords(rule: WordRule, files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isProduct(file) && rule.appliesTo(file.path))
    .flatMap((file) =>
      [...file.code.matchAll(rule.pattern)].map(
        (found) => `src/${file.path}:${lineAt(file.code, found.index)} ${found[0]}`,
      ),
    );
}

/** Modules of Node that do nothing but compute. */
const PURE_MODULES = ['node:util', 'node:buffer'];

function findImpureModules(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isProduct(file) && isPure(file.path))
    .flatMap((file) =>
      file.imports
        .filter((one) => one.target.startsWith('node:') && !PURE_MODULES.includes(one.target))
        .map((one) => `src/${file.path}:${one.line} imports ${one.target}`),
    );
}

// --- Sizes, contracts, documents -----------------------------------------------------------------

const MAX_LINE_COUNT = 400;
const MAX_TEST_LINE_COUNT = 600;
/** Files that may be longer, each with the reason. */
const LONG_FILES: Readonly<Record<string, string>> = {};

function findLongFiles(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const lineCount = file.text.split('\n').length - 1;
    const limit = isProduct(file) ? MAX_LINE_COUNT : MAX_TEST_LINE_COUNT;
    const isTooLong = lineCount > limit && LONG_FILES[file.path] === undefined;
    return isTooLong ? [`${file.path}: ${lineCount} lines, ${limit} are allowed`] : [];
  });
}

/** Adapters that cannot run their port's contract, each with the reason. */
const WITHOUT_CONTRACT: Readonly<Record<string, string>> = {
  'rrd/none.ts': 'It keeps nothing, so there is nothing to read back.',
};

function findUntestedAdapters(files: readonly SourceFile[]): string[] {
  const tests = files.filter((file) => file.path.endsWith('.test.ts'));
  return ADAPTERS.filter((adapter) => files.some((file) => file.path === adapter))
    .filter((adapter) => WITHOUT_CONTRACT[adapter] === undefined)
    .filter((adapter) => {
      const contract = `${folderOf(adapter)}/${folderOf(adapter)}.contract.ts`;
      return !tests.some(({ imports }) =>
        [adapter, contract].every((target) => imports.some((one) => one.target === target)),
      );
    })
    .map((adapter) => `src/${adapter}`);
}

/** The comment at the head of each file in nagios/ must have a number like 5.1 in it. */
function findUnnumberedFiles(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isProduct(file) && isIn(file.path, 'nagios'))
    .filter((file) => !/^\/\*\*(?:(?!\*\/)[\s\S])*?\b\d+(\.\d+)*\b/.test(file.text))
    .map((file) => `src/${file.path}:1`);
}

/** Relative links in a Markdown text to files that are not there. */
function findBrokenLinks(document: string): string[] {
  const text = readFileSync(join(ROOT, document), 'utf8');
  return [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .filter((link) => !/^[a-z]+:/.test(link[1] ?? ''))
    .filter((link) => !existsSync(join(ROOT, posix.dirname(document), link[1] ?? '')))
    .map((link) => `${document}:${lineAt(text, link.index)} ${link[1]}`);
}

// --- The tests -----------------------------------------------------------------------------------

describe('who may import whom', () => {
  test('each folder imports only what its line in the table allows', () => {
    expectNone(
      'The tree is the architecture: roles know the ports and the vocabularies, never each other; violet has no storage.',
      findForbiddenImports(SOURCES),
    );
  });

  test('only app/ names an adapter', () => {
    expectNone(
      'Embedded and distributed are the same code; the composition root alone chooses adapters.',
      findNamedAdapters(SOURCES),
    );
  });

  test('no file imports itself, however far round', () => {
    expectNone('Data goes forward; a circle cannot be read in an order.', findCycles(SOURCES));
  });

  test('pure files import no module that does something', () => {
    expectNone(
      'The semantics do no I/O, so that they can be replayed.',
      findImpureModules(SOURCES),
    );
  });
});

describe('words that belong to few places', () => {
  test.each(WORD_RULES.map((rule) => [rule.title, rule] as const))('%s', (_title, rule) => {
    expectNone(rule.reason, findWords(rule, SOURCES));
  });
});

describe('sizes, contracts and documents', () => {
  test('no file is longer than a reader can hold', () => {
    const tests = TESTS.map((file) => ({ ...file, path: `../test/${file.path}` }));
    expectNone('Split it by purpose, or give a reason in LONG_FILES.', [
      ...findLongFiles([...SOURCES, ...tests]),
    ]);
  });

  test('every adapter runs the contract of its port', () => {
    expectNone(
      'What a port promises is tested once for all adapters, so that they can be exchanged.',
      findUntestedAdapters(SOURCES),
    );
  });

  test('every file in nagios/ names its section of the semantics', () => {
    expectNone('A rule can be checked against its source.', findUnnumberedFiles(SOURCES));
  });

  test.skipIf(!existsSync(join(ROOT, 'ARCHITECTURE.md')))(
    'ARCHITECTURE.md names every folder of src, and its links lead somewhere',
    () => {
      const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
      const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => `${entry.name}/`);
      expectNone('A map with white spots misleads.', [
        ...folders.filter((folder) => !text.includes(folder)).map((folder) => `src/${folder}`),
        ...findBrokenLinks('ARCHITECTURE.md'),
      ]);
    },
  );
});

describe('the rules themselves', () => {
  const find = (path: string, text: string) => {
    const files = [parseSourceFile(path, text)];
    return [
      ...findForbiddenImports(files),
      ...findNamedAdapters(files),
      ...findCycles(files),
      ...findImpureModules(files),
      ...WORD_RULES.flatMap((rule) => findWords(rule, files)),
      ...findLongFiles(files),
      ...findUntestedAdapters(files),
      ...findUnnumberedFiles(files),
    ];
  };

  test.each([
    ['red/scheduler.ts', "import { x } from '../grey/collector.ts';"],
    ['red/scheduler.ts', "import {\n  x,\n  y,\n} from '../contract/hosts.ts';"],
    ['red/scheduler.ts', "export { x } from '../app/app.ts';"],
    ['red/scheduler.ts', "const x = await import('../violet/worker.ts');"],
    ['red/scheduler.ts', "import { x } from '../config/schema.ts';"],
    ['violet/worker.ts', "import type { Database } from '../database/database.ts';"],
    ['violet/worker.ts', "import { x } from '../broker/memory.ts';"],
    ['messages/envelope.ts', "import { x } from '../broker/broker.ts';"],
    ['lib/lru.ts', "import { x } from '../model/check.ts';"],
    ['lib/lru.ts', "import { x } from './lru.ts';"],
    ['new-folder/file.ts', ''],
    ['nagios/perfdata.ts', '/** Perfdata without its section. */'],
    ['nagios/perfdata.ts', "/** 1.3 */\nimport { readFileSync } from 'node:fs';"],
    ['nagios/perfdata.ts', '/** 1.3 */\nconst x = Math.random();'],
    ['grey/states.ts', 'const at = new Date();'],
    ['grey/states.ts', 'setTimeout(run, 5);'],
    ['grey/states.ts', 'const text = `$' + '{Date.now()}`;'],
    ['grey/states.ts', "const x = process.env['X'];"],
    ['grey/states.ts', 'const x = a / b; console.log(c / d);'],
    ['grey/states.ts', 'export default 1;'],
    ['violet/run.ts', 'spawn(program, { shell: true });'],
    ['violet/run.ts', "import { exec } from 'node:child_process';"],
    ['broker/memory.ts', ''],
  ])('find what is wrong in %s: %j', (path, text) => {
    expect(find(path, text)).not.toEqual([]);
  });

  test('find a file that is too long', () => {
    expect(find('lib/lru.ts', '\n'.repeat(400))).toEqual([]);
    expect(find('lib/lru.ts', '\n'.repeat(401))).not.toEqual([]);
  });

  test.each([
    ['red/api/hosts.ts', "import { x } from '../../contract/hosts.ts';"],
    ['red/scheduler.ts', "import type { Config } from '../config/schema.ts';"],
    ['red/scheduler.test.ts', "import { x } from '../grey/collector.ts';\nDate.now();"],
    ['app/adapters.ts', "import { x } from '../broker/memory.ts';"],
    ['messages/envelope.ts', "import type { Delivery } from '../broker/broker.ts';"],
    ['lib/clock.ts', 'export const now = () => Date.now();'],
    ['violet/run.ts', 'socket.setTimeout(5);'],
    ['database/queries/page.ts', 'connection.exec(`pragma x`);'],
    ['grey/states.ts', "// new Date\n/* Date.now() */ const x = 'console.log';"],
    [
      'grey/states.ts',
      'const x = /console.log/.test(y) ? `process.env $' + "{a + '}'} Date.now`: 1;",
    ],
    ['grey/states.ts', "const text = `\nimport x from '../red/scheduler.ts'`;"],
    ['nagios/perfdata.ts', '/** Section 1.3: perfdata. */\nconst awaited = 1;'],
  ])('leave in peace %s: %j', (path, text) => {
    expect(find(path, text)).toEqual([]);
  });
});

// --- Small parts -----------------------------------------------------------------------------------

function expectNone(reason: string, problems: readonly string[]): void {
  if (problems.length > 0) expect.fail(`${reason}\n  ${problems.join('\n  ')}`);
}

/** Tests and contract suites may import what they test and read the clock. */
function isProduct(file: SourceFile): boolean {
  return !/(^\.\.\/test\/|\.test\.ts$|\.contract\.ts$)/.test(file.path);
}

function findAllowance(path: string): Allowance | undefined {
  const places = Object.keys(ALLOWANCES).filter((place) => isIn(path, place));
  const [longest] = places.sort((one, other) => other.length - one.length);
  return longest === undefined ? undefined : ALLOWANCES[longest];
}

/** The first folder of a path in src. */
function folderOf(path: string): string {
  return path.split('/')[0] ?? '';
}

/** True when `place` is the file itself or a folder that it is in. */
function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}
