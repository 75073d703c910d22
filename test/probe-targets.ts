/** Servers for probes to meet: on loopback, each with one kind of behaviour. */

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { ServerCertificate } from './servers/certificates.ts';

/** What a server does with who connects. */
export type Behaviour = (socket: Socket) => void;

/** The listening servers of one test file. */
export interface ProbeTargets extends AsyncDisposable {
  /** The port of a new server. */
  listen(behaviour: Behaviour): Promise<string>;
  listenTls(certificate: ServerCertificate, behaviour: Behaviour): Promise<string>;
  /** Connections that are open now, over all servers. */
  readonly sockets: ReadonlySet<Socket>;
}

/** No servers yet. */
export function openProbeTargets(): ProbeTargets {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const start = async (server: Server) => {
    servers.push(server);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) =>
      server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve),
    );
    return String((server.address() as AddressInfo).port);
  };
  const quietly = (behaviour: Behaviour) => (socket: Socket) => {
    socket.on('error', () => undefined);
    behaviour(socket);
  };
  return {
    sockets,
    listen: (behaviour) => start(createServer(quietly(behaviour))),
    listenTls: (certificate, behaviour) => {
      const server = createTlsServer({ ...certificate }, quietly(behaviour));
      return start(server.on('tlsClientError', () => undefined));
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

/** Says something, and then waits for the other to hang up; or hangs up by itself. */
export function say(text: string | Buffer, isEnd = false): Behaviour {
  return (socket) => {
    socket.resume();
    socket.on('end', () => socket.end());
    if (isEnd) socket.end(text);
    else socket.write(text);
  };
}

/** How a mail server differs from an agreeable one. */
export interface MailServerOptions {
  readonly greeting?: string;
  /** Offers STARTTLS with this. */
  readonly certificate?: ServerCertificate;
  /** Answers by verb, instead of the usual ones. */
  readonly answers?: Readonly<Record<string, string>>;
  /** Gets every line that was heard. */
  readonly heard?: string[];
}

/** A mail server that talks and keeps nothing. */
export function mailServer(options: MailServerOptions = {}): Behaviour {
  const { greeting = '220 mx ESMTP\r\n', certificate, answers = {}, heard = [] } = options;
  const usual: Readonly<Record<string, string>> = {
    HELO: '250 mx\r\n',
    LHLO: '250 mx\r\n',
    EHLO: certificate === undefined ? '250 mx\r\n' : '250-mx\r\n250 STARTTLS\r\n',
    STARTTLS: '220 go on\r\n',
    MAIL: '250 ok\r\n',
    QUIT: '221 bye\r\n',
  };
  const talk = (socket: Socket) => {
    let rest = '';
    const onData = (chunk: Buffer) => {
      rest += chunk.toString();
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        heard.push(line);
        const verb = line.split(' ')[0]?.toUpperCase() ?? '';
        const answer = answers[verb] ?? answers[line] ?? usual[verb] ?? '500 what\r\n';
        if (verb === 'QUIT') socket.end(answer);
        else socket.write(answer);
        if (verb === 'STARTTLS' && certificate !== undefined && answer.startsWith('220')) {
          socket.off('data', onData);
          const secured = new TLSSocket(socket, { isServer: true, ...certificate });
          secured.on('error', () => undefined);
          talk(secured);
        }
      }
    };
    socket.on('data', onData);
  };
  return (socket) => {
    socket.write(greeting);
    talk(socket);
  };
}
