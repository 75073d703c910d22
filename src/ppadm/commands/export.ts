/** `ppadm export`: the whole site as documents that `ppadm apply` takes. */

import { type Command, Option } from 'commander';
import { addExamples, onRun } from '../command-line.ts';
import { DOCUMENT_KINDS, formatDocuments, toDocument } from '../documents.ts';
import { formatJson } from '../output/json.ts';
import type { Program } from '../program.ts';
import { readSite } from '../site.ts';

/** Makes `export` of the verb. */
export function defineExport(verb: Command, program: Program): void {
  verb.addOption(new Option('--kind <kinds...>', 'only these kinds').choices([...DOCUMENT_KINDS]));
  addExamples(verb, [
    'ppadm export > site.yaml',
    'ppadm export --kind host -o json',
    'ppadm export | ppadm apply -f - --dry-run      # shows no change',
  ]);
  onRun(verb, program, async (session) => {
    const kinds = DOCUMENT_KINDS.filter((kind) => verb.opts()['kind']?.includes(kind) ?? true);
    const site = await readSite(session);
    const documents = kinds.flatMap((kind) =>
      [...site[kind].values()].map((object) => toDocument(kind, object)),
    );
    session.print(session.format === 'json' ? formatJson(documents) : formatDocuments(documents));
  });
}
