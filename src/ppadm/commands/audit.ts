/** `ppadm audit`: who changed what, the newest first. */

import { type Command, Option } from 'commander';
import type { AuditJson } from '../../contract/access.ts';
import { addExamples, onRun } from '../command-line.ts';
import { readCount } from '../field-options.ts';
import { printAnswer, refuseNames } from '../objects.ts';
import { escapeLine } from '../output/escape.ts';
import { formatTime } from '../output/format.ts';
import { formatTable } from '../output/table.ts';
import type { Program } from '../program.ts';
import type { Session } from '../session.ts';

const DEFAULT_LIMIT = 50;

/** Makes `audit` of the verb. */
export function defineAudit(verb: Command, program: Program): void {
  verb
    .option('--actor <token>', 'only by this token')
    .option('--kind <kind>', 'only of hosts, plugins, ...: host, plugin, suite, subnet, token')
    .option('--name <name>', 'only of objects with this name')
    .option('--action <action>', 'only create, change or delete')
    .option('--from <instant>', 'not before')
    .option('--to <instant>', 'before')
    .addOption(
      new Option('--limit <n>', 'the most that are shown')
        .argParser(readCount)
        .default(DEFAULT_LIMIT),
    );
  addExamples(verb, ['ppadm audit --name web1', 'ppadm audit --actor ci --limit 200 -o json']);
  onRun(verb, program, async (session) => {
    refuseNames(session, 'audit');
    const { limit, ...filters } = verb.opts<Record<string, string>>();
    const query = { ...filters, limit: String(Math.min(Number(limit), 1_000)) };
    const { items } = await (await session.connect()).call('listAudit', { query });
    await printAnswer(session, items, () => formatEntries(session, items));
    if (items.length === 0) session.say('There are no such changes.');
  });
}

function formatEntries(session: Session, items: readonly AuditJson[]): string {
  if (items.length === 0) return '';
  const titles = ['AT', 'ACTOR', 'ACTION', 'KIND', 'NAME', 'CHANGED'];
  return formatTable({
    columns: titles.map((title) => ({ title, isFlexible: title === 'CHANGED' })),
    rows: items.map((entry) =>
      [
        formatTime(entry.at),
        entry.actor,
        entry.action,
        entry.kind,
        entry.name,
        listChanges(entry),
      ].map((text) => ({ text: escapeLine(text) })),
    ),
    maxWidth: session.maxWidth,
    paintTitle: session.palette.title,
  });
}

/** Set by the server with every change. */
const UNTOLD = ['updatedAt', 'version'];

/** `field: before -> after` for each field that differs. */
function listChanges({ before, after }: AuditJson): string {
  if (!isObject(before) || !isObject(after)) return '';
  return Object.keys({ ...before, ...after })
    .filter((field) => !UNTOLD.includes(field))
    .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
    .map((field) => `${field}: ${JSON.stringify(before[field])} -> ${JSON.stringify(after[field])}`)
    .join(', ');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
