/** Documents whose rows name the tests that show them: the rows, and whether these tests exist. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** A row that names a test. */
export interface CoverageRow {
  /** The first cell. */
  readonly row: string;
  readonly file: string;
  readonly title: string;
}

/** The text of a document. */
export function readDocument(name: string): string {
  return readFileSync(join(ROOT, 'docs', name), 'utf8');
}

/** The rows of a document that name a test, in their order; `row` is what their first cells are like. */
export function readCoverage(document: string, row: RegExp): CoverageRow[] {
  const pattern = new RegExp(`^\\| (${row.source}) \\|.*\\| \`([^\`]+)\`: (.+) \\|$`, 'gm');
  return [...document.matchAll(pattern)].map(([, name = '', file = '', title = '']) => ({
    ...{ row: name, file, title },
  }));
}

/** Fails unless the file has a test with that title. */
export function expectTest({ file, title }: CoverageRow): void {
  expect(existsSync(join(ROOT, file)), file).toBe(true);
  const source = readFileSync(join(ROOT, file), 'utf8');
  const quoted = [`'${title}'`, `"${title}"`, `\`${title}\``];
  expect(
    quoted.some((text) => source.includes(text)),
    `${file} has "${title}"`,
  ).toBe(true);
}
