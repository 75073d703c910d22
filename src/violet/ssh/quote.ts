/** An argument -> a word of the POSIX shell, which on the remote host is between sshd and a plugin. */

/**
 * The text as one word that a POSIX shell reads as exactly this text, whatever it holds but NUL,
 * which no argument can carry. Always in quotes, so that it is no option, variable or pattern of the
 * shell, and an empty text is a word too.
 */
export function quoteWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
