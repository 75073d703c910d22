/**
 * A plugin and its arguments -> the command for sshd. sshd hands it to the login shell, which reads
 * it once; every word is quoted, so all that the shell does is to start `/bin/sh` with our script.
 *
 * The script looks for the plugin in the folders and for a `timeout` that ends it, writes a mark to
 * both streams, and becomes the plugin. All in one round trip. The letter in the mark:
 *
 * | y | the plugin runs under `timeout`                                      |
 * | n | it runs without: this host has no `timeout -s`                       |
 * | m | it is in none of the folders; nothing runs                           |
 * | x | it is no file, or not executable; nothing runs                       |
 */

import { quoteWord } from './quote.ts';

/** Whether `timeout` works on a host: learnt from the letter of the first mark. */
export type TimeoutProgram = 'yes' | 'no' | 'unknown';

/** What to run on the remote host. */
export interface RemoteCommand {
  /** A plain file name. */
  readonly script: string;
  /** Absolute; a later one wins. */
  readonly folders: readonly string[];
  readonly args: readonly string[];
  /** When the remote host itself ends it, in seconds from its start. */
  readonly limitS: number;
  readonly timeoutProgram: TimeoutProgram;
}

/**
 * Linux takes no longer argument, and to sshd's `SHELL -c` the command is one. The limit also keeps
 * the request within the 256 KiB of OpenSSH's packets.
 */
export const MAX_COMMAND_BYTES = 131_071;

/**
 * No quote and no letter that a login shell other than POSIX's could take amiss may be in here. The
 * mark is written with octal numbers, so that a shell that shows its commands does not print it.
 * `-s KILL` is what GNU, BSD and BusyBox agree on; SIGTERM comes from us. An older BusyBox takes
 * options only in another way, hence the trial.
 */
const SCRIPT = [
  'k=$1 l=$2 n=$3 c=$4; shift 4; p=;',
  'while [ $c -gt 0 ]; do',
  'if [ -z "$p" ] && [ -e "$1/$n" ]; then p=$1/$n; fi; shift; c=$((c - 1)); done;',
  'if [ $k = u ]; then k=n; if timeout -s KILL 5 true >/dev/null 2>&1; then k=y; fi; fi;',
  'if [ -z "$p" ]; then k=m; elif [ -f "$p" ] && [ -x "$p" ]; then :; else k=x; fi;',
  'printf "\\001ppalette $k\\002\\n"; printf "\\001ppalette $k\\002\\n" >&2;',
  'if [ $k = m ]; then exit 127; elif [ $k = x ]; then exit 126; fi;',
  'LANG=C LC_ALL=C; export LANG LC_ALL; cd /;',
  'if [ $k = y ]; then exec timeout -s KILL $l "$p" "$@" </dev/null; fi;',
  'exec "$p" "$@" </dev/null',
].join(' ');

const KNOWLEDGE: Readonly<Record<TimeoutProgram, string>> = { yes: 'y', no: 'n', unknown: 'u' };

/** The command's text; the whole of it may be longer than `MAX_COMMAND_BYTES`. */
export function formatRemoteCommand(command: RemoteCommand): string {
  const { script, folders, args, limitS, timeoutProgram } = command;
  const words = [
    ...['ppalette', KNOWLEDGE[timeoutProgram], String(limitS), script, String(folders.length)],
    ...folders.toReversed(),
    ...args,
  ];
  return `exec /bin/sh -c ${[SCRIPT, ...words].map(quoteWord).join(' ')}`;
}
