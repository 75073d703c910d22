/**
 * Runs a script on the checked host itself, over ssh -> outcome.
 *
 * What is promised when the time is up: the outcome is there `KILL_AFTER_MS` later at the latest, and
 * the channel is closed. The process gets SIGTERM, then SIGKILL, over the channel where sshd signals
 * (OpenSSH since 7.9, not for root); where the host has `timeout -s`, that kills it two seconds
 * later at the latest, even if the line is dead. On a host with neither it runs on until it writes.
 */

import { type Clock, sleep } from '../../lib/clock.ts';
import { type Deadline, startDeadline } from '../../lib/deadline.ts';
import type { StopSignal } from '../../lib/stop-signal.ts';
import type { CheckStateName, Outcome } from '../../model/check.ts';
import { Unavailable } from '../../model/errors.ts';
import { isPlainName } from '../plugins/plugin-folder.ts';
import type { SshConnections } from './connections.ts';
import type { Link } from './link.ts';
import { formatRemoteCommand, MAX_COMMAND_BYTES, type RemoteCommand } from './remote-command.ts';
import { type RemoteExit, Session } from './session.ts';
import { formatTarget, type SshFailure, type SshTarget } from './target.ts';

/** How ssh is used, beyond what the connections know. */
export interface SshContext {
  readonly connections: SshConnections;
  /** Folders of plugins on the remote hosts; a later one wins. Absolute. */
  readonly pluginPaths: readonly string[];
  /** State of a check that ssh could not run. */
  readonly failureState: CheckStateName;
}

/** What remote scripts are run with. */
export interface RemoteContext {
  readonly ssh: SshContext;
  /** Of each of stdout and stderr. */
  readonly maxOutputBytes: number;
  readonly clock: Clock;
}

/** One run, its arguments ready. */
export interface RemoteRun {
  readonly target: SshTarget;
  /** A file name in the remote host's plugin folders. */
  readonly script: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
  readonly signal: StopSignal | undefined;
}

/** From SIGTERM to SIGKILL and the end of the channel. */
const KILL_AFTER_MS = 1_000;
/** Of the login shell's words in our text. */
const MAX_NOISE_LENGTH = 200;

/** Runs a script. Rejects with `Unavailable` only, when the run was ended from our side. */
export async function runRemote(run: RemoteRun, context: RemoteContext): Promise<Outcome> {
  const problem = findProblem(run, context);
  if (problem !== null) return problem;
  const { clock } = context;
  const { connections } = context.ssh;
  const deadline = startDeadline(clock, run.timeoutMs, run.signal);
  const endsAtMs = clock.monotonic() + run.timeoutMs;
  try {
    const opened = await connections.openSession(run.target, {
      command: ({ timeoutProgram }) => {
        const limitS = Math.ceil((endsAtMs - clock.monotonic()) / 1_000) + 1;
        return formatCommand(run, context, { timeoutProgram, limitS });
      },
      adopt: (channel, link) => ({ session: new Session(channel, context), link }),
      signal: deadline.signal,
    });
    if (!('phase' in opened)) return await follow(opened, { run, context, deadline });
    if (run.signal?.aborted) throw stopped(run);
    return describeFailure(opened, { run, context });
  } finally {
    deadline.end();
  }
}

/** A run and what surrounds it. */
interface Surroundings {
  readonly run: RemoteRun;
  readonly context: RemoteContext;
}

interface Started {
  readonly session: Session;
  readonly link: Link;
}

async function follow(
  { session, link }: Started,
  { deadline, ...around }: Surroundings & { readonly deadline: Deadline },
): Promise<Outcome> {
  const isOver = await Promise.race([
    session.ended.then(() => true),
    aborted(deadline.signal).then(() => false),
  ]);
  if (session.stdout.letter === 'y') link.timeoutProgram = 'yes';
  if (session.stdout.letter === 'n') link.timeoutProgram = 'no';
  if (isOver) return withNotice(await readEnding(session, around), link);
  await kill(session, deadline.hasExpired() ? KILL_AFTER_MS : 0, around.context.clock);
  if (!deadline.hasExpired()) throw stopped(around.run);
  // Not even the mark has come: the line may be dead, and others should not wait for it.
  if (session.stdout.letter === null) link.retire();
  const seconds = (around.run.timeoutMs / 1_000).toFixed(2);
  const reason = `the plugin timed out after ${seconds} seconds`;
  return describeFailure({ phase: 'time-out', reason }, { ...around, session });
}

/** The first result over a connection tells of a key that was recorded. */
function withNotice(outcome: Outcome, link: Link): Outcome {
  if (outcome.kind !== 'exited') return outcome;
  const notice = link.takeNotice();
  return notice === null ? outcome : { ...outcome, remark: `(${notice})` };
}

/** Leaves nothing behind that could be ended from here. */
async function kill(session: Session, graceMs: number, clock: Clock): Promise<void> {
  if (graceMs > 0) {
    session.signal('TERM');
    const waiting = new AbortController();
    await Promise.race([session.ended, sleep(clock, graceMs, waiting.signal)]);
    waiting.abort();
  }
  session.signal('KILL');
  session.close();
}

async function readEnding(session: Session, around: Surroundings): Promise<Outcome> {
  const { run, context } = around;
  const exit = await session.ended;
  const { letter } = session.stdout;
  const place = `in violet.ssh.pluginPaths (${context.ssh.pluginPaths.join(', ')}) on ${formatTarget(run.target)}`;
  if (letter === 'm') {
    const detail = `There is no plugin ${run.script} ${place}: install it there or correct its name.`;
    return { kind: 'notStarted', why: 'missing', detail };
  }
  if (letter === 'x') {
    const detail = `The plugin ${run.script} ${place} is no file that ${run.target.login} may run.`;
    return { kind: 'notStarted', why: 'notExecutable', detail };
  }
  if (exit === null) {
    const reason = 'the connection was lost while the plugin ran';
    return describeFailure({ phase: 'channel', reason }, { ...around, session });
  }
  if (letter === null) return describeFailure(describeShell(session, exit), around);
  const texts = {
    stdout: session.stdout.text(),
    stderr: session.stderr.text(),
    truncated: session.stdout.isTruncated || session.stderr.isTruncated,
  };
  return exit.code === null
    ? { kind: 'signalled', signal: exit.signal ?? 'unknown', ...texts }
    : { kind: 'exited', exitCode: exit.code, ...texts };
}

/** The login shell ended without having started our script: nologin, a forced command, a typo. */
function describeShell({ stdout, stderr }: Session, exit: RemoteExit): SshFailure {
  const ending = exit.code === null ? `signal ${exit.signal}` : `exit code ${exit.code}`;
  const words = `${stdout.noise()} ${stderr.noise()}`.replace(/\s+/g, ' ').trim();
  const said = words === '' ? 'nothing' : `"${words.slice(0, MAX_NOISE_LENGTH)}"`;
  const reason = `the login shell did not run the command: ${ending}, it said ${said}`;
  return { phase: 'channel', reason };
}

function describeFailure(
  { phase, reason }: SshFailure,
  { run, context, session }: Surroundings & { readonly session?: Session },
): Outcome {
  const detail = `${formatTarget(run.target)}: ${reason}.`;
  const stdout = session?.stdout.text() ?? '';
  return { kind: 'sshFailed', state: context.ssh.failureState, phase, detail, stdout };
}

/** What cannot be asked of any host; null when nothing is wrong. */
function findProblem(run: RemoteRun, context: RemoteContext): Outcome | null {
  const refuse = (detail: string) => ({ kind: 'notStarted', why: 'refused', detail }) as const;
  if (!isPlainName(run.script)) {
    return refuse(`${JSON.stringify(run.script)} is not the plain name of a file.`);
  }
  if (run.args.some((arg) => arg.includes('\0'))) {
    return refuse(
      `${run.script} was not started: an argument contains a NUL character: take it out of the plugin's params or the host's variables.`,
    );
  }
  const command = formatCommand(run, context, { timeoutProgram: 'unknown', limitS: 86_400 });
  if (Buffer.byteLength(command) <= MAX_COMMAND_BYTES) return null;
  return refuse(`${run.script} was not started: its arguments are too long for ssh: shorten them.`);
}

function formatCommand(
  { script, args }: RemoteRun,
  { ssh }: RemoteContext,
  how: Pick<RemoteCommand, 'timeoutProgram' | 'limitS'>,
): string {
  return formatRemoteCommand({ script, args, folders: ssh.pluginPaths, ...how });
}

function aborted(signal: StopSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function stopped({ script, target }: RemoteRun): Unavailable {
  const text = `${script} on ${formatTarget(target)} was ended because its result is not wanted.`;
  return new Unavailable('ssh', text);
}
