/**
 * The error classes of the program. A bad world (a plugin that fails, a target that is down) is a
 * value; these are for wrong calls and absent dependencies.
 *
 * | class           | HTTP     | ppadm exit | ppalette exit |
 * | InvalidInput    | 422, 400 | 2          |               |
 * | Unauthenticated | 401      | 4          |               |
 * | Forbidden       | 403      | 4          |               |
 * | NotFound        | 404      | 3          |               |
 * | Conflict        | 409      | 5          |               |
 * | TooMany         | 429      | 1          |               |
 * | NoAnswer        | 504      | 6          |               |
 * | Unavailable     | 503      | 6          | 1             |
 * | ConfigError     |          |            | 2             |
 * | PoisonMessage   | dead-letter queue                  |||
 */

/** One wrong field: JSON pointer or query parameter, and what is wrong with it. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** A caller's input that does not fit; names every wrong field at once. */
export class InvalidInput extends Error {
  override name = 'InvalidInput';
  readonly code = 'invalid_input';
  readonly errors: readonly FieldError[];
  /** True when the input could not even be read (HTTP 400), false when it is read but wrong (422). */
  readonly unreadable: boolean;

  constructor(errors: readonly FieldError[], unreadable = false) {
    super(errors.map((error) => `${error.path}: ${error.message}`).join('; '));
    this.errors = errors;
    this.unreadable = unreadable;
  }
}

/** No token, or one that is not valid. */
export class Unauthenticated extends Error {
  override name = 'Unauthenticated';
  readonly code = 'unauthenticated';
}

/** A valid token whose role does not allow this. */
export class Forbidden extends Error {
  override name = 'Forbidden';
  readonly code = 'forbidden';
}

/** An object that does not exist. */
export class NotFound extends Error {
  override name = 'NotFound';
  readonly code = 'not_found';
  readonly kind: string;
  readonly reference: string;

  /** `place` is put before the message, such as `/operations/3: `. */
  constructor(kind: string, reference: string, place = '') {
    super(`${place}There is no ${kind} "${reference}".`);
    this.kind = kind;
    this.reference = reference;
  }
}

/** A change that collides with what is there. */
export class Conflict extends Error {
  override name = 'Conflict';
  readonly code = 'conflict';
}

/** Asked too often. */
export class TooMany extends Error {
  override name = 'TooMany';
  readonly code = 'too_many';
  readonly retryAfterS: number;

  constructor(message: string, retryAfterS: number) {
    super(message);
    this.retryAfterS = retryAfterS;
  }
}

/** Something that was waited for did not happen in time. */
export class NoAnswer extends Error {
  override name = 'NoAnswer';
  readonly code = 'no_answer';
}

/** A dependency that is away for now; trying again later may work. */
export class Unavailable extends Error {
  override name = 'Unavailable';
  readonly code = 'unavailable';
  /** Which dependency: `database`, `broker`, `rrd`, ... */
  readonly dependency: string;

  constructor(dependency: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.dependency = dependency;
  }
}

/** A wrong configuration or environment: one sentence that names the thing and the remedy. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly code = 'config';
}

/** A message that can never be understood; it goes to the dead-letter queue with this reason. */
export class PoisonMessage extends Error {
  override name = 'PoisonMessage';
  readonly code = 'poison';
}
