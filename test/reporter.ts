/**
 * What vitest's own report leaves out: which groups were skipped and what to install for them, loudly
 * and last. Writes the counts for `scripts/test.mjs` to the file named by PPALETTE_TEST_COUNTS.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';
import { findMissing, NEEDS, type Need } from '../scripts/programs.mjs';

/** Used by vitest.config.ts. */
export class SkipReporter implements Reporter {
  #namePattern: RegExp | undefined;

  onInit(vitest: Vitest): void {
    this.#namePattern = vitest.config.testNamePattern;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const skipped = tests.filter((test) => this.#isSkipped(test));
    const broken = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const counts = {
      passed: countState(tests, 'passed'),
      failed:
        countState(tests, 'failed') +
        broken.filter((part) => part.errors().length > 0).length +
        unhandledErrors.length,
      skipped: skipped.length,
    };
    for (const line of describeSkipped(skipped)) process.stdout.write(`${line}\n`);
    const countsPath = process.env['PPALETTE_TEST_COUNTS'];
    if (countsPath !== undefined) writeFileSync(countsPath, JSON.stringify(counts));
  }

  /** Tests that a name pattern leaves out were not asked for, so they are not missed. */
  #isSkipped(test: TestCase): boolean {
    const isLeftOut = this.#namePattern?.test(namesOf(test).join(' ')) === false;
    return test.result().state === 'skipped' && !isLeftOut;
  }
}

function countState(tests: TestCase[], state: 'passed' | 'failed'): number {
  return tests.filter((test) => test.result().state === state).length;
}

/** A line per group with its reasons; nothing when nothing was skipped. */
function describeSkipped(skipped: TestCase[]): string[] {
  if (skipped.length === 0) return [];
  const groups = new Map<string, TestCase[]>();
  for (const test of skipped) {
    const group = `${test.module.relativeModuleId} > ${namesOf(test)[0]}`;
    groups.set(group, [...(groups.get(group) ?? []), test]);
  }
  const lines = [...groups].map(
    ([group, tests]) => `  ${group} (${tests.length}): ${findReason(tests)}`,
  );
  return ['', `!!! SKIPPED (${skipped.length}):`, ...lines, ''];
}

function findReason(tests: TestCase[]): string {
  const [test] = tests;
  const result = test?.result();
  if (result?.state === 'skipped' && result.note !== undefined) return result.note;
  const source = test === undefined ? '' : readFileSync(test.module.moduleId, 'utf8');
  const calls = [...source.matchAll(/\bneeds\(([^)]*)\)/g)].flatMap((call) => call[1] ?? '');
  const named = (Object.keys(NEEDS) as Need[]).filter((need) =>
    calls.some((call) => call.includes(`'${need}'`)),
  );
  const missing = findMissing(named);
  if (missing.length === 0) return 'skipped in the test file itself';
  const packages = missing.map((need) => NEEDS[need].package);
  return `${missing.join(', ')} not found (apt-get install ${packages.join(' ')})`;
}

/** The titles from the outermost group to the test. */
function namesOf(test: TestCase): string[] {
  const names = [test.name];
  let parent: TestSuite | TestModule = test.parent;
  while (parent.type === 'suite') {
    names.unshift(parent.name);
    parent = parent.parent;
  }
  return names;
}
