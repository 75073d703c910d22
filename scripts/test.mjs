/**
 * `npm test`: everything that must hold. Lint, types and dead code count as one test each; the last
 * line is `N passed, N failed, N skipped`, and the exit code is 1 when something failed.
 *
 * npm test                        all of it; installs missing servers where it may (Debian, as root)
 * npm test -- --unit              the tests that need no servers
 * npm test -- <vitest arguments>  these tests only: a file name, -t <pattern of a title>
 *
 * PPALETTE_REQUIRE_ALL=1          a skipped test is a failure too
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, findProblem, ROOT } from './prepare.mjs';
import { findMissing, findProgram, NEEDS } from './programs.mjs';

/** Debian asks this script before it starts a service; exit code 101 says "do not". */
const SERVICE_POLICY = '/usr/sbin/policy-rc.d';

/** What runs before the tests, and counts as a test each. */
const CHECKS = [
  { name: 'lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'types', command: ['tsc', '-p', 'tsconfig.test.json'] },
  { name: 'dead code', command: ['knip'] },
];

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

await main(process.argv.slice(2));

/** @param {string[]} args */
async function main(args) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const isUnitOnly = args[0] === '--unit';
  // The tests run from the sources; only programs that tests start run from dist.
  const problem =
    findProblem(ensureInstalled) ?? (isUnitOnly ? undefined : findProblem(ensureBuilt));
  if (problem !== undefined) {
    counts.failed += 1;
    console.log(`✗ build\n${problem}`);
  }
  if (args.length === 0) {
    installMissingPrograms();
    for (const check of CHECKS) counts[(await passes(check)) ? 'passed' : 'failed'] += 1;
  }
  const tests = await runTests(isUnitOnly ? ['--project', 'unit', ...args.slice(1)] : args);
  counts.passed += tests.passed;
  counts.failed += tests.failed;
  counts.skipped += tests.skipped;
  const isComplete = counts.skipped === 0 || process.env['PPALETTE_REQUIRE_ALL'] !== '1';
  if (!isComplete) console.log('Tests were skipped, and PPALETTE_REQUIRE_ALL=1 forbids that.\n');
  process.exitCode = counts.failed === 0 && isComplete ? 0 : 1;
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
}

/** @param {{ name: string, command: string[] }} check */
async function passes({ name, command: [program = '', ...args] }) {
  const { code, output } = await runTool(program, args, 'collect');
  console.log(`${code === 0 ? '✓' : '✗'} ${name}`);
  if (code !== 0) console.log(output);
  return code === 0;
}

/**
 * Runs vitest; its report goes to stdout as it comes.
 * @param {string[]} args
 * @returns {Promise<Counts>}
 */
async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'ppalette-test-counts-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const countsPath = join(folder, 'counts.json');
  const { code } = await runTool('vitest', ['run', ...args], 'show', {
    PPALETTE_TEST_COUNTS: countsPath,
  });
  const counts = existsSync(countsPath)
    ? JSON.parse(readFileSync(countsPath, 'utf8'))
    : { passed: 0, failed: 0, skipped: 0 };
  // It can also fail for reasons of its own: no test found, a server that does not stop.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/**
 * Runs a tool of node_modules to its end. Signals that end this process end it too.
 * @param {string} name
 * @param {string[]} args
 * @param {'collect' | 'show'} mode what happens with its output
 * @param {Record<string, string>} environment
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function runTool(name, args, mode, environment = {}) {
  const child = spawn(join(ROOT, 'node_modules', '.bin', name), args, {
    cwd: ROOT,
    stdio: mode === 'show' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  /** @param {NodeJS.Signals} signal */
  const passOn = (signal) => child.kill(signal);
  process.on('SIGINT', passOn).on('SIGTERM', passOn);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, output: error.message }));
    child.once('close', (code, signal) => {
      process.off('SIGINT', passOn).off('SIGTERM', passOn);
      if (signal === 'SIGINT' || signal === 'SIGTERM' || code === 130) process.exit(130);
      resolve({ code, output });
    });
  });
}

/** Installs the servers and programs that the tests need; says what is missing where it may not. */
function installMissingPrograms() {
  const missing = findMissing();
  if (missing.length === 0) return;
  const packages = missing.flatMap((need) => NEEDS[need].package.split(' '));
  const canInstall = process.getuid?.() === 0 && findProgram('apt-get') !== undefined;
  if (!canInstall) {
    console.log(`Missing, their tests will be skipped: ${packages.join(' ')}`);
    return;
  }
  console.log(`Installing for the tests: ${packages.join(' ')}...`);
  const hasPolicy = existsSync(SERVICE_POLICY);
  if (!hasPolicy) writeFileSync(SERVICE_POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    apt(['update', '-qq']);
    apt(['install', '-qq', '-y', '--no-install-recommends', ...packages]);
  } finally {
    if (!hasPolicy) rmSync(SERVICE_POLICY, { force: true });
  }
}

/**
 * A failure is shown and not fatal: the tests of what is still missing are skipped, loudly.
 * @param {string[]} args
 */
function apt(args) {
  const result = spawnSync('apt-get', args, {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (result.status !== 0) console.log(`apt-get ${args[0]} failed:\n${result.stderr}`);
}
