/**
 * `npm start -- <arguments>` is `ppalette up <arguments>`, installed and compiled first when needed.
 * In this process, so that signals and exit codes go straight through.
 */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, ROOT } from './prepare.mjs';

prepare();
const program = join(ROOT, 'dist', 'bin', 'ppalette.js');
process.argv = [process.execPath, program, 'up', ...process.argv.slice(2)];
await import(pathToFileURL(program).href);
