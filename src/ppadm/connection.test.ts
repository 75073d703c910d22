import { chmod, chown, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { surroundingsOf } from '../../test/cli/ppadm-surroundings.ts';
import { type TempFolder, tempFolder } from '../../test/servers/temp.ts';
import { ConfigError, InvalidInput, Unauthenticated, Unavailable } from '../model/errors.ts';
import { findConnection, parseUrl } from './connection.ts';
import { parseToken, readTokenOfOptions, type TokenOptions } from './given-token.ts';
import { loginFile, storeLogin } from './stored-login.ts';
import type { Surroundings } from './surroundings.ts';

let folder: TempFolder;
beforeEach(async () => {
  folder = await tempFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

const FLAG = 'http://flag:1';
const HERE = 'http://here:2';
const USER = 'http://user:3';
const LOGIN = 'http://login:4';

async function find(
  { url, ...options }: TokenOptions & { readonly url?: string } = {},
  changes: Partial<Surroundings> = {},
) {
  const surroundings = surroundingsOf(folder.path, changes);
  const token = await readTokenOfOptions(options, surroundings);
  return findConnection({ url, token }, surroundings);
}

async function write(path: string, text: string): Promise<string> {
  const file = join(folder.path, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

async function writeNote(path: string, url: string, pid = 7): Promise<string> {
  const tokenFile = await write(`${path}.token`, `token-of-${new URL(url).hostname}\n`);
  return write(path, JSON.stringify({ url, tokenFile, pid }));
}
const noteHere = () => writeNote('var/instance.json', HERE);
const noteOfUser = () => writeNote('.local/state/ppalette/instance.json', USER);
const login = () =>
  storeLogin({ url: LOGIN, token: 'token-of-login' }, surroundingsOf(folder.path));

describe('the server is', () => {
  beforeEach(async () => {
    await noteHere();
    await noteOfUser();
    await login();
  });

  test('the one of --url before all', async () => {
    const environment = { PPADM_URL: 'http://other', PPADM_TOKEN: 'other' };
    expect(await find({ url: `${FLAG}/`, token: 't' }, { environment })).toEqual({
      url: FLAG,
      token: 't',
      tokenSource: '--token',
    });
  });

  test('then of PPADM_URL', async () => {
    const environment = { PPADM_URL: FLAG, PPADM_TOKEN: 'secret' };
    expect(await find({}, { environment })).toMatchObject({ url: FLAG, token: 'secret' });
  });

  test('then the instance in this folder', async () => {
    expect(await find()).toMatchObject({ url: HERE, token: 'token-of-here' });
  });

  test("then the user's instance, if the first has ended", async () => {
    await writeNote('var/instance.json', HERE, 8);
    const found = await find({}, { isAlive: async (pid) => pid === 7 });
    expect(found).toMatchObject({ url: USER, token: 'token-of-user' });
  });

  test('then the stored login', async () => {
    const found = await find({}, { isAlive: async () => false });
    expect(found).toMatchObject({ url: LOGIN, token: 'token-of-login' });
  });
});

describe('the token is', () => {
  const environment = { PPADM_TOKEN: 'of-variable', PPADM_TOKEN_FILE: 'of-variable.token' };
  beforeEach(async () => {
    await noteHere();
    await write('flag.token', '  of-flag-file\n');
    await write('of-variable.token', 'of-variable-file');
  });

  test.each<[string, TokenOptions, Record<string, string>, string]>([
    ['of --token', { token: 'of-flag' }, environment, 'of-flag'],
    ['of --token-file, in this folder', { tokenFile: 'flag.token' }, environment, 'of-flag-file'],
    ['of PPADM_TOKEN', {}, environment, 'of-variable'],
    ['of PPADM_TOKEN_FILE', {}, { ...environment, PPADM_TOKEN: '' }, 'of-variable-file'],
    ["the instance's own", {}, {}, 'token-of-here'],
  ])('%s', async (_what, options, given, token) => {
    expect(await find(options, { environment: given })).toMatchObject({ url: HERE, token });
  });

  test('that of the instance or login that --url names', async () => {
    await login();
    expect(await find({ url: `${HERE}/api/v1` })).toMatchObject({ token: 'token-of-here' });
    expect(await find({ url: LOGIN })).toMatchObject({ token: 'token-of-login' });
  });

  test('never one of another server', async () => {
    await login();
    const failure = find({ url: FLAG });
    await expect(failure).rejects.toThrow(Unauthenticated);
    await expect(failure).rejects.toThrow('There is no token for http://flag:1');
  });

  test('the first line of the input, behind which the input goes on', async () => {
    const text = ' of-input \nkind: Host\n---\nkind: Suite\n';
    for (const cut of [1, 3, 10, 11, 12, text.length]) {
      const stream = new PassThrough();
      const input = { stream, isTerminal: false };
      const found = find({ token: '-' }, { input, environment });
      for (let at = 0; at < text.length; at += cut) stream.write(text.slice(at, at + cut));
      stream.end();
      expect(await found).toMatchObject({ token: 'of-input', tokenSource: 'the input' });
      let rest = '';
      for await (const part of stream) rest += String(part);
      expect(rest).toBe(text.slice(text.indexOf('\n') + 1));
    }
  });

  test.each([
    ['without a line end', ['of-', 'input'], 'of-input'],
    ['that says nothing', [], null],
    ['that says no token', ['two words\n'], null],
    ['that goes on and on', Array.from({ length: 100 }, () => 'x'.repeat(1_000)), null],
  ])('of an input %s', async (_what, parts, token) => {
    const input = { stream: Readable.from(parts), isTerminal: false };
    const found = find({ token: '-' }, { input, environment });
    if (token === null) await expect(found).rejects.toThrow(InvalidInput);
    else expect(await found).toMatchObject({ token });
  });

  test('warned of when it stands in the command line, and only then', async () => {
    const words: string[] = [];
    const errors = { write: (text: string) => words.push(text), isTerminal: false };
    const input = { stream: Readable.from(['of-input\n']), isTerminal: false };
    const surroundings = { environment, errors: { ...errors, columns: undefined }, input };
    await find({ tokenFile: 'flag.token' }, surroundings);
    await find({}, surroundings);
    await find({ token: '-' }, surroundings);
    expect(words).toEqual([]);
    await find({ token: 'of-flag' }, surroundings);
    expect(words).toEqual([expect.stringMatching(/can be seen.*--token-file FILE, --token - /)]);
    expect(words.join()).not.toContain('of-flag');
  });

  test('not given twice', async () => {
    await expect(find({ token: 'a', tokenFile: 'flag.token' })).rejects.toThrow(InvalidInput);
  });

  test('not what a file holds that is no token', async () => {
    await write('key', '-----BEGIN KEY-----\nsecret line\n');
    const failure = find({ tokenFile: 'key' });
    await expect(failure).rejects.toThrow('--token-file: does not hold a token');
    await expect(failure).rejects.not.toThrow(/secret/);
    await write('large', 'x'.repeat(20_000));
    await expect(find({ tokenFile: 'large' })).rejects.toThrow(/larger than/);
    await expect(find({ tokenFile: 'absent' })).rejects.toThrow(
      /--token-file: cannot read .*ENOENT/,
    );
  });
});

describe('what cannot be followed', () => {
  test('nothing at all: what to do is told', async () => {
    const failure = find();
    await expect(failure).rejects.toThrow(Unavailable);
    await expect(failure).rejects.toThrow(/npm start.*ppadm login URL.*--url/);
  });

  test('an instance that has ended is told', async () => {
    await noteHere();
    await expect(find({}, { isAlive: async () => false })).rejects.toThrow(/process 7\) has ended/);
  });

  test.each(['', '{', '[]', 'null', '{"url":1}', '{"url":"ftp://x","tokenFile":"/x","pid":1}'])(
    'a note that is broken is told: %s',
    async (text) => {
      await write('var/instance.json', text);
      await expect(find()).rejects.toThrow(/instance.json is broken/);
    },
  );

  test.skipIf(process.getuid?.() !== 0)("another user's note is not followed", async () => {
    await chown(await noteHere(), 12_345, 12_345);
    await expect(find()).rejects.toThrow(/belongs to another user/);
  });

  test('the token of an instance that is away', async () => {
    await write('var/instance.json', JSON.stringify({ url: HERE, tokenFile: '/absent', pid: 7 }));
    await expect(find()).rejects.toThrow(Unauthenticated);
    // Given another way, it is not needed.
    expect(await find({ token: 't' })).toMatchObject({ url: HERE, token: 't' });
  });

  test('a login that is broken is told', async () => {
    await write('.config/ppadm/config.json', 'nonsense');
    await expect(find()).rejects.toThrow(ConfigError);
    expect(await find({ url: FLAG, token: 't' })).toMatchObject({ url: FLAG });
  });
});

describe('a stored login', () => {
  test('is readable by its user alone, whatever was there before', async () => {
    const file = await write('config/ppadm/config.json', '{}');
    await chmod(file, 0o644);
    await write('config/ppadm/config.json.new', 'left by a crash');
    const surroundings = surroundingsOf(folder.path, {
      environment: { XDG_CONFIG_HOME: join(folder.path, 'config') },
    });
    expect(loginFile(surroundings)).toBe(file);
    expect(await storeLogin({ url: LOGIN, token: 't' }, surroundings)).toBe(file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await findConnection({}, surroundings)).toMatchObject({ url: LOGIN, token: 't' });
  });
});

describe('addresses and tokens', () => {
  test.each([
    ['http://127.0.0.1:5000', 'http://127.0.0.1:5000'],
    ['http://127.0.0.1:5000/', 'http://127.0.0.1:5000'],
    ['http://127.0.0.1:5000/api/v1/', 'http://127.0.0.1:5000'],
    ['https://monitor.example/pp/', 'https://monitor.example/pp'],
    ['http://[::1]:5000', 'http://[::1]:5000'],
  ])('%s', (text, url) => {
    expect(parseUrl(text, '--url')).toBe(url);
  });

  test.each(['', 'localhost:5000', 'ftp://x', 'http://user:secret@x', '//x'])(
    '"%s" is no address',
    (text) => {
      expect(() => parseUrl(text, '--url')).toThrow(/^--url: must/);
    },
  );

  test('a token is one word, and is not repeated in the refusal', () => {
    expect(parseToken(' abc\n', '--token')).toBe('abc');
    for (const text of ['', 'a b', 'a\nb', 'a\0b', 'ü', 'x'.repeat(1_001)]) {
      expect(() => parseToken(text, '--token')).toThrow(
        /^--token: (holds no|does not hold a) token/,
      );
    }
  });
});
