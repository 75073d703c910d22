import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../test/servers/temp.ts';
import { ConfigError } from '../model/errors.ts';
import { announceInstance, refuseSecondInstance } from './instance.ts';

const TLS = join(import.meta.dirname, '../../test/fixtures/tls');
const answer: http.RequestListener = ({ url }, response) => {
  response.writeHead(url === '/healthz' ? 200 : 404).end();
};

test.each(['http', 'https'] as const)(
  'a second instance is refused while the first answers over %s',
  async (scheme) => {
    await using folder = await tempFolder();
    // Its certificate is trusted by nobody here, and not for this address.
    const [cert, key] = await Promise.all(
      ['server.crt', 'server.key'].map((name) => readFile(join(TLS, name))),
    );
    const server =
      scheme === 'http' ? http.createServer(answer) : https.createServer({ cert, key }, answer);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    // Another living process stands for the first instance.
    const first = { url: `${scheme}://127.0.0.1:${port}`, tokenFile: '/token', pid: process.ppid };
    await announceInstance([folder.path], first);
    await expect(refuseSecondInstance(folder.path)).rejects.toBeInstanceOf(ConfigError);
    server.close();
    await once(server, 'close');
    await refuseSecondInstance(folder.path);
  },
);
