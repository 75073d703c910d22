/** Runs a built-in probe as violet does, and the Debian plugin of the same name beside it. */

import { execFile } from 'node:child_process';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import type { Outcome, Perfdatum } from '../src/model/check.ts';
import { readOutcome } from '../src/nagios/plugin-output.ts';
import { parseThreshold } from '../src/nagios/threshold.ts';
import { createExecute } from '../src/violet/execute.ts';
import { openChildProcessExecutor } from '../src/violet/executor/child-process.ts';
import type { Icmp } from '../src/violet/icmp/icmp.ts';
import { openPluginFolders } from '../src/violet/plugins/plugin-folder.ts';
import { openTestIcmp } from './icmp.ts';
import { openTestSsh } from './remote.ts';

/** What a run said. */
export interface ProbeRun {
  readonly outcome: Outcome;
  readonly state: string;
  readonly output: string;
  readonly longOutput: string;
  readonly perfdata: readonly Perfdatum[];
}

/** Settings of a run that differ from the usual. */
export interface ProbeSettings {
  readonly address?: string;
  readonly timeoutMs?: number;
  /** Where programs are looked for. */
  readonly path?: string;
  /** What echoes go through. Default: programs alone. */
  readonly icmp?: Icmp;
}

const SETTINGS = { serviceCheckTimeoutState: 'critical' } as const;

/** Runs a probe against 127.0.0.1 with these arguments, each as it is. */
export async function runProbe(
  builtin: string,
  args: readonly string[],
  settings: ProbeSettings = {},
): Promise<ProbeRun> {
  const context = { clock: systemClock, log: silentLog() };
  const executor = openChildProcessExecutor(context);
  const execute = createExecute({
    executor,
    ssh: openTestSsh(),
    pluginFolders: await openPluginFolders([], context),
    userMacros: {},
    environment: { PATH: settings.path ?? '/usr/local/bin:/usr/bin:/bin', LANG: 'C' },
    maxOutputBytes: 65_536,
    icmp: settings.icmp ?? openTestIcmp(null),
    ...context,
  });
  try {
    const outcome = await execute({
      ...{ id: 'request', checkId: 1, scheduledAt: 0, expiresAt: 0, shard: 0, keepHistory: false },
      timeoutMs: settings.timeoutMs ?? 5_000,
      run: { builtin },
      params: args
        .map((arg) => `'${arg.replaceAll('$', '$$$$').replaceAll("'", "'\\''")}'`)
        .join(' '),
      host: { name: 'target', address: settings.address ?? '127.0.0.1', vars: {} },
      plugin: { name: builtin },
    });
    return { outcome, ...readOutcome(outcome, SETTINGS) };
  } finally {
    await executor.close();
  }
}

/** Runs `check_NAME` of the Debian plugins, 127.0.0.1 being what it checks. */
export async function runPeer(name: string, args: readonly string[]): Promise<ProbeRun> {
  const file = `/usr/lib/nagios/plugins/check_${name}`;
  const outcome = await new Promise<Outcome>((resolve) => {
    const child = execFile(file, [...args], { env: { LANG: 'C', PATH: '/usr/bin:/bin' } }, end);
    function end(_error: unknown, stdout: string, stderr: string) {
      const exitCode = child.exitCode ?? 3;
      resolve({ kind: 'exited', exitCode, stdout, stderr, truncated: false });
    }
  });
  return { outcome, ...readOutcome(outcome, SETTINGS) };
}

/** All of a run that does not change from run to run, thresholds and bounds as numbers. */
export function shapeOf({ state, perfdata }: ProbeRun) {
  const range = (text: string | null) => (text === null ? null : parseThreshold(text));
  return {
    state,
    perfdata: perfdata.map(({ label, unit, warn, crit, min, max }) => {
      return { label, unit, warn: range(warn), crit: range(crit), min, max };
    }),
  };
}
