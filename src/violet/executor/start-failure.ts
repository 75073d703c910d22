/** Why a program did not start: the system's error -> an outcome that names the remedy. */

import { access, stat } from 'node:fs/promises';
import type { Outcome } from '../../model/check.ts';
import type { Command } from './executor.ts';

/** A run that never began. */
export type NotStarted = Extract<Outcome, { kind: 'notStarted' }>;

const REMEDIES: Readonly<Record<string, Pick<NotStarted, 'why' | 'detail'>>> = {
  EACCES: {
    why: 'notExecutable',
    detail:
      'permission is denied: make it executable (chmod +x) for the user of violet, on a file system that is not mounted noexec',
  },
  ENOEXEC: { why: 'notExecutable', detail: 'it is in no format that this machine can run' },
  ETXTBSY: { why: 'refused', detail: 'somebody is writing to it: replace it by renaming instead' },
  E2BIG: { why: 'refused', detail: 'its arguments are too long for the system: shorten them' },
  EMFILE: {
    why: 'refused',
    detail:
      'violet has too many files open: raise its limit (LimitNOFILE) or lower violet.concurrency',
  },
  ENFILE: { why: 'refused', detail: 'the system has too many files open: raise fs.file-max' },
  EAGAIN: {
    why: 'refused',
    detail:
      'no more processes are allowed: raise the limit of the user of violet (TasksMax, ulimit -u) or lower violet.concurrency',
  },
  ENOMEM: { why: 'refused', detail: 'memory ran out: add some or lower violet.concurrency' },
  ERR_INVALID_ARG_VALUE: {
    why: 'refused',
    detail:
      "an argument contains a NUL character: take it out of the plugin's params or the host's variables",
  },
};

/** The outcome for what `spawn` threw or emitted. The text shows no argument: it may be a secret. */
export async function describeStartFailure(command: Command, error: unknown): Promise<NotStarted> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code';
  const { why, detail } =
    code === 'ENOENT' || code === 'ENOTDIR'
      ? await describeAbsence(command)
      : (REMEDIES[code] ?? { why: 'refused', detail: `the system says ${code}` });
  return { kind: 'notStarted', why, detail: `${command.file} was not started: ${detail}.` };
}

/** The same error stands for three things that may be absent. */
async function describeAbsence(command: Command): Promise<Pick<NotStarted, 'why' | 'detail'>> {
  const isThere = (check: Promise<unknown>) =>
    check.then(
      () => true,
      () => false,
    );
  if (!(await isThere(stat(command.file)))) {
    return { why: 'missing', detail: 'there is no such file: install it or correct its name' };
  }
  if (!(await isThere(access(command.cwd)))) {
    return {
      why: 'refused',
      detail: `the folder ${command.cwd} in which it should run is missing`,
    };
  }
  return {
    why: 'notExecutable',
    detail: 'the interpreter that its first line names is missing: install it or correct the line',
  };
}
