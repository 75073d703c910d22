/**
 * Brings a checkout to the point where `dist/` can run: packages installed, TypeScript compiled.
 * Plain JavaScript without packages, because it runs before there are any. Both steps look first
 * whether there is something to do, which takes some ten milliseconds.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const PACKAGES = join(ROOT, 'node_modules');
const DIST = join(ROOT, 'dist');
const DIST_STAMP = join(DIST, '.built-from');
/** How many lines of a failed command are shown; npm and the compiler both name the cause first. */
const SHOWN_LINE_COUNT = 15;

/** Something a person must mend; the message says what and how. */
class PrepareError extends Error {}

/**
 * Installs and compiles what is not up to date. On failure it says why in a few lines on stderr and
 * ends the process with exit code 1.
 */
export function prepare() {
  const problem = findProblem(() => {
    ensureInstalled();
    ensureBuilt();
  });
  if (problem === undefined) return;
  console.error(`ppalette: ${problem}`);
  process.exit(1);
}

/**
 * What a person must mend before `step` can succeed; undefined when it has.
 * @param {() => void} step
 * @returns {string | undefined}
 */
export function findProblem(step) {
  try {
    step();
    return undefined;
  } catch (error) {
    if (error instanceof PrepareError) return error.message;
    throw error;
  }
}

/** Throws `PrepareError` when this Node is older than package.json allows. */
function ensureNodeVersion() {
  const { engines } = readJson(join(ROOT, 'package.json'));
  const needed = engines.node.replace('>=', '');
  if (compareVersions(process.versions.node, needed) >= 0) return;
  throw new PrepareError(
    `Node.js ${needed} or newer is needed, this is ${process.versions.node} (${process.execPath}). ` +
      'Install a newer one from your distribution or https://nodejs.org.',
  );
}

/** Runs `npm ci` when what is installed is not what package.json and package-lock.json say. */
export function ensureInstalled() {
  ensureNodeVersion();
  if (isInstalled()) return;
  const reason = existsSync(PACKAGES) ? 'they have changed' : 'first start only';
  console.error(`Installing dependencies (${reason})...`);
  // The compiler is a development package, wanted also where NODE_ENV says production.
  run(
    npmCommand(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']),
    'Installing dependencies failed. Check the network and the npm registry, then try again:',
  );
}

/** Compiles `src/` to `dist/` when a source or the compiler's settings have changed. */
export function ensureBuilt() {
  const sources = listFiles(join(ROOT, 'src')).filter(isBuilt);
  const compiler = join(PACKAGES, 'typescript', 'package.json');
  const wanted = hashFiles([...sources, join(ROOT, 'tsconfig.json'), compiler]);
  if (readStamp(DIST_STAMP) === wanted) return;
  console.error('Compiling...');
  // Beside the old one first: a program that runs from dist keeps whole files until the very end.
  const fresh = join(PACKAGES, `.ppalette-dist-${process.pid}`);
  try {
    compile(['-p', join(ROOT, 'tsconfig.json'), '--outDir', fresh]);
    makeExecutable(join(fresh, 'bin'));
    writeFileSync(join(fresh, '.built-from'), wanted);
    replaceFolder(fresh, DIST);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Compares with the list that npm leaves in node_modules when an installation is complete. */
function isInstalled() {
  const installedPath = join(PACKAGES, '.package-lock.json');
  if (!existsSync(installedPath)) return false;
  const manifest = readJson(join(ROOT, 'package.json'));
  const wanted = readJson(join(ROOT, 'package-lock.json')).packages;
  const installed = readJson(installedPath).packages;
  const isLockCurrent = ['dependencies', 'devDependencies', 'optionalDependencies'].every(
    (section) => JSON.stringify(manifest[section]) === JSON.stringify(wanted[''][section]),
  );
  return (
    isLockCurrent &&
    Object.keys(wanted)
      .filter((path) => path !== '' && !wanted[path].optional) // optional: other platforms
      .every((path) => installed[path]?.version === wanted[path].version)
  );
}

/**
 * Runs the TypeScript compiler; throws `PrepareError` with its first messages.
 * @param {string[]} args
 */
export function compile(args) {
  const tsc = join(PACKAGES, 'typescript', 'bin', 'tsc');
  run([process.execPath, tsc, ...args], 'The sources do not compile:');
}

/**
 * @param {string[]} command
 * @param {string} problem
 */
function run([program = '', ...args], problem) {
  const result = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (result.status === 0) return;
  if (result.signal === 'SIGINT' || result.signal === 'SIGTERM') process.exit(130);
  const output = result.error?.message ?? `${result.stdout}\n${result.stderr}`;
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  throw new PrepareError([problem, ...lines.slice(0, SHOWN_LINE_COUNT)].join('\n  '));
}

/**
 * The npm that runs this script, else the one in PATH.
 * @param {string[]} args
 */
function npmCommand(args) {
  const npmPath = process.env['npm_execpath'];
  return npmPath === undefined ? ['npm', ...args] : [process.execPath, npmPath, ...args];
}

/**
 * Puts `fresh` where `old` is. Two processes may do so at once; the last one stays.
 * @param {string} fresh
 * @param {string} old
 */
function replaceFolder(fresh, old) {
  for (let tries = 1; ; tries++) {
    rmSync(old, { recursive: true, force: true });
    try {
      renameSync(fresh, old);
      return;
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

/** @param {string} folder */
function makeExecutable(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.js')) chmodSync(join(folder, name), 0o755);
  }
}

/** @param {string} path */
function isBuilt(path) {
  return !/\.(test|contract)\.ts$/.test(path);
}

/**
 * Every file below a folder, sorted.
 * @param {string} folder
 * @returns {string[]}
 */
function listFiles(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? listFiles(path) : [path];
    })
    .sort();
}

/**
 * A hash of names and contents; a file that is not there counts as empty.
 * @param {string[]} paths
 */
function hashFiles(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    const content = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    hash.update(`${path.slice(ROOT.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** @param {string} path */
function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/**
 * Negative when `one` is the older version.
 * @param {string} one
 * @param {string} other
 */
function compareVersions(one, other) {
  const parts = other.split('.').map(Number);
  const differences = one
    .split('.')
    .map((part, index) => Number.parseInt(part, 10) - (parts[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}
