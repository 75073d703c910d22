/**
 * `npm run bench -- <arguments>`: compiles the program and `bench/` to a folder of their own and runs
 * `bench/main.ts` with the arguments, in this process.
 */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compile, findProblem, prepare, ROOT } from './prepare.mjs';

/** Ignored by git and by the linter, as all of `var/` is. */
const OUTPUT = join(ROOT, 'var', 'bench');

prepare();
rmSync(OUTPUT, { recursive: true, force: true });
const problem = findProblem(() =>
  compile(['-p', join(ROOT, 'bench', 'tsconfig.json'), '--outDir', OUTPUT]),
);
if (problem !== undefined) {
  console.error(`ppalette: ${problem}`);
  process.exit(1);
}
writeFileSync(join(OUTPUT, 'package.json'), '{ "type": "module", "version": "0.0.0-bench" }\n');
const program = join(OUTPUT, 'bench', 'main.js');
process.argv = [process.execPath, program, ...process.argv.slice(2)];
await import(pathToFileURL(program).href);
