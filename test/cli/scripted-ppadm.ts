/** ppadm in this process, against a server whose answers the test says. */

import { afterEach, beforeEach } from 'vitest';
import type { Surroundings } from '../../src/ppadm/surroundings.ts';
import { type TempFolder, tempFolder } from '../servers/temp.ts';
import { run, surroundingsOf } from './ppadm-surroundings.ts';
import {
  type Asked,
  type Scripted,
  type ScriptedServer,
  startScriptedServer,
} from './scripted-server.ts';

/** What a test works with; made anew for each. */
export interface ScriptedPpadm {
  readonly folder: TempFolder;
  readonly server: ScriptedServer;
  /** What the server answers; a test says it. */
  answer: (asked: Asked) => Scripted;
  /** Runs a command line. */
  ppadm(...args: string[]): ReturnType<typeof run>;
  /** Runs one in surroundings that differ so. */
  ppadmWith(changes: Partial<Surroundings>, ...args: string[]): ReturnType<typeof run>;
  /** Runs one on a terminal of so many columns. */
  onTerminal(
    columns: number,
    environment: Record<string, string>,
    ...args: string[]
  ): ReturnType<typeof run>;
}

/** Sets it up around each test of the file. */
export function useScriptedPpadm(): ScriptedPpadm {
  let folder: TempFolder;
  let server: ScriptedServer;
  const reach = () => ({ PPADM_URL: server.url, PPADM_TOKEN: 'secret-token' });
  const cli: ScriptedPpadm = {
    get folder() {
      return folder;
    },
    get server() {
      return server;
    },
    answer: () => ({ status: 404 }),
    ppadm: (...args) => cli.ppadmWith({}, ...args),
    ppadmWith: (changes, ...args) =>
      run(args, surroundingsOf(folder.path, { environment: reach(), ...changes })),
    onTerminal: (columns, environment, ...args) => {
      const given = { ...reach(), ...environment };
      return run(args, surroundingsOf(folder.path, { environment: given }), columns);
    },
  };
  beforeEach(async () => {
    folder = await tempFolder();
    cli.answer = () => ({ status: 404 });
    server = await startScriptedServer((asked) => cli.answer(asked));
  });
  afterEach(async () => {
    await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  return cli;
}

/** A list's page as a server answers it. */
export function page(items: readonly unknown[], more = {}): Scripted {
  return { body: { items, total: items.length, nextCursor: null, ...more } };
}

/** A refusal as a server answers it. */
export function problem(status: number, detail: string, errors?: object[]): Scripted {
  return { status, body: { type: 'about:blank', title: 'T', status, detail, errors } };
}
