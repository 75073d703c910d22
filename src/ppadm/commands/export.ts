/** `ppadm export`: the whole site as documents that `ppadm apply` takes. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { addExamples, onRun } from '../command-line.ts';
import { DOCUMENT_KINDS, type DocumentKind, formatDocuments, toDocument } from '../documents.ts';
import { refuseNames } from '../objects.ts';
import { formatJson } from '../output/json.ts';
import type { Program } from '../program.ts';
import { parseNames } from '../read-values.ts';
import { readSite } from '../site.ts';

/** Makes `export` of the verb. */
export function defineExport(verb: Command, program: Program): void {
  verb.addOption(
    new Option('--kind <kinds>', `only these: ${DOCUMENT_KINDS.join(', ')}`).argParser(readKinds),
  );
  addExamples(verb, [
    'ppadm export > site.yaml',
    'ppadm export --kind host,subnet -o json',
    'ppadm export | ppadm apply --dry-run       # shows no change',
  ]);
  onRun(verb, program, async (session) => {
    refuseNames(session, 'export');
    const { kind: kinds = DOCUMENT_KINDS } = verb.opts<{ kind?: readonly DocumentKind[] }>();
    const site = await readSite(session);
    const documents = DOCUMENT_KINDS.filter((kind) => kinds.includes(kind)).flatMap((kind) => {
      // By name, whatever order the database knows, so that two exports can be compared.
      const objects = [...site[kind].values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      return objects.map((object) => toDocument(kind, object));
    });
    session.print(session.format === 'json' ? formatJson(documents) : formatDocuments(documents));
  });
}

function pluralOf(kind: DocumentKind): string {
  return kind === 'dependency' ? 'dependencies' : `${kind}s`;
}

/** `host`, `hosts` or `Host`, with commas between. */
function readKinds(text: string, before: readonly DocumentKind[] = []): DocumentKind[] {
  const kinds = parseNames(text.toLowerCase()).map((word) => {
    const kind = DOCUMENT_KINDS.find((one) => word === one || word === pluralOf(one));
    if (kind === undefined) {
      throw new InvalidArgumentError(`It must be of: ${DOCUMENT_KINDS.join(', ')}.`);
    }
    return kind;
  });
  return [...before, ...kinds];
}
