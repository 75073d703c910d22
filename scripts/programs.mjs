/**
 * The programs of other people that the tests run against, and where they are found.
 * `test.mjs` installs what is missing where it can; a test group whose program is missing is skipped.
 */

import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * What a test group can need: the programs that must be there, and the Debian package that has them;
 * several with spaces between them.
 * @satisfies {Record<string, { programs: string[], package: string }>}
 */
export const NEEDS = {
  postgres: { programs: ['initdb', 'postgres'], package: 'postgresql' },
  mariadb: { programs: ['mariadbd', 'mariadb-install-db'], package: 'mariadb-server' },
  rabbitmq: { programs: ['rabbitmq-server'], package: 'rabbitmq-server' },
  rrdtool: { programs: ['rrdtool'], package: 'rrdtool' },
  rrdcached: { programs: ['rrdcached'], package: 'rrdcached' },
  plugins: { programs: ['check_dummy', 'check_load'], package: 'monitoring-plugins-basic' },
  dnsPlugin: {
    programs: ['check_dns', 'nslookup'],
    package: 'monitoring-plugins-standard bind9-dnsutils',
  },
  openssl: { programs: ['openssl'], package: 'openssl' },
  sshd: { programs: ['sshd', 'ssh-keygen'], package: 'openssh-server' },
  ping: { programs: ['ping'], package: 'iputils-ping' },
  ip: { programs: ['ip'], package: 'iproute2' },
  fping: { programs: ['fping'], package: 'fping' },
  zsh: { programs: ['zsh'], package: 'zsh' },
  fish: { programs: ['fish'], package: 'fish' },
  script: { programs: ['script'], package: 'bsdutils' },
  perl: { programs: ['perl'], package: 'perl-base' },
  prometheus: { programs: ['prometheus', 'promtool'], package: 'prometheus' },
  systemd: { programs: ['systemd-analyze'], package: 'systemd' },
  chromium: { programs: ['chromium'], package: 'chromium' },
};

/** @typedef {keyof typeof NEEDS} Need */

/** Folders of programs that are often not in PATH. */
const MORE_FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin', '/usr/lib/nagios/plugins'];
const POSTGRES_FOLDER = '/usr/lib/postgresql';

/**
 * The full path of a program; undefined when it is not installed.
 * @param {string} name
 * @returns {string | undefined}
 */
export function findProgram(name) {
  const inPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...inPath, ...MORE_FOLDERS, ...postgresFolders()]
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/**
 * Those of the needs that this machine does not meet; all of `NEEDS` when none are named.
 * @param {Need[]} needs
 * @returns {Need[]}
 */
export function findMissing(needs = /** @type {Need[]} */ (Object.keys(NEEDS))) {
  return needs.filter((need) => !NEEDS[need].programs.every((name) => findProgram(name)));
}

/** Debian keeps PostgreSQL's programs in a folder per version; the newest first. */
function postgresFolders() {
  try {
    return readdirSync(POSTGRES_FOLDER)
      .sort((one, other) => Number(other) - Number(one))
      .map((version) => join(POSTGRES_FOLDER, version, 'bin'));
  } catch {
    return [];
  }
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
