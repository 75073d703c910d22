/** `ppadm apply`: makes the site what documents say, all of it or nothing. */

import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { ProblemAnswer } from '../../contract/client.ts';
import { ConfigError, Conflict, InvalidInput } from '../../model/errors.ts';
import { addExamples, onRun } from '../command-line.ts';
import { parseDocuments, type SiteDocument } from '../documents.ts';
import { EXIT } from '../exit-code.ts';
import { escapeLine } from '../output/escape.ts';
import { formatJson } from '../output/json.ts';
import type { Program } from '../program.ts';
import type { Session } from '../session.ts';
import { readSite } from '../site.ts';
import { findChanges, type SiteChange } from '../site-changes.ts';

const APPLY_TIMEOUT_MS = 600_000;
const DOCUMENT_FILES = ['.yaml', '.yml', '.json'];

interface ApplyOptions {
  readonly file: readonly string[];
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly yes?: boolean;
  readonly exitCode?: boolean;
}

/** Makes `apply` of the verb. */
export function defineApply(verb: Command, program: Program): void {
  verb
    .requiredOption('-f, --file <files...>', 'files or folders of documents; - for the input')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--prune', 'delete what the documents no longer name, of the kinds that they speak of')
    .option('--yes', 'do not ask before deleting')
    .option('--exit-code', 'with --dry-run: exit with 1 when something would change');
  addExamples(verb, [
    'ppadm apply -f site.yaml --dry-run',
    'ppadm apply -f hosts/ plugins.yaml',
    'ppadm apply -f site.yaml --prune --yes',
  ]);
  onRun(verb, program, (session) => apply(session, verb.opts<ApplyOptions>()));
}

async function apply(session: Session, options: ApplyOptions): Promise<void> {
  const documents = await readDocuments(session, options.file);
  const changes = findChanges(documents, await readSite(session), options.prune === true);
  if (session.format === 'json') session.print(formatJson(changes.map(describeChange)));
  else session.print(changes.map((change) => formatChange(session, change)).join(''));
  if (options.dryRun) {
    if (options.exitCode && changes.length > 0) session.endWith(EXIT.failed);
    return session.say(`${summarize(changes)} Nothing was changed (--dry-run).`);
  }
  if (changes.length === 0) return session.say('Nothing to change.');
  refuseUnaskedDeletions(changes, options);
  await send(session, changes);
  session.say(summarize(changes));
}

/** Nothing is deleted that nobody was told of before: a dry run shows it, `--yes` says it is meant. */
function refuseUnaskedDeletions(changes: readonly SiteChange[], { yes }: ApplyOptions): void {
  const count = changes.filter(({ action }) => action === 'delete').length;
  if (count === 0 || yes) return;
  throw new Conflict(
    `This would delete ${count} objects, named above: run it again with --yes if that is meant.`,
  );
}

async function send(session: Session, changes: readonly SiteChange[]): Promise<void> {
  const client = await session.connect();
  const body = { operations: changes.map(({ operation }) => operation) };
  try {
    await client.call('applyBatch', { body, timeoutMs: APPLY_TIMEOUT_MS });
  } catch (error) {
    throw placeErrors(error, changes);
  }
}

/** A refusal of the server, with files and lines in place of the numbers of operations. */
function placeErrors(error: unknown, changes: readonly SiteChange[]): unknown {
  if (!(error instanceof ProblemAnswer)) return error;
  const place = (path: string) => {
    const [, index = '', field = ''] = /^\/operations\/(\d+)(?:\/body\/?([^/]*))?/.exec(path) ?? [];
    const document = changes[Number(index)]?.document;
    if (index === '' || document === undefined) return path;
    const { kind, name } = document;
    return `${document.placeOf(field)}: ${kind} "${name}"${field === '' ? '' : ` ${field}`}`;
  };
  const { errors } = error.problem;
  if (errors && errors.length > 0) {
    return new InvalidInput(errors.map(({ path, message }) => ({ path: place(path), message })));
  }
  const detail = /^(\/operations\/\d+): (.*)$/.exec(error.message);
  return detail ? new Conflict(`${place(detail[1] ?? '')}: ${detail[2]}`) : error;
}

async function readDocuments(session: Session, files: readonly string[]): Promise<SiteDocument[]> {
  const documents: SiteDocument[] = [];
  for (const file of files) {
    if (file === '-') {
      documents.push(...parseDocuments('-', await text(session.surroundings.input.stream)));
      continue;
    }
    for (const path of await listFiles(file)) {
      documents.push(...parseDocuments(path, await readFile(path, 'utf8')));
    }
  }
  return documents;
}

/** The file, or the documents in the folder in the order of their names. */
async function listFiles(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = await readdir(path);
    const wanted = names.filter((name) => DOCUMENT_FILES.includes(extname(name))).sort();
    return wanted.map((name) => join(path, name));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ConfigError(`Cannot read ${path} (${code}): check its name.`);
  }
}

const SIGNS = { create: '+', change: '~', delete: '-' } as const;

function formatChange({ palette }: Session, { action, kind, name, fields }: SiteChange): string {
  const paint = palette.state({ create: 'ok', change: 'warning', delete: 'critical' }[action]);
  const lines = fields.flatMap(({ field, before, after }) => [
    ...(before === undefined ? [] : [palette.state('critical')(formatField('-', field, before))]),
    ...(after === undefined ? [] : [palette.state('ok')(formatField('+', field, after))]),
  ]);
  return [paint(`${SIGNS[action]} ${kind} ${escapeLine(name)}`), ...lines, ''].join('\n');
}

function formatField(sign: string, field: string, value: unknown): string {
  return escapeLine(`    ${sign} ${field}: ${JSON.stringify(value)}`);
}

function describeChange({ action, kind, name, fields }: SiteChange) {
  return { action, kind, name, fields };
}

function summarize(changes: readonly SiteChange[]): string {
  const count = (action: SiteChange['action']) =>
    changes.filter((change) => change.action === action).length;
  return `${count('create')} created, ${count('change')} changed, ${count('delete')} deleted.`;
}
