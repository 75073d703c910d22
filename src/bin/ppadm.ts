#!/usr/bin/env node
/** The command line of the API: hands the process's surroundings to it and takes the exit code. */

import { homedir } from 'node:os';
import { readVersion } from '../app/version.ts';
import { systemClock } from '../lib/clock.ts';
import { EXIT } from '../ppadm/exit-code.ts';
import { runPpadm } from '../ppadm/main.ts';
import type { Screen } from '../ppadm/surroundings.ts';

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads has seen enough, as in "ppadm list hosts | head".
    if (error.code === 'EPIPE') process.exit();
    if (stream !== process.stderr) process.stderr.write(`ppadm: cannot write: ${error.message}\n`);
    process.exit(EXIT.failed);
  });
}

process.exitCode = await runPpadm(process.argv.slice(2), {
  version: readVersion(),
  environment: process.env,
  folder: process.cwd(),
  home: homedir(),
  userId: process.getuid?.() ?? null,
  clock: systemClock,
  // A getter: merely to open the standard input would keep the program waiting for it.
  get input() {
    return { stream: process.stdin, isTerminal: process.stdin.isTTY === true };
  },
  output: screenOf(process.stdout),
  errors: screenOf(process.stderr),
  // Loaded when needed, so that help comes at once.
  isAlive: async (pid) => (await import('../app/worker-id.ts')).isAlive(pid),
});

function screenOf(stream: NodeJS.WriteStream): Screen {
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY === true,
    columns: stream.columns,
    rows: stream.rows,
  };
}
