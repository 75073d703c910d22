/** A whole system in this process, in embedded mode, called over HTTP; every answer is checked. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { startApp } from '../src/app/app.ts';
import { loadConfig } from '../src/config/load.ts';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { createOpenApi } from '../src/red/api/openapi.ts';
import { createAnswerCheck } from './documented.ts';
import { tempFolder } from './servers/temp.ts';

/** What a request may say beside method, path and body. */
export interface RequestOptions {
  /** Default: an administrator's. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Starts it with these settings, as `section.key`; close it after the tests. */
export async function openRunningSite(flags: Readonly<Record<string, unknown>> = {}) {
  const folder = await tempFolder();
  const start = async () => {
    const { config } = await loadConfig({
      environment: {},
      flags: { data: folder.path, 'red.listen': '127.0.0.1:0', ...flags },
    });
    const { signal } = new AbortController();
    const context = { clock: systemClock, random: Math.random, log: silentLog(), signal };
    return startApp(config, ['grey', 'violet', 'red'], context);
  };
  let app = await start();
  const apiUrl = () => `${app.api?.url}/api/v1`;
  const admin = (await readFile(join(folder.path, 'admin.token'), 'utf8')).trim();
  const checkAnswer = createAnswerCheck(createOpenApi('test'));
  let count = 0;

  const request = (method: string, path: string, body?: unknown, options: RequestOptions = {}) =>
    fetch(`${apiUrl()}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${options.token ?? admin}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });

  const call = async (
    method: string,
    path: string,
    body?: unknown,
    options: RequestOptions = {},
  ) => {
    const response = await request(method, path, body, options);
    const text = await response.text();
    // biome-ignore lint/suspicious/noExplicitAny: tests look into any answer
    const answer: any = text === '' ? null : JSON.parse(text);
    const contentType = response.headers.get('content-type') ?? undefined;
    const sent = { method, url: `/api/v1${path}`, status: response.status };
    checkAnswer({ ...sent, contentType, body: answer });
    return { status: response.status, body: answer };
  };

  return {
    get url() {
      return apiUrl();
    },
    /** Its data folder; plugins of its own are in `plugins`. */
    data: folder.path,
    admin,
    request,
    get database() {
      return app.api?.database;
    },
    call,
    /** Stops everything and starts it again over the same data. */
    async restart() {
      await app.stop();
      app = await start();
    },
    /** A host with one check, which runs when the test says so, or by the schedule with an `interval`. */
    async addCheck(host: Record<string, unknown> = {}, plugin: Record<string, unknown> = {}) {
      const name = `n${++count}`;
      await call('POST', '/suites', { name });
      // Without an interval it runs when the test says so, and no first run comes in between.
      const activeChecks = plugin['interval'] !== undefined;
      const dummy = { builtin: 'dummy', params: '0 fine', activeChecks, suites: [name] };
      const made = await call('POST', '/plugins', { name, ...dummy, ...plugin });
      expect(made.status).toBe(201);
      const body = { name, address: `${name}.test`, history: true, suites: [name], ...host };
      expect((await call('POST', '/hosts', body)).status).toBe(201);
      return { name, path: `/checks/${name}/${name}` };
    },
    /** A script of that name in the plugin folder, of shell lines; its name. */
    async addScript(name: string, lines: string): Promise<string> {
      const plugins = join(folder.path, 'plugins');
      await mkdir(plugins, { recursive: true });
      await writeFile(join(plugins, name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
      return name;
    },
    async close() {
      await app.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
