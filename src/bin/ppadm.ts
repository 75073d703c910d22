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

// Arguments can be seen by every user of the machine; a title in their place cannot be told by.
if (process.argv.some((word) => word.startsWith('--token'))) process.title = 'ppadm';

const cleanUps = new Set<() => void>();
/** Cleans up, then lets the signal do what it would have done. */
function endBy(signal: NodeJS.Signals): void {
  for (const cleanUp of cleanUps) cleanUp();
  process.off(signal, endBy);
  process.kill(process.pid, signal);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, endBy);

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
  onInterrupt(cleanUp) {
    cleanUps.add(cleanUp);
    return () => cleanUps.delete(cleanUp);
  },
  // Loaded when needed, so that help comes at once.
  isAlive: async (pid) => (await import('../app/worker-id.ts')).isAlive(pid),
});

function screenOf(stream: NodeJS.WriteStream): Screen {
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns;
    },
    get rows() {
      return stream.rows;
    },
  };
}
