/** A real browser without a window, with a profile of its own. */

import { type Browser, chromium } from 'playwright-core';
import { findProgram } from '../../scripts/programs.mjs';

/** Starts it; close it after the test. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findProgram('chromium') ?? '',
    args: [
      // A sandbox inside a container needs rights that a build machine does not give.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
