/** The user whom programs run as: a name of the system -> what it takes to become that user. */

import { execFile } from 'node:child_process';
import { ConfigError } from '../../model/errors.ts';

/** A user of the system. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Numbers of all groups, `gid` among them. */
  readonly groups: readonly number[];
  /** Absolute path. */
  readonly home: string;
}

/** Asks the system, directories of users over the network included. Throws `ConfigError` for none. */
export async function findUser(name: string): Promise<User> {
  const [entry, groups] = await Promise.all([
    readOutput('getent', ['passwd', '--', name]),
    readOutput('id', ['-G', '--', name]),
  ]);
  const [, , uid, gid, , home] = entry.split(':');
  if (home === undefined || groups === '') {
    throw new ConfigError(
      `violet.runAs: there is no user "${name}" here: make it or name another.`,
    );
  }
  return {
    ...{ name, uid: Number(uid), gid: Number(gid), home },
    groups: groups.trim().split(' ').map(Number),
  };
}

/** Empty when the program fails. */
function readOutput(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, (error, stdout) => resolve(error ? '' : stdout));
  });
}
