/**
 * Section 1.1: what the end of a run says of its state, before the plugin's text is read (1.2).
 * Where Nagios and others differ, a setting chooses; without it this is Nagios. An outcome from violet comes in, its verdict goes
 * to `plugin-output.ts`.
 */

import { assertNever } from '../lib/assert.ts';
import { CHECK_STATES, type CheckStateName, type Outcome } from '../model/check.ts';

/** What an installation decides for itself. */
export interface ReadingSettings {
  /** State of a check that ran out of time; Nagios has `critical`. */
  readonly serviceCheckTimeoutState: CheckStateName;
  /**
   * State of exit codes outside 0 to 3, 126 and 127 among them, and of plugins that are missing or
   * not executable, for which Nagios sees these two. Default: `critical`, as Nagios and Naemon;
   * Icinga has `unknown`.
   */
  readonly outOfBoundsState?: 'critical' | 'unknown';
  /**
   * What a check that ran out of time shows. Default: `replaced` by our words, as Nagios; `kept`:
   * what the plugin had printed, our words below it, as Icinga.
   */
  readonly timeoutOutput?: 'replaced' | 'kept';
}

/** State and exit code of a run, and which texts stand for it. Texts are raw, of any length. */
export interface Verdict {
  readonly state: CheckStateName;
  /** The plugin's own, or 126 or 127 when it could not be started, or the one of `state`. */
  readonly exitCode: number;
  /** What is said in place of the plugin's output; null when the plugin speaks for itself. */
  readonly statement: string | null;
  /** What the plugin printed: to be read by 1.2 without a statement, else only to be shown. */
  readonly printed: string;
  /** A line to add to what the plugin says; null when there is none. */
  readonly remark: string | null;
}

type Of<Kind extends Outcome['kind']> = Extract<Outcome, { kind: Kind }>;

const SHELL_CODES = { missing: 127, notExecutable: 126 } as const;

/** The verdict on a run. A signal is `unknown` to all engines. */
export function readExit(outcome: Outcome, settings: ReadingSettings): Verdict {
  const outOfBounds = settings.outOfBoundsState ?? 'critical';
  switch (outcome.kind) {
    case 'exited':
      return readExited(outcome, outOfBounds);
    case 'signalled':
      return readSignalled(outcome);
    case 'timedOut':
      return readTimedOut(outcome, settings);
    case 'notStarted':
      return readNotStarted(outcome, outOfBounds);
    case 'sshFailed':
      return readSshFailed(outcome);
    default:
      return assertNever(outcome);
  }
}

function readExited(
  { exitCode, stdout, stderr, ...run }: Of<'exited'>,
  outOfBounds: CheckStateName,
): Verdict {
  const remark = run.remark ?? null;
  const printed = isBlank(stdout) ? stderr : stdout;
  const state = CHECK_STATES[exitCode];
  if (state === undefined) {
    const statement = describeWrongCode(exitCode);
    return { state: outOfBounds, exitCode, statement, printed, remark };
  }
  if (isBlank(printed)) {
    const statement = '(the plugin printed nothing)';
    return { state, exitCode, statement, printed: '', remark };
  }
  const text = isBlank(stdout) ? `(nothing on stdout) stderr: ${stderr.trimStart()}` : stdout;
  return { state, exitCode, statement: null, printed: text, remark };
}

function describeWrongCode(exitCode: number): string {
  if (exitCode === 126) return '(exit code 126: the plugin, or what it runs, is not executable)';
  if (exitCode === 127) return '(exit code 127: the plugin, or what it runs, is missing)';
  return `(exit code ${exitCode} is outside 0 to 3)`;
}

/** The signal is named in any case: words that sound well may precede a crash. */
function readSignalled({ signal, stdout, stderr }: Of<'signalled'>): Verdict {
  const ending = `(ended by signal ${signal})`;
  return isBlank(stdout)
    ? { ...verdictOf('unknown'), statement: ending, printed: stderr }
    : { ...verdictOf('unknown'), printed: stdout, remark: ending };
}

function readTimedOut({ timeoutMs, stdout }: Of<'timedOut'>, settings: ReadingSettings): Verdict {
  const verdict = verdictOf(settings.serviceCheckTimeoutState);
  const statement = `(timed out after ${(timeoutMs / 1_000).toFixed(2)} seconds)`;
  return settings.timeoutOutput === 'kept' && !isBlank(stdout)
    ? { ...verdict, printed: stdout, remark: statement }
    : { ...verdict, statement, printed: stdout };
}

function readNotStarted({ why, detail }: Of<'notStarted'>, outOfBounds: CheckStateName): Verdict {
  if (why === 'refused') return { ...verdictOf('unknown'), statement: `(not started) ${detail}` };
  const exitCode = SHELL_CODES[why];
  const statement = `(not started, exit code ${exitCode}) ${detail}`;
  return { ...verdictOf(outOfBounds), exitCode, statement };
}

/** Nagios has no ssh of its own; the words tell it from what a plugin says. */
function readSshFailed({ state, phase, detail, stdout }: Of<'sshFailed'>): Verdict {
  const statement = `(ssh failed: ${phase}) ${detail}`;
  return { ...verdictOf(state), statement, printed: stdout };
}

function verdictOf(state: CheckStateName): Verdict {
  const exitCode = CHECK_STATES.indexOf(state);
  return { state, exitCode, statement: null, printed: '', remark: null };
}

/** Control characters show nothing either. */
function isBlank(text: string): boolean {
  return /^[\s\p{Cc}]*$/u.test(text);
}
