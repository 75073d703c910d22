/** Failures -> an exit code and the words for it: the only place that knows the codes. */

import { ProblemAnswer } from '../contract/client.ts';
import {
  ConfigError,
  Conflict,
  Forbidden,
  InvalidInput,
  NotFound,
  Unauthenticated,
  Unavailable,
} from '../model/errors.ts';

/** How the program ends. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  conflict: 5,
  unreachable: 6,
} as const;

/** Something that is not there, with what to do about it. */
export class Missing extends NotFound {
  /** A sentence: names that are near, or how to see all. */
  readonly hint: string;

  constructor(kind: string, name: string, hint: string) {
    super(kind, name);
    this.hint = hint;
  }
}

/** What to say and how to end. */
export interface Failure {
  readonly exitCode: number;
  /** The first says what is wrong; none may be trusted to be of one line or free of controls. */
  readonly lines: readonly string[];
}

/** What a failure means to the one who typed the command. */
export function explainFailure(error: unknown): Failure {
  if (error instanceof ProblemAnswer) return explainProblem(error);
  if (error instanceof InvalidInput) {
    return {
      exitCode: EXIT.usage,
      lines: error.errors.map(({ path, message }) => joinPath(path, message)),
    };
  }
  if (error instanceof Missing) {
    return { exitCode: EXIT.notFound, lines: [`${error.message} ${error.hint}`] };
  }
  const exitCode = codeOfClass(error);
  if (exitCode !== undefined && error instanceof Error) return { exitCode, lines: [error.message] };
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    exitCode: EXIT.failed,
    lines: ['Unexpected failure, please report it:', ...stack.split('\n')],
  };
}

function codeOfClass(error: unknown): number | undefined {
  if (error instanceof ConfigError) return EXIT.usage;
  if (error instanceof NotFound) return EXIT.notFound;
  if (error instanceof Unauthenticated || error instanceof Forbidden) return EXIT.notAllowed;
  if (error instanceof Conflict) return EXIT.conflict;
  if (error instanceof Unavailable) return EXIT.unreachable;
  return undefined;
}

function explainProblem({ status, problem, message }: ProblemAnswer): Failure {
  const exitCode = codeOfStatus(status);
  // A server that is none of ours may answer anything.
  const errors = Array.isArray(problem.errors) ? problem.errors : [];
  if (errors.length > 0) {
    return { exitCode, lines: errors.map((error) => joinPath(error.path, error.message)) };
  }
  const remedy = REMEDIES[status];
  return { exitCode, lines: [remedy === undefined ? message : `${message} ${remedy}`] };
}

const REMEDIES: Readonly<Record<number, string>> = {
  403: 'Use a token with a higher role.',
  413: 'Send it in smaller parts.',
  429: 'Wait a moment and try again.',
  503: 'See "ppadm show status".',
};

/** The exit code for a refusal of the server. */
function codeOfStatus(status: number): number {
  switch (status) {
    case 400:
    case 422:
      return EXIT.usage;
    case 404:
      return EXIT.notFound;
    case 401:
    case 403:
      return EXIT.notAllowed;
    case 409:
    case 412:
      return EXIT.conflict;
    case 502:
    case 503:
    case 504:
      return EXIT.unreachable;
    default:
      return EXIT.failed;
  }
}

function joinPath(path: string, message: string): string {
  return path === '' ? message : `${path}: ${message}`;
}
