/** Probes that speak TLS or SMTP or SSH beside the Debian plugins: same state, same performance data. */

import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mailServer, openProbeTargets, say } from '../../../test/probe-targets.ts';
import { runPeer, runProbe, shapeOf } from '../../../test/probing.ts';
import {
  createAuthority,
  type ServerCertificate,
  type TestAuthority,
} from '../../../test/servers/certificates.ts';
import { needs } from '../../../test/servers/needs.ts';
import { freePort, waitFor } from '../../../test/servers/temp.ts';

const targets = openProbeTargets();
let authority: TestAuthority;
const ports: Record<string, string> = {};
const heard: string[] = [];
const webs: ReturnType<typeof createHttpsServer>[] = [];
/** Days that each certificate is good for. The sixth day's end is the fifth whole one. */
const DAYS = { good: 100, soon: 6, over: 0 } as const;
type CertificateName = keyof typeof DAYS;
const certificates = {} as Record<CertificateName, ServerCertificate>;

async function listenWeb(certificate: ServerCertificate): Promise<string> {
  const web = createHttpsServer({ ...certificate }, (_request, response) => response.end('hello'));
  web.on('tlsClientError', () => undefined);
  webs.push(web);
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  return String((web.address() as AddressInfo).port);
}

const isSkipped = needs('plugins', 'openssl');

beforeAll(async () => {
  if (isSkipped) return;
  authority = await createAuthority();
  for (const [name, days] of Object.entries(DAYS) as [CertificateName, number][]) {
    const certificate = await authority.issue(name, { days });
    certificates[name] = certificate;
    ports[name] = await targets.listenTls(certificate, say('220 ready\r\n'));
    ports[`${name}Mail`] = await targets.listen(mailServer({ certificate, heard }));
    ports[`${name}Web`] = await listenWeb(certificate);
  }
  const certificate = certificates.good;
  ports['mail'] = await targets.listen(mailServer({ heard }));
  ports['rude'] = await targets.listen(mailServer({ greeting: '554 no\r\n' }));
  ports['wordy'] = await targets.listen(mailServer({ greeting: '220-one\r\n220 two\r\n' }));
  ports['login'] = await targets.listen(
    mailServer({
      answers: {
        AUTH: '334 VXNlcm5hbWU6\r\n',
        'bWU=': '334 UGFzc3dvcmQ6\r\n',
        c2VjcmV0: '235 ok\r\n',
      },
    }),
  );
  const refusing = mailServer({ certificate, answers: { STARTTLS: '454 not now\r\n' } });
  ports['refusing'] = await targets.listen(refusing);
  ports['garbage'] = await targets.listen(say('garbage\r\n'));
  ports['closing'] = await targets.listen(say('', true));
  ports['silent'] = await targets.listen(say(''));
  ports['closed'] = String(await freePort());
  const banners = {
    openssh: 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n',
    old: 'SSH-1.99-Cisco-1.25\n',
    nameless: 'SSH-2.0-\r\n',
    endless: 'SSH-2.0-OpenSSH_8',
  };
  for (const [name, banner] of Object.entries(banners)) {
    ports[name] = await targets.listen(say(banner, name === 'endless'));
  }
}, 60_000);

afterAll(async () => {
  for (const web of webs) web.close();
  await targets[Symbol.asyncDispose]();
  await authority?.[Symbol.asyncDispose]();
});

/** Words by spaces; `_` stands for one inside a word. */
function fill(line: string): string[] {
  const words = line.split(' ').filter((word) => word !== '');
  return words.map((word) => ports[word] ?? word.replaceAll('_', ' '));
}

const HOST = ['-H', '127.0.0.1'];

/** Own and the plugin's; only the own one knows who signed the certificates. */
async function runBoth(name: string, line: string, host: readonly string[] = HOST) {
  const args = [...host, ...fill(line)];
  const own = name === 'ssh' ? [] : ['--ca-cert', authority.file];
  return {
    own: await runProbe(name, [...args, ...own], { timeoutMs: 10_000 }),
    peer: await runPeer(name, args),
  };
}

const firstWords = (output: string) => output.replace(/[-+]\d{4}\)?\.?$|\d+\.\d+ se.*/g, '');

describe.skipIf(isSkipped)('as the plugin', () => {
  test.each([
    '-p good -S',
    '-p good -S -e 220',
    '-p good -S -e 220 -q bye',
    '-p good -S -w 0.000001',
    '-p soon -S -D 30',
    '-p soon -S -D 30,3',
    '-p soon -S -D 30,10',
    '-p soon -D 3',
    '-p soon -D 4',
    '-p over -D 30',
    '-p good -D x',
    '-p garbage -S',
    '-p closing -S',
    '-p closed -S',
    '-p closed -D 30 -r warn',
    '-p garbage -m 4 -e garb',
    '-p garbage -e other',
    '-p garbage -d 1 -e garb',
  ])('tcp %s', async (line) => {
    const { own, peer } = await runBoth('tcp', line);
    expect(shapeOf(own)).toEqual(shapeOf(peer));
  });

  test.each(['-p good -D 30', '-p soon -D 30', '-p soon -D 30,10', '-p over -D 30'])(
    'tcp %s, in the same words',
    async (line) => {
      const { own, peer } = await runBoth('tcp', line);
      expect(firstWords(own.output)).toBe(firstWords(peer.output));
    },
  );

  test.each([
    '-p goodWeb -S',
    '-p goodWeb -C 30',
    '-p soonWeb -C 30',
    '-p soonWeb -C 30,3',
    '-p soonWeb -C 30,10',
    '-p soonWeb -C 3',
    '-p overWeb -C 30',
    '-p soonWeb -C 30 --continue-after-certificate',
    '-p goodWeb -C 30 --continue-after-certificate',
    '-p goodWeb -C x',
    '-p garbage -C 30',
    '-p closed -C 30',
  ])('http %s', async (line) => {
    const { own, peer } = await runBoth('http', line, ['-I', '127.0.0.1']);
    expect(shapeOf(own)).toEqual(shapeOf(peer));
  });

  test.each([
    '-p mail',
    '-p mail -w 1 -c 2',
    '-p mail -w 0.000001',
    '-p mail -c 0.000001',
    '-p mail -e 220_mx',
    '-p mail -e 250',
    '-p mail -e 999',
    '-p mail -F me.test -f a@b.test',
    '-p mail -C MAIL_x -R 250',
    '-p mail -C MAIL_x -R 550',
    '-p mail -C MAIL_x -R ^2.*OK$',
    '-p mail -C MAIL_x -C NOOP -R 2',
    '-p mail -C NOOP',
    '-p mail -L',
    '-p mail -q',
    '-p mail -S',
    '-p mail -D 10',
    '-p mail -A LOGIN -U me -P secret',
    '-p login -A LOGIN -U me -P secret',
    '-p login -A LOGIN -U me -P wrong',
    '-p login -A LOGIN -U other -P secret',
    '-p rude',
    '-p rude -e 554',
    '-p wordy',
    '-p garbage -t 1',
    '-p closing',
    '-p silent -t 1',
    '-p refusing -S',
    '-p goodMail -S',
    '-p goodMail -S -w 5 -f a@b.test',
    '-p goodMail -D 30',
    '-p soonMail -S -D 30',
    '-p soonMail -S -D 30,10',
    '-p overMail -S -D 30',
    '-p mail -Z',
    '-p mail -w x',
  ])('smtp %s', async (line) => {
    const { own, peer } = await runBoth('smtp', line);
    expect(shapeOf(own)).toEqual(shapeOf(peer));
  });

  test('smtp to a port that nobody listens on has the same state', async () => {
    const { own, peer } = await runBoth('smtp', '-p closed');
    expect(own.state).toBe(peer.state);
    expect(await runProbe('smtp', ['-H', 'nosuch.invalid'])).toMatchObject({
      state: (await runPeer('smtp', ['-H', 'nosuch.invalid'])).state,
    });
  });

  test.each(['', '-F me.test', '-f a@b.test', '-L', '-C NOOP -C RSET', '-S'])(
    'smtp %s says the same to the server',
    async (line) => {
      const port = line === '-S' ? '-p goodMail' : '-p mail';
      heard.length = 0;
      await runPeer('smtp', [...HOST, ...fill(`${port} ${line}`)]);
      await waitFor('the plugin to part', () => heard.includes('QUIT'));
      const byPeer = [...heard];
      heard.length = 0;
      await runProbe('smtp', [...HOST, ...fill(`${port} ${line}`), '--ca-cert', authority.file]);
      await waitFor('the probe to part', () => heard.includes('QUIT'));
      expect(heard).toEqual(byPeer);
    },
  );

  test.each([
    '-p openssh',
    '-p openssh -r OpenSSH_9.2p1',
    '-p openssh -r OpenSSH_9.2p1_Debian-2+deb12u3',
    '-p openssh -P 2.0',
    '-p openssh -P 1.99',
    '-p openssh -P 1.99 -r other',
    '-p openssh -t 3 -4',
    '-p old',
    '-p nameless',
    '-p endless',
    '-p garbage -t 1',
    '-p closing',
    '-p silent -t 1',
    '-p closed',
    '-p x',
    '-p openssh -Z',
  ])('ssh %s', async (line) => {
    const { own, peer } = await runBoth('ssh', line);
    expect(shapeOf(own)).toEqual(shapeOf(peer));
    if (own.state === 'ok') expect(own.output).toBe(peer.output.trim());
  });

  test('ssh takes a host without -H, and a name that nobody knows is unknown', async () => {
    const bare = ['-p', ports['openssh'] ?? '', '-t', '5', '127.0.0.1'];
    expect(shapeOf(await runProbe('ssh', bare))).toEqual(shapeOf(await runPeer('ssh', bare)));
    const args = ['-H', 'nosuch.invalid'];
    expect(shapeOf(await runProbe('ssh', args))).toEqual(shapeOf(await runPeer('ssh', args)));
  });

  test('tls has the state of check_tcp -S -D', async () => {
    for (const name of Object.keys(DAYS)) {
      for (const days of ['30', '30,10', '3', '3,1']) {
        const args = [...HOST, '-p', ports[name] ?? '', '-D', days];
        const own = await runProbe('tls', [...args, '--ca-cert', authority.file]);
        const peer = await runPeer('tcp', ['-S', ...args]);
        expect({ name, days, state: own.state }).toEqual({ name, days, state: peer.state });
      }
    }
  });
});
