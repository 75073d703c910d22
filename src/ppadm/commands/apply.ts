/** `ppadm apply`: makes the site what documents say, all of it or nothing. */

import type { Command } from 'commander';
import { type BatchAnswerJson, MAX_BATCH_OPERATIONS } from '../../contract/batch.ts';
import { ProblemAnswer } from '../../contract/client.ts';
import { InvalidInput } from '../../model/errors.ts';
import { addExamples, onRun } from '../command-line.ts';
import { INPUT, readDocumentFiles } from '../document-files.ts';
import { EXIT } from '../exit-code.ts';
import { printAnswer } from '../objects.ts';
import { formatDifferences } from '../output/differences.ts';
import { escapeLine } from '../output/escape.ts';
import { startProgress } from '../output/progress.ts';
import { askYesNo } from '../output/question.ts';
import type { Program } from '../program.ts';
import type { Session } from '../session.ts';
import { readSite } from '../site.ts';
import { findChanges, type SiteChange } from '../site-changes.ts';

const APPLY_TIMEOUT_MS = 600_000;

interface ApplyOptions {
  readonly file?: readonly string[];
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly yes?: boolean;
  readonly exitCode?: boolean;
}

/** Makes `apply` of the verb. */
export function defineApply(verb: Command, program: Program): void {
  verb
    .option('-f, --file <files...>', 'files or folders of documents; - for the input (the default)')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--prune', 'delete what the documents no longer name, of the kinds that they speak of')
    .option('--yes', 'do not ask before deleting')
    .option('--exit-code', 'with --dry-run: exit with 1 when something would change');
  addExamples(verb, [
    'ppadm apply -f site.yaml --dry-run',
    'ppadm apply -f hosts/ plugins.yaml',
    'ppadm apply -f site.yaml --prune --yes',
    'ppadm export | ppadm apply --dry-run       # shows no change',
  ]);
  onRun(verb, program, async (session) => {
    try {
      await apply(session, verb.opts<ApplyOptions>());
    } catch (error) {
      const isRefused = error instanceof ProblemAnswer && error.status < 500;
      if (isRefused || error instanceof InvalidInput) session.say('Nothing was changed.');
      throw error;
    }
  });
}

async function apply(session: Session, options: ApplyOptions): Promise<void> {
  const { dryRun = false, prune = false, exitCode = false } = options;
  const { input } = session.surroundings;
  const files = options.file ?? (input.isTerminal ? [] : [INPUT]);
  if (files.length === 0) refuse('--file', 'says which files hold the documents.');
  if (exitCode && !dryRun) refuse('--exit-code', 'is for --dry-run.');
  const documents = await readDocumentFiles(files, input.stream);
  const changes = findChanges(documents, await readSite(session), prune);
  await printAnswer(session, changes.map(describeChange), () => formatChanges(session, changes));
  if (changes.length === 0) return session.say('Nothing to change.');
  if (changes.length > MAX_BATCH_OPERATIONS) {
    const counts = `${changes.length} changes, and one transaction takes ${MAX_BATCH_OPERATIONS}`;
    refuse('--file', `these are ${counts}: apply the files in parts.`);
  }
  if (dryRun) {
    await tryOut(session, changes);
    if (exitCode) session.endWith(EXIT.failed);
    return session.say(`${summarize(changes, WOULD)}. Nothing was changed (--dry-run).`);
  }
  if (!(await mayDelete(session, changes, options))) {
    session.endWith(EXIT.failed);
    return session.say('Nothing was changed.');
  }
  const { removedChecks, orphans, removedDependencies } = await send(session, changes, false);
  const checks = removedChecks === 0 ? '' : `, and ${removedChecks} checks with them`;
  session.say(`${summarize(changes, DONE)}${checks}.`);
  if (orphans.length > 0) {
    session.say(`What was deleted was a parent of ${orphans.map(escapeLine).join(', ')}.`);
  }
  if (removedDependencies.length > 0) {
    const names = removedDependencies.map(escapeLine).join(', ');
    session.say(`Dependencies that named it are gone with it: ${names}.`);
  }
}

function refuse(path: string, message: string): never {
  throw new InvalidInput([{ path, message }]);
}

/** Nothing is deleted before somebody who saw what says yes. Throws where nobody can be asked. */
async function mayDelete(
  { surroundings }: Session,
  changes: readonly SiteChange[],
  { yes = false, file = [] }: ApplyOptions,
): Promise<boolean> {
  const count = changes.filter(({ action }) => action === 'delete').length;
  if (count === 0 || yes) return true;
  const objects = count === 1 ? 'the object' : `the ${count} objects`;
  if (surroundings.input.isTerminal && surroundings.errors.isTerminal && !file.includes(INPUT)) {
    return askYesNo(surroundings, `Delete ${objects} marked with - above?`);
  }
  return refuse('--prune', `would delete ${objects} marked with - above: add --yes to do it.`);
}

/** Has the server check the changes too, if the token may. */
async function tryOut(session: Session, changes: readonly SiteChange[]): Promise<void> {
  try {
    await send(session, changes, true);
  } catch (error) {
    if (!(error instanceof ProblemAnswer) || error.status !== 403) throw error;
    session.say('The server did not check these: that takes a token of the role admin.');
  }
}

async function send(
  session: Session,
  changes: readonly SiteChange[],
  dryRun: boolean,
): Promise<BatchAnswerJson> {
  const client = await session.connect();
  const body = { operations: changes.map(({ operation }) => operation), dryRun };
  const progress = startProgress(
    session,
    (seconds) => `${dryRun ? 'checking' : 'making'} ${changes.length} changes, ${seconds} s`,
    () => 'The server makes all of these changes or none: --dry-run tells which.',
  );
  try {
    return await client.call('applyBatch', { body, timeoutMs: APPLY_TIMEOUT_MS });
  } catch (error) {
    throw placeErrors(error, changes);
  } finally {
    progress.stop();
  }
}

/** A refusal of the server, with files and lines in place of the numbers of operations. */
function placeErrors(error: unknown, changes: readonly SiteChange[]): unknown {
  if (!(error instanceof ProblemAnswer)) return error;
  const { problem } = error;
  const place = (path: string) => {
    const [, index, field = ''] = /^\/operations\/(\d+)(?:\/body\/?([^/]*))?/.exec(path) ?? [];
    const change = index === undefined ? undefined : changes[Number(index)];
    if (change === undefined) return path;
    const { kind, name, document } = change;
    const subject = `${kind} "${name}"${field === '' ? '' : ` ${field}`}`;
    return document === undefined ? subject : `${document.placeOf(field)}: ${subject}`;
  };
  const detail = String(problem.detail).replace(/^\/operations\/\d+(?=: )/, place);
  const errors = Array.isArray(problem.errors)
    ? problem.errors.map(({ path, message }) => ({ path: place(String(path)), message }))
    : [];
  return new ProblemAnswer({ ...problem, detail, errors });
}

const SIGNS = { create: '+', change: '~', delete: '-' } as const;
const PAINTS = { create: 'added', change: 'changed', delete: 'removed' } as const;

function formatChanges({ format, palette }: Session, changes: readonly SiteChange[]): string {
  if (format === 'name') {
    return changes.map(({ kind, name }) => `${kind}/${escapeLine(name)}\n`).join('');
  }
  return changes
    .map(({ action, kind, name, fields }) => {
      const title = palette[PAINTS[action]](`${SIGNS[action]} ${kind} ${escapeLine(name)}`);
      return `${title}\n${formatDifferences(palette, fields)}`;
    })
    .join('');
}

function describeChange({ action, kind, name, fields }: SiteChange) {
  return { action, kind, name, fields };
}

const DONE = { create: 'created', change: 'changed', delete: 'deleted' } as const;
const WOULD = { create: 'to create', change: 'to change', delete: 'to delete' } as const;

function summarize(
  changes: readonly SiteChange[],
  words: Readonly<Record<SiteChange['action'], string>>,
): string {
  return (['create', 'change', 'delete'] as const)
    .map((action) => {
      const count = changes.filter((change) => change.action === action).length;
      return `${count} ${words[action]}`;
    })
    .join(', ');
}
