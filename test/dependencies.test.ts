/** The lock file installs everywhere, exactly what was tested, under licences that fit ours. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const ALLOWED_LICENCES = [
  ...['MIT', 'MIT-0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0'],
  ...['Apache-2.0', 'Unlicense', 'CC0-1.0'],
  // Of its own files alone; it may be part of a larger work, and names the LGPL as one to go with.
  'MPL-2.0',
];
/** Packages with another licence, each with the reason why it may be used. */
const LICENCE_EXCEPTIONS: Readonly<Record<string, string>> = {
  'node_modules/dejavu-fonts-ttf':
    'free by its LICENSE file (Bitstream Vera), to ship and to embed',
  'node_modules/ssh2': 'MIT by its LICENSE file and an older field',
  'node_modules/cpu-features': 'MIT by its LICENSE file and an older field',
  'node_modules/buildcheck': 'MIT by its LICENSE file and an older field',
};

const manifest = readJson('../package.json') as Record<string, Record<string, string> | undefined>;
const lock = readJson('../package-lock.json') as { packages: Record<string, LockEntry> };
/** Path in node_modules -> entry, without the project itself. */
const entries = Object.entries(lock.packages).filter(([path]) => path !== '');

test('every optional package that a locked package names is locked too', () => {
  // npm leaves out silently what a registry does not have, and `npm ci` then fails.
  const missing = entries.flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !isLocked(path, name))
      .map((name) => `${path} needs ${name}`),
  );
  expect(missing).toEqual([]);
});

test('package.json names exact versions only', () => {
  const sections = ['dependencies', 'devDependencies', 'optionalDependencies'];
  const ranges = sections
    .flatMap((section) => Object.entries(manifest[section] ?? {}))
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version));
  expect(ranges).toEqual([]);
});

test('the lock file has the versions of package.json', () => {
  const root = lock.packages[''] as unknown as typeof manifest;
  for (const section of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    expect(root[section] ?? {}).toEqual(manifest[section] ?? {});
  }
});

test('no locked package is bound to an address', () => {
  // An address would tie the project to one registry, or to a repository without a checksum.
  const bound = entries.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path);
  expect(bound).toEqual([]);
});

test('what is shipped has a licence that fits the LGPL', () => {
  const unfit = entries
    .filter(([, entry]) => entry.dev !== true)
    .filter(([path, entry]) => !isAllowed(entry.license) && !(path in LICENCE_EXCEPTIONS))
    .map(([path, entry]) => `${path}: ${entry.license ?? 'none given'}`);
  expect(unfit).toEqual([]);
});

/** A choice such as `(MIT OR GPL-3.0)` fits when one of it does. */
function isAllowed(licence: string | undefined): boolean {
  const choices = (licence ?? '').replace(/[()]/g, '').split(' OR ');
  return choices.some((choice) => ALLOWED_LICENCES.includes(choice));
}

/** Looks where Node would look: beside the package, then in each folder above. */
function isLocked(path: string, name: string): boolean {
  for (let folder = path; ; folder = folder.slice(0, folder.lastIndexOf('/node_modules/'))) {
    if (`${folder}/node_modules/${name}` in lock.packages) return true;
    if (!folder.includes('/node_modules/')) break;
  }
  return `node_modules/${name}` in lock.packages;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
}
