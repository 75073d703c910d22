/** Nouns of a check (one plugin on one host) as it passes through red, violet and grey. */

/** The states a check's plugin can report, at the index of its exit code. */
export const CHECK_STATES = ['ok', 'warning', 'critical', 'unknown'] as const;

/** What a plugin reports. */
export type CheckStateName = (typeof CHECK_STATES)[number];

/** A check's state: what its plugin reports, or `pending` before its first result. */
export type StateName = CheckStateName | 'pending';

/** One parsed item of performance data. */
export interface Perfdatum {
  readonly label: string;
  /** Null when the plugin says `U`, that it could not measure. */
  readonly value: number | null;
  /** The unit as written; empty when there is none. */
  readonly unit: string;
  /** Threshold range as written (`10:20`, `@5`); null when absent. */
  readonly warn: string | null;
  readonly crit: string | null;
  readonly min: number | null;
  readonly max: number | null;
}

/**
 * How a run ended, whatever was run. `stdout` and `stderr` are decoded, cut at the output limit and
 * without NUL characters.
 */
export type Outcome =
  | {
      readonly kind: 'exited';
      readonly exitCode: number;
      readonly stdout: string;
      readonly stderr: string;
      readonly truncated: boolean;
      /** A line of ours about the run, to be shown below the plugin's text. Default: none. */
      readonly remark?: string;
    }
  | {
      readonly kind: 'signalled';
      /** `SIGSEGV`, ... */
      readonly signal: string;
      readonly stdout: string;
      readonly stderr: string;
      readonly truncated: boolean;
    }
  | {
      readonly kind: 'timedOut';
      readonly timeoutMs: number;
      readonly stdout: string;
    }
  | {
      readonly kind: 'notStarted';
      /** `missing`: no such file; `notExecutable`: no permission or wrong format; `refused`: anything else. */
      readonly why: 'missing' | 'notExecutable' | 'refused';
      /** A sentence naming the thing and the remedy. */
      readonly detail: string;
    }
  | {
      readonly kind: 'sshFailed';
      /** What the operator wants it to count as. */
      readonly state: CheckStateName;
      /** How far it came: `resolve`, `connect`, `host key`, `authentication`, `channel`, `time-out`. */
      readonly phase: string;
      /** A sentence naming the host and the reason. */
      readonly detail: string;
      /** What the plugin had printed by then. */
      readonly stdout: string;
    };

/** What an outcome means: state, texts and performance data, read by the rules of Nagios. */
export interface Reading {
  readonly state: CheckStateName;
  /** The plugin's exit code, or the code that the state stands for when there was none. */
  readonly exitCode: number;
  /** First line, without performance data. */
  readonly output: string;
  /** Further lines, joined by newlines; empty when there are none. */
  readonly longOutput: string;
  readonly perfdata: readonly Perfdatum[];
}
