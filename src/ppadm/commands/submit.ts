/** `ppadm submit`: results from outside, one by one or a file of them. */

import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { ProblemAnswer } from '../../contract/client.ts';
import { ConfigError, InvalidInput } from '../../model/errors.ts';
import { addExamples, onRun } from '../command-line.ts';
import { withNearNames } from '../near-names.ts';
import { printObject } from '../objects.ts';
import { CHECK, HOST_STATE } from '../observed-kinds.ts';
import { startProgress } from '../output/progress.ts';
import type { Program } from '../program.ts';
import type { Session } from '../session.ts';
import { kindOf, readSubject } from '../subjects.ts';

/** Lines of one request, by number and size; the server takes somewhat more. */
const MAX_LINES = 5_000;
const MAX_BYTES = 4_000_000;
const WAIT_MS = 60_000;
/** From this status on it is not known what was done. */
const SERVER_FAULT = 500;

/** Makes `submit` of the verb. */
export function defineSubmit(verb: Command, program: Program): void {
  verb
    .argument('[host]', 'the host')
    .argument('[plugin]', 'the plugin; left out: the host itself, 0 up, 1 down, 2 unreachable')
    .argument('[exitcode]', 'as a plugin exits')
    .argument('[text]', 'as a plugin prints; - for the input')
    .option('--perfdata <text>', 'performance data, when it is not in the text')
    .option('--at <instant>', 'when it was found; default: now')
    .option('--wait', "wait until it is stored and show the check's state")
    .option('-f, --file <file>', 'a file with a result on each line as JSON; - for the input');
  addExamples(verb, [
    `ppadm submit web1 backup 0 'BACKUP OK | volumes=40'`,
    `ppadm submit web1 1 'no answer in rack 3'   # the host itself`,
    'check_backup | ppadm submit web1 backup 1 - --wait',
    'ppadm submit -f results.ndjson   # {"host":"web1","plugin":"backup","exitCode":0,"output":"OK"}',
  ]);
  onRun(verb, program, async (session, args) => {
    const { file, ...options } = verb.opts();
    if (file === undefined) return submitOne(session, args, options);
    if (args.length === 0) return submitFile(session, String(file));
    throw new InvalidInput([{ path: '--file', message: 'is given instead of a host and plugin.' }]);
  });
}

async function submitOne(
  session: Session,
  args: readonly string[],
  options: { perfdata?: string; at?: string; wait?: boolean },
): Promise<void> {
  const { subject, code, words } = readArguments(args);
  const output = words === '-' ? await text(session.surroundings.input.stream) : words;
  const { perfdata, at, wait } = options;
  const { name, path } = subject;
  const body = { exitCode: Number(code), output, perfdata, at };
  const query = wait ? { wait: 'true' } : {};
  const client = await session.connect();
  const route = subject.kind === 'host' ? 'submitHostResult' : 'submitResult';
  const answer = await withNearNames(session, { kind: kindOf(subject), name }, () =>
    client.call<'submitHostResult' | 'submitResult'>(route, {
      ...{ path, query, body, timeoutMs: WAIT_MS },
    }),
  );
  if ('state' in answer) {
    return printObject(session, subject.kind === 'host' ? HOST_STATE : CHECK, answer);
  }
  session.say(`Submitted a result of ${name}.`);
}

/** `HOST PLUGIN EXITCODE TEXT`, or without the plugin: of the host itself. */
function readArguments(args: readonly string[]) {
  const [words, code, ...names] = args.toReversed();
  if (words === undefined || code === undefined || names.length === 0) {
    const message = 'Give HOST PLUGIN EXITCODE TEXT, HOST EXITCODE TEXT, or --file.';
    throw new InvalidInput([{ path: '', message }]);
  }
  if (!/^\d{1,3}$/.test(code)) {
    throw new InvalidInput([{ path: 'EXITCODE', message: 'must be a number like 0, 1, 2 or 3.' }]);
  }
  return { subject: readSubject(names.toReversed()), code, words };
}

async function submitFile(session: Session, file: string): Promise<void> {
  const input = file === '-' ? session.surroundings.input.stream : await openFile(file);
  let count = 0;
  const progress = startProgress(session, () => `${count} results submitted`);
  try {
    for await (const { firstLine, lines } of readParts(input)) {
      await sendPart(session, { firstLine, lines, count });
      count += lines.length;
      progress.show();
    }
  } finally {
    progress.stop();
  }
  session.say(`Submitted ${count} results.`);
}

interface Part {
  /** From 1. */
  readonly firstLine: number;
  readonly lines: readonly string[];
}

async function sendPart(session: Session, part: Part & { readonly count: number }): Promise<void> {
  const client = await session.connect();
  try {
    await client.call('submitResults', {
      body: part.lines.join('\n'),
      contentType: 'application/x-ndjson',
      timeoutMs: WAIT_MS,
    });
  } catch (error) {
    const lastLine = part.firstLine + part.lines.length - 1;
    const lines = `lines ${part.firstLine} to ${lastLine}`;
    const before = `${part.count} results before them were taken`;
    const isRefused = error instanceof ProblemAnswer && error.status < SERVER_FAULT;
    session.say(
      isRefused
        ? `Nothing of ${lines} was taken; ${before}.`
        : `Some of ${lines} may have been taken; ${before}. Sent again, only lines with "at" count once.`,
    );
    throw error;
  }
}

async function openFile(file: string): Promise<Readable> {
  try {
    return (await open(file)).createReadStream({ encoding: 'utf8' });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ConfigError(`Cannot read ${file} (${code}): check its name.`);
  }
}

async function* readParts(input: Readable): AsyncGenerator<Part> {
  let lines: string[] = [];
  let bytes = 0;
  let lineNumber = 0;
  const partOf = () => ({ firstLine: lineNumber - lines.length + 1, lines });
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    const size = Buffer.byteLength(line) + 1;
    if (lines.length > 0 && (lines.length >= MAX_LINES || bytes + size > MAX_BYTES)) {
      yield partOf();
      lines = [];
      bytes = 0;
    }
    lineNumber++;
    lines.push(line);
    bytes += size;
  }
  if (lines.some((line) => line.trim() !== '')) yield partOf();
}
