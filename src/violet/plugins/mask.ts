/** Secrets that plugins print are not shown: between the end of a run and whoever reads its texts. */

import type { Outcome } from '../../model/check.ts';

/** What stands in place of a secret. */
export const MASK = '******';

/** Shorter values are no secrets, and would be found everywhere. */
const MIN_LENGTH = 4;

/** By custom the folder of plugins: a path that texts should show. */
const FOLDER_MACRO = 'USER1';

/**
 * A function that masks the values of `$USERn$` in the texts of an outcome: those of 4 characters or
 * more, except `$USER1$`; also the beginning of one at the end of a text that was cut. What a plugin
 * has encoded in some way is not recognised. Takes linear time.
 */
export function createMask(
  userMacros: Readonly<Record<string, string>>,
): (outcome: Outcome) => Outcome {
  if (findSecrets(userMacros).length === 0) return (outcome) => outcome;
  const mask = createTextMask(userMacros);
  return (outcome) => {
    const isCut = outcome.kind !== 'exited' || outcome.truncated;
    return maskTexts(outcome, (text) => mask(text, isCut));
  };
}

/** As `createMask`, for a single text. */
export function createTextMask(
  userMacros: Readonly<Record<string, string>>,
): (text: string, isCut: boolean) => string {
  const secrets = findSecrets(userMacros);
  return (text, isCut) => {
    // First what was cut, which may contain a shorter secret.
    const end = isCut ? findBeginning(text, secrets) : text.length;
    let masked = text.slice(0, end);
    for (const secret of secrets) masked = masked.replaceAll(secret, MASK);
    return end < text.length ? masked + MASK : masked;
  };
}

function findSecrets(userMacros: Readonly<Record<string, string>>): string[] {
  return (
    Object.entries(userMacros)
      .filter(([name, value]) => name !== FOLDER_MACRO && value.length >= MIN_LENGTH)
      .map(([, value]) => value)
      // One that contains another is to be found whole.
      .sort((one, other) => other.length - one.length)
  );
}

function maskTexts(outcome: Outcome, mask: (text: string) => string): Outcome {
  switch (outcome.kind) {
    case 'exited':
    case 'signalled':
      return { ...outcome, stdout: mask(outcome.stdout), stderr: mask(outcome.stderr) };
    case 'timedOut':
      return { ...outcome, stdout: mask(outcome.stdout) };
    case 'notStarted':
      return { ...outcome, detail: mask(outcome.detail) };
    case 'sshFailed':
      return { ...outcome, stdout: mask(outcome.stdout), detail: mask(outcome.detail) };
  }
}

/** Where, at the end of a text that was cut, the beginning of a secret begins; else its length. */
function findBeginning(text: string, secrets: readonly string[]): number {
  let first = text.length;
  for (const secret of secrets) {
    const beginning = secret.slice(0, MIN_LENGTH);
    let at = text.indexOf(beginning, Math.max(0, text.length - secret.length));
    while (at !== -1 && at < first) {
      if (secret.startsWith(text.slice(at))) first = at;
      at = text.indexOf(beginning, at + 1);
    }
  }
  return first;
}
