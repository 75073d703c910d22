import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TempFolder, tempFolder } from '../../test/servers/temp.ts';
import { readListening } from './listening.ts';

const FIXTURES = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'tls');
const PLAIN = { listen: '127.0.0.1:5000', tls: { certificate: '', key: '' }, trustedProxies: [] };

let folder: TempFolder;
beforeEach(async () => {
  folder = await tempFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

test.each(['127.0.0.1:5000', '[::1]:5000', 'localhost:5000', '127.9.9.9:0'])(
  '%s reaches this machine only, so it needs nothing',
  async (listen) => {
    expect(await readListening({ ...PLAIN, listen })).toMatchObject({ tls: null });
  },
);

test.each(['0.0.0.0:5000', '[::]:5000', '192.0.2.1:5000', 'red.example:5000', '128.0.0.1:1'])(
  '%s is refused without TLS, with the reason and the remedy',
  async (listen) => {
    await expect(readListening({ ...PLAIN, listen })).rejects.toThrow(
      /red\.listen is .* in the clear: set red\.tls/,
    );
  },
);

test('a trusted proxy stands for TLS', async () => {
  const listening = await readListening({
    ...PLAIN,
    listen: '0.0.0.0:5000',
    trustedProxies: ['192.0.2.7'],
  });
  expect(listening).toMatchObject({ host: '0.0.0.0', port: 5000, tls: null });
});

test('certificate and key are read', async () => {
  const tls = { certificate: join(FIXTURES, 'server.crt'), key: join(FIXTURES, 'server.key') };
  const listening = await readListening({ ...PLAIN, listen: '0.0.0.0:5000', tls });
  expect(listening.tls?.certificate).toContain('BEGIN CERTIFICATE');
});

test('one without the other, or a file that is not there, is refused by name', async () => {
  const certificate = join(FIXTURES, 'server.crt');
  await expect(readListening({ ...PLAIN, tls: { certificate, key: '' } })).rejects.toThrow(
    /both certificate and key/,
  );
  const key = join(folder.path, 'none.key');
  await expect(readListening({ ...PLAIN, tls: { certificate, key } })).rejects.toThrow(
    /Cannot read red\.tls\.key/,
  );
});
