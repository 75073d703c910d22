/** The command line as a whole: from arguments to an exit code. */

import { Command, CommanderError } from 'commander';
import { EXIT, explainFailure } from './exit-code.ts';
import { escapeBlock, escapeLine } from './output/escape.ts';
import { hideSecrets } from './output/secrets.ts';
import type { Program } from './program.ts';
import { addSharedOptions } from './shared-options.ts';
import type { Screen, Surroundings } from './surroundings.ts';
import { VERBS } from './verbs.ts';

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
    await createProgram({ surroundings, endWith, defineVerb }).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    return report(error, surroundings.errors);
  }
}

/** The program with its verbs, each without its own part until `defineVerb` adds it. */
export function createProgram(program: Program): Command {
  const { output, errors, version } = program.surroundings;
  const root = new Command('ppadm')
    .description('The command line of ppalette: everything that its API can do.')
    .version(version)
    .exitOverride()
    // What follows "--params" is its value, even if it looks like an option of ours.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => output.write(text),
      writeErr: (text) => errors.write(escapeBlock(hideSecrets(text))),
      getOutHelpWidth: () => output.columns ?? 100,
      getErrHelpWidth: () => errors.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ subcommandTerm: sayCommand })
    .showHelpAfterError('(--help shows what there is)')
    .addHelpText('after', HELP);
  for (const { name, summary, aliases = [], isHidden = false } of VERBS) {
    root.command(name, { hidden: isHidden }).description(summary).aliases(aliases);
  }
  // In place of commander's own, which would show a verb without what its module adds.
  root
    .helpCommand(false)
    .command('help [command...]')
    .description('show help and examples of a command')
    .action(async (words: string[]) => {
      await createProgram(program).parseAsync([...words, '--help'], { from: 'user' });
    });
  root.hook('preSubcommand', (_root, verb) => defineVerb(verb, program));
  addSharedOptions(root);
  return root;
}

/** Adds what a verb's own module knows: kinds, options, examples, and what it does. */
export async function defineVerb(verb: Command, program: Program): Promise<void> {
  const entry = VERBS.find(({ name }) => name === verb.name());
  (await entry?.load())?.(verb, program);
  for (const each of [verb, ...verb.commands]) addSharedOptions(each);
}

/** Without aliases, which are there for who knows them. */
function sayCommand(command: Command): string {
  const words = command.registeredArguments.map((argument) => {
    const name = argument.name() + (argument.variadic ? '...' : '');
    return argument.required ? ` <${name}>` : ` [${name}]`;
  });
  const options = command.options.length > 0 ? ' [options]' : '';
  return command.name() + options + words.join('');
}

/** Says what went wrong; the exit code. */
function report(error: unknown, errors: Screen): number {
  const { exitCode, lines } = explainFailure(error);
  for (const line of lines) errors.write(`ppadm: ${escapeLine(hideSecrets(line))}\n`);
  return exitCode;
}
