/** `ppadm audit`: who changed what, the newest first; `ppadm list changes` is the same as a table. */

import type { Command } from 'commander';
import type { AuditJson } from '../../contract/access.ts';
import { addExamples, onRun } from '../command-line.ts';
import type { Values } from '../field-options.ts';
import { printItems } from '../listing.ts';
import { CHANGE } from '../observed-kinds.ts';
import { formatDifferences, listDifferences } from '../output/differences.ts';
import { escapeLine } from '../output/escape.ts';
import { formatTime } from '../output/format.ts';
import type { Program } from '../program.ts';
import type { Session } from '../session.ts';
import { addListOptions, fetchKind, sayRest } from './list.ts';

const DEFAULT_LIMIT = 50;

/** Makes `audit` of the verb. */
export function defineAudit(verb: Command, program: Program): void {
  addListOptions(verb, CHANGE, DEFAULT_LIMIT);
  addExamples(verb, [
    'ppadm audit --name web1',
    'ppadm audit --actor ci --from 1d --limit 200 -o json',
  ]);
  onRun(verb, program, (session) => audit(session, verb.opts()));
}

async function audit(session: Session, values: Values): Promise<void> {
  const listed = await fetchKind(session, CHANGE, values);
  const isText = session.format === 'table' && listed.items.length > 0;
  if (isText)
    session.print(
      (listed.items as AuditJson[]).map((entry) => formatEntry(session, entry)).join('\n'),
    );
  else await printItems(session, CHANGE, listed.items);
  sayRest(session, listed);
}

/** Set by the server with every change. */
const SERVER_FIELDS = ['id', 'createdAt', 'updatedAt', 'version'];

function formatEntry(session: Session, entry: AuditJson): string {
  const { at, actor, action, kind, name } = entry;
  const title = `${formatTime(at)}  ${actor}: ${action} ${kind} ${name}`;
  const differences = listDifferences(fieldsOf(entry.before), fieldsOf(entry.after)).filter(
    ({ field }) => !SERVER_FIELDS.includes(field),
  );
  return `${session.palette.title(escapeLine(title))}\n${formatDifferences(session.palette, differences)}`;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
