/** `ppadm get KIND NAME`: one object, or one check's state, which can also be the exit code. */

import type { Command } from 'commander';
import type { CheckJson } from '../../contract/checks.ts';
import type { StateName } from '../../model/check.ts';
import { addExamples, firstOf, onRun } from '../command-line.ts';
import { explainFailure } from '../exit-code.ts';
import type { Kind } from '../kind.ts';
import { KINDS } from '../kinds.ts';
import { addIdentityOptions, nameSyntax, readPath, readReference } from '../names.ts';
import { fetchObject, printObject } from '../objects.ts';
import { CHECK } from '../observed-kinds.ts';
import { escapeBlock, escapeLine } from '../output/escape.ts';
import { formatPerfdata } from '../output/format.ts';
import type { Program } from '../program.ts';
import type { Session } from '../session.ts';

/** How a plugin exits. */
export const EXIT_CODES: Readonly<Record<StateName, number>> = {
  ok: 0,
  warning: 1,
  critical: 2,
  unknown: 3,
  pending: 3,
};

const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  host: ['ppadm get host web1', 'ppadm get host 10.0.0.1 -o yaml'],
  plugin: ['ppadm get plugin ping', 'ppadm get plugin ping -o yaml'],
  suite: ['ppadm get suite web', 'ppadm get suite web -o json'],
  subnet: ['ppadm get subnet office', 'ppadm get subnet office -o yaml'],
  check: ['ppadm get check web1 ping', 'ppadm get check web1 ping --exit-code   # as a plugin'],
  worker: ['ppadm get worker violet-0a1b2c3d', 'ppadm get worker violet-0a1b2c3d -o json'],
  discovery: [
    'ppadm get discovery 5f0e6a0c-5b0a-4f0e-9b57-0d3f4f1f2a3b',
    'ppadm get discovery 5f0e6a0c-5b0a-4f0e-9b57-0d3f4f1f2a3b -o json',
  ],
  token: ['ppadm get token dashboard', 'ppadm get token dashboard -o json'],
};

type ReadableKind = Kind & { readonly get: NonNullable<Kind['get']> };

function isReadable(kind: Kind): kind is ReadableKind {
  return kind.get !== undefined;
}

/** Adds `get host`, `get plugin`, ... */
export function defineGet(verb: Command, program: Program): void {
  addExamples(verb, firstOf(EXAMPLES));
  for (const kind of KINDS.filter(isReadable)) {
    const isObject = kind.changes !== undefined;
    const syntax = isObject ? '[name]' : nameSyntax(kind);
    const command = verb.command(`${kind.name} ${syntax}`).description(`show one ${kind.name}`);
    command.alias(kind.plural);
    addIdentityOptions(command, kind);
    addExamples(command, EXAMPLES[kind.name] ?? []);
    if (kind === CHECK) {
      command.option(
        '--exit-code',
        "write what the plugin wrote and exit with the check's own 0-3",
      );
    }
    onRun(command, program, async (session, args) => {
      if (command.opts()['exitCode'] === true) return serveAsPlugin(session, args);
      const names = isObject
        ? [readReference(kind, { verb: 'get', args, values: command.opts() }).name]
        : args;
      await showObject(session, kind, names);
    });
  }
}

async function showObject(session: Session, kind: ReadableKind, names: readonly string[]) {
  const path = readPath(kind, names);
  await printObject(session, kind, await fetchObject(session, kind, path));
}

/** Who runs this as a plugin takes exit code 1 or 2 for a state, so whatever fails is unknown. */
async function serveAsPlugin(session: Session, args: readonly string[]): Promise<void> {
  try {
    const path = readPath(CHECK, args);
    const check = await (await session.connect()).call('getCheck', { path });
    session.endWith(EXIT_CODES[check.state]);
    if (session.options.output === undefined) session.print(formatPluginOutput(check));
    else await printObject(session, CHECK, check);
  } catch (error) {
    session.endWith(EXIT_CODES.unknown);
    session.print(`UNKNOWN - ${escapeLine(explainFailure(error).lines.join(' '))}\n`);
  }
}

/** What a check's plugin wrote, as it wrote it. */
export function formatPluginOutput(check: CheckJson): string {
  const output = check.state === 'pending' ? 'PENDING - not checked yet' : check.output;
  const perfdata = check.perfdata.length > 0 ? ` | ${formatPerfdata(check.perfdata)}` : '';
  const longOutput = check.longOutput === '' ? '' : `\n${check.longOutput}`;
  return `${escapeBlock(`${output}${perfdata}${longOutput}`)}\n`;
}
