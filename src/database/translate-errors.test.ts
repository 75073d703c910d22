import { expect, test } from 'vitest';
import { Unavailable } from '../model/errors.ts';
import { ForeignKeyViolation, UniqueViolation } from './database.ts';
import { translateError } from './translate-errors.ts';

test.each([
  [787, ForeignKeyViolation],
  [1_555, UniqueViolation],
  [2_067, UniqueViolation],
  [5, Unavailable],
  [517, Unavailable], // SQLITE_BUSY_SNAPSHOT
  [8, Unavailable],
  [778, Unavailable], // SQLITE_IOERR_WRITE
  [13, Unavailable],
  [14, Unavailable],
])("number %i of Node's own SQLite is an error of the port", (errcode, kind) => {
  const error = Object.assign(new Error('text'), { code: 'ERR_SQLITE_ERROR', errcode });
  expect(translateError(error)).toBeInstanceOf(kind);
});

test("other errors of Node's own SQLite stay as they are", () => {
  const error = Object.assign(new Error('syntax'), { code: 'ERR_SQLITE_ERROR', errcode: 1 });
  expect(translateError(error)).toBe(error);
});
