/** The command line as a whole: the table of commands, and from arguments to an exit code. */

import { Command, CommanderError } from 'commander';
import { EXIT, explainFailure } from './exit-code.ts';
import { escapeBlock, escapeLine } from './output/escape.ts';
import type { DefineCommand, Program } from './program.ts';
import { addSharedOptions } from './shared-options.ts';
import type { Screen, Surroundings } from './surroundings.ts';

/** A verb. Its module is loaded only when it is used, so that help comes at once. */
interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly isHidden?: boolean;
  load(): Promise<DefineCommand>;
}

/** Every command, in the order of help. */
const VERBS: readonly Verb[] = [
  {
    name: 'list',
    summary: 'list hosts, plugins, suites, subnets, checks, workers, jobs, ...',
    load: async () => (await import('./commands/list.ts')).defineList,
  },
  {
    name: 'get',
    summary: 'show one host, plugin, suite, subnet, check, worker, ...',
    load: async () => (await import('./commands/get.ts')).defineGet,
  },
  {
    name: 'add',
    summary: 'add a host, plugin, suite or subnet',
    load: async () => (await import('./commands/add.ts')).defineAdd,
  },
  {
    name: 'edit',
    summary: 'change a host, plugin, suite or subnet',
    load: async () => (await import('./commands/edit.ts')).defineEdit,
  },
  {
    name: 'delete',
    summary: 'delete hosts, plugins, suites or subnets',
    load: async () => (await import('./commands/delete.ts')).defineDelete,
  },
  {
    name: 'show',
    summary: 'show status, scheduler, workers or stats',
    load: async () => (await import('./commands/show.ts')).defineShow,
  },
  {
    name: 'run',
    summary: 'run a check or a discovery now',
    load: async () => (await import('./commands/run.ts')).defineRun,
  },
  {
    name: 'submit',
    summary: 'submit results from outside',
    load: async () => (await import('./commands/submit.ts')).defineSubmit,
  },
  {
    name: 'watch',
    summary: 'follow what happens',
    load: async () => (await import('./commands/watch.ts')).defineWatch,
  },
  {
    name: 'export',
    summary: 'write the whole site as documents',
    load: async () => (await import('./commands/export.ts')).defineExport,
  },
  {
    name: 'apply',
    summary: 'make the site what documents say',
    load: async () => (await import('./commands/apply.ts')).defineApply,
  },
  {
    name: 'audit',
    summary: 'show who changed what',
    load: async () => (await import('./commands/audit.ts')).defineAudit,
  },
  {
    name: 'token',
    summary: 'create, list or revoke tokens',
    load: async () => (await import('./commands/token.ts')).defineToken,
  },
  {
    name: 'history',
    summary: 'show the kept results of a check',
    load: async () => (await import('./commands/history.ts')).defineHistory,
  },
  {
    name: 'completion',
    summary: 'write what a shell needs to complete commands and names',
    load: async () => (await import('./commands/completion.ts')).defineCompletion,
  },
  {
    name: 'complete',
    summary: 'write what may come next in a line',
    isHidden: true,
    load: async () => (await import('./commands/completion.ts')).defineComplete,
  },
  {
    name: 'login',
    summary: 'keep a server and its token for later',
    load: async () => (await import('./commands/login.ts')).defineLogin,
  },
];

const HELP = `
Examples:
  ppadm list checks --problem
  ppadm add host web1 --address 10.0.0.1 --suite base
  ppadm edit host web1 --maintenance on
  ppadm show status
  ppadm help add                        help and examples of one command

Server and token are found in this order: the options, PPADM_URL, PPADM_TOKEN and
PPADM_TOKEN_FILE, a local "ppalette up", "ppadm login".

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 not allowed, 5 conflict,
6 server unreachable.
`;

/** Runs one command line; what it ends with. Writes to the screens of `surroundings` only. */
export async function runPpadm(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  let exitCode: number = EXIT.done;
  const endWith = (code: number) => {
    exitCode = code;
  };
  try {
    await createProgram({ surroundings, endWith, loadVerb }).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    return report(error, surroundings.errors);
  }
}

function createProgram(program: Program): Command {
  const { output, errors, version } = program.surroundings;
  const root = new Command('ppadm')
    .description('The command line of ppalette: everything that its API can do.')
    .version(version)
    .exitOverride()
    // What follows "--params" is its value, even if it looks like an option of ours.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => output.write(text),
      writeErr: (text) => errors.write(escapeBlock(text)),
      getOutHelpWidth: () => output.columns ?? 100,
      getErrHelpWidth: () => errors.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError('(--help shows what there is)')
    .addHelpText('after', HELP);
  for (const { name, summary, isHidden = false } of VERBS) {
    root.command(name, { hidden: isHidden }).description(summary);
  }
  // In place of commander's own, which would show a verb without what its module adds.
  root
    .helpCommand(false)
    .command('help [command...]')
    .description('show help and examples of a command')
    .action(async (words: string[]) => {
      await createProgram(program).parseAsync([...words, '--help'], { from: 'user' });
    });
  root.hook('preSubcommand', async (_root, command) => {
    (await loadVerb(command.name()))?.(command, program);
    for (const each of [command, ...command.commands]) addSharedOptions(each);
  });
  addSharedOptions(root);
  return root;
}

async function loadVerb(name: string): Promise<DefineCommand | undefined> {
  return VERBS.find((verb) => verb.name === name)?.load();
}

/** Says what went wrong; the exit code. */
function report(error: unknown, errors: Screen): number {
  const { exitCode, lines } = explainFailure(error);
  for (const line of lines) errors.write(`ppadm: ${escapeLine(line)}\n`);
  return exitCode;
}
