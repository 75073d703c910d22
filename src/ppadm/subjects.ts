/** What a command is about that takes a host or one of its checks: `HOST`, `HOST PLUGIN`, `HOST/PLUGIN`. */

import type { Kind } from './kind.ts';
import { HOST } from './kinds.ts';
import { readPath } from './names.ts';
import { CHECK } from './observed-kinds.ts';

/** A host itself, or a check. */
export type Subject =
  | { readonly kind: 'host'; readonly path: { readonly host: string }; readonly name: string }
  | {
      readonly kind: 'check';
      readonly path: Readonly<Record<string, string>>;
      readonly name: string;
    };

/** The subject that is named. Throws `InvalidInput` when it is neither. */
export function readSubject(args: readonly string[]): Subject {
  const [first = ''] = args;
  // No name holds a slash.
  if (args.length === 1 && first !== '' && !first.includes('/')) {
    return { kind: 'host', path: { host: first }, name: first };
  }
  const path = readPath(CHECK, args);
  return { kind: 'check', path, name: Object.values(path).join('/') };
}

/** The kind among whose names those that are near are looked for. */
export function kindOf(subject: Subject): Kind {
  return subject.kind === 'host' ? HOST : CHECK;
}
