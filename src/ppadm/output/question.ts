/** A question on the terminal that is answered by yes or no. */

import { createInterface } from 'node:readline';
import type { Surroundings } from '../surroundings.ts';
import { escapeLine } from './escape.ts';

/** Asks; anything but yes is no. The input must be a terminal. */
export function askYesNo(
  { input, errors }: Pick<Surroundings, 'input' | 'errors'>,
  question: string,
): Promise<boolean> {
  errors.write(`${escapeLine(question)} [y/N] `);
  const lines = createInterface({ input: input.stream });
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      resolve(/^\s*y(es)?\s*$/i.test(line));
      lines.close();
    });
    // Also comes first, when the input ends without an answer.
    lines.once('close', () => resolve(false));
  });
}
