/** The test servers themselves: they start, answer, survive a crash and leave nothing behind. */

import { existsSync } from 'node:fs';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { startMariadb } from './mariadb.ts';
import { needs } from './needs.ts';
import { executeOnPostgres, startPostgres } from './postgres.ts';
import { freePort, startProcess, tempFolder, waitFor } from './temp.ts';
import { createTestDatabase } from './test-database.ts';

describe('temporary things', () => {
  test('a folder and all in it is gone after its scope', async () => {
    let path: string;
    {
      await using folder = await tempFolder();
      path = folder.path;
      await using writer = await startProcess('touch', ['file'], { cwd: path });
      await writer.exited;
      expect(existsSync(`${path}/file`)).toBe(true);
    }
    expect(existsSync(path)).toBe(false);
  });

  test('two free ports differ', async () => {
    expect(await freePort()).not.toBe(await freePort());
  });

  test('a process reads its input and tells its output and exit code', async () => {
    await using shell = await startProcess('sh', ['-c', 'cat; echo problem >&2; exit 3'], {
      input: 'text\n',
    });
    expect(await shell.exited).toEqual({ code: 3, signal: null });
    expect(shell.output()).toContain('text\n');
    expect(shell.output()).toContain('problem\n');
  });

  test('a program that is not there rejects', async () => {
    await expect(startProcess('no-such-program', [])).rejects.toThrow('ENOENT');
  });

  test('stopping a process also ends the children that it leaves', async () => {
    await using shell = await startProcess('sh', ['-c', 'sleep 600 & echo $!; wait']);
    const child = await waitFor('the pid of the child', () => Number.parseInt(shell.output(), 10));
    await shell.stop();
    expect((await shell.exited).signal).toBe('SIGTERM');
    await waitFor('the end of the child', () => !isRunning(child));
  });

  test('a process that ignores SIGTERM is killed after the deadline', async () => {
    await using shell = await startProcess('sh', ['-c', 'trap "" TERM; echo ready; sleep 600']);
    await waitFor('the trap', () => shell.output().includes('ready'));
    await shell.stop('SIGTERM', 100);
    expect((await shell.exited).signal).toBe('SIGKILL');
  });

  test('waiting in vain names what was waited for', async () => {
    await expect(waitFor('a miracle', () => false, 50)).rejects.toThrow(
      'waited 50 ms in vain for a miracle',
    );
  });
});

describe.skipIf(needs('postgres'))('PostgreSQL', () => {
  test('gives each caller an empty database of its own', async () => {
    await using one = await createTestDatabase('postgres');
    await using other = await createTestDatabase('postgres');
    await executeOnPostgres(one.url, 'create table t (id int)');
    await executeOnPostgres(other.url, 'create table t (id int)');
  });

  test('a database is dropped although a connection is open', async () => {
    const database = await createTestDatabase('postgres');
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => undefined);
    await client.connect();
    await database[Symbol.asyncDispose]();
    await client.end();
    await expect(executeOnPostgres(database.url, 'select 1')).rejects.toThrow('does not exist');
  });

  test('a private server keeps its data over a crash', async () => {
    await using server = await startPostgres();
    await server.createDatabase('kept');
    await server.stop('SIGKILL');
    await expect(executeOnPostgres(server.url('kept'), 'select 1')).rejects.toThrow('ECONNREFUSED');
    await server.start();
    await executeOnPostgres(server.url('kept'), 'select 1');
  });
});

describe.skipIf(needs('mariadb'))('MariaDB', () => {
  test('stores characters beyond the basic plane in an empty database', async () => {
    await using database = await createTestDatabase('mariadb');
    const connection = await createConnection({ uri: database.url, charset: 'utf8mb4' });
    try {
      await connection.query('create table t (text varchar(10))');
      await connection.query('insert into t values (?)', ['\u{1f3a8}']);
      const [rows] = await connection.query('select text from t');
      expect(rows).toEqual([{ text: '\u{1f3a8}' }]);
    } finally {
      await connection.end();
    }
  });

  test('a private server keeps its data over a crash', async () => {
    await using server = await startMariadb();
    await server.createDatabase('kept');
    await server.stop('SIGKILL');
    await server.start();
    const connection = await createConnection(server.url('kept'));
    await connection.end();
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
