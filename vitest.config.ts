/** Two projects: `unit` needs nothing but Node, `servers` starts real servers and programs. */

import { defineConfig } from 'vitest/config';
import { SkipReporter } from './test/reporter.ts';

export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: ['default', new SkipReporter()],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts'],
          exclude: ['src/**/*.server.test.ts'],
          // Beyond what a loaded machine needs: it ends what hangs.
          testTimeout: 30_000,
          // No module has state, so test files can share them; that halves the time.
          isolate: false,
        },
      },
      {
        test: {
          name: 'servers',
          include: ['src/**/*.server.test.ts', 'test/**/*.test.ts'],
          globalSetup: './test/servers/global-setup.ts',
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
