/** `ppadm completion SHELL`: what a shell has to be told to complete commands, options and names. */

import type { Command } from 'commander';
import { addExamples, onRun } from '../command-line.ts';
import type { Program } from '../program.ts';

/** Each hands the words so far to `ppadm complete` and takes the lines that it writes. */
const SCRIPTS = {
  bash: `_ppadm() {
  local IFS=$'\\n'
  COMPREPLY=($(ppadm complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _ppadm ppadm
`,
  zsh: `#compdef ppadm
_ppadm() {
  local -a found
  found=("\${(@f)$(ppadm complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -Q -- $found
}
compdef _ppadm ppadm
`,
  fish: `function __ppadm_complete
  set -l words (commandline -opc) (commandline -ct)
  ppadm complete -- $words[2..-1] 2>/dev/null
end
complete -c ppadm -f -a '(__ppadm_complete)'
`,
} as const;

/** A shell that can be told. */
type Shell = keyof typeof SCRIPTS;

/** Makes `completion` of the verb. */
export function defineCompletion(verb: Command, program: Program): void {
  const shells = Object.keys(SCRIPTS);
  verb.argument('<shell>', shells.join(', '));
  addExamples(verb, [
    'source <(ppadm completion bash)',
    'ppadm completion fish > ~/.config/fish/completions/ppadm.fish',
  ]);
  onRun(verb, program, async (session, [shell = '']) => {
    if (Object.hasOwn(SCRIPTS, shell)) return session.print(SCRIPTS[shell as Shell]);
    verb.error(`error: there is no completion for ${shell}: take ${shells.join(', ')}`);
  });
}

/** Makes the hidden `complete` of the verb: a candidate on each line, nothing when it fails. */
export function defineComplete(verb: Command, program: Program): void {
  verb.argument('[words...]');
  onRun(verb, program, async (session, words) => {
    const { findCandidates } = await import('../candidates.ts');
    const root = verb.parent;
    if (root === null) return;
    const candidates = await findCandidates({ root, program, session, words }).catch(() => []);
    session.print(candidates.map((candidate) => `${candidate}\n`).join(''));
  });
}
