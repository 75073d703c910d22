/**
 * A TCP proxy that misbehaves on request, between a client under test and its server.
 *
 * | mode  | connections that are there         | new connections        |
 * | pass  | bytes go through                   | go through             |
 * | delay | bytes go through later             | go through, later      |
 * | stall | nothing goes through, nobody knows | are accepted, silent   |
 * | cut   | are reset                          | are reset              |
 *
 * A stalled connection goes on where it was when the mode is `pass` or `delay` again.
 */

import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** See the table above. */
export type FaultMode = 'pass' | 'delay' | 'stall' | 'cut';

/** Bytes that one direction may hold back while it delays or its receiver is slow. */
const MAX_HELD_BYTES = 1024 * 1024;
const MAX_CONNECTIONS = 1_000;

/** A running proxy on 127.0.0.1. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections of clients that are open now. */
  readonly connectionCount: number;
  /** Changes the mode of all connections. `delayMs` is for `delay`. Default: 200. */
  setMode(mode: FaultMode, delayMs?: number): void;
}

/** How the proxy behaves now; all its connections share it. */
interface Behaviour {
  mode: FaultMode;
  delayMs: number;
}

/** Starts a proxy in front of a port on 127.0.0.1, in mode `pass`. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const behaviour: Behaviour = { mode: 'pass', delayMs: 0 };
  const connections = new Set<Connection>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const connection = new Connection(client, targetPort, behaviour);
    connections.add(connection);
    client.once('close', () => connections.delete(connection));
    connection.follow();
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    get connectionCount() {
      return connections.size;
    },
    setMode(mode, delayMs = 200) {
      behaviour.mode = mode;
      behaviour.delayMs = mode === 'delay' ? delayMs : 0;
      for (const connection of [...connections]) connection.follow();
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
}

/** One client and, once it was needed, its connection to the server. */
class Connection {
  readonly #client: Socket;
  readonly #targetPort: number;
  readonly #behaviour: Behaviour;
  #server: Socket | undefined;

  constructor(client: Socket, targetPort: number, behaviour: Behaviour) {
    this.#client = client;
    this.#targetPort = targetPort;
    this.#behaviour = behaviour;
    client.pause();
    client.on('error', () => this.destroy());
  }

  /** Does what the mode asks for now. */
  follow(): void {
    const { mode } = this.#behaviour;
    if (mode === 'cut') this.destroy();
    else if (mode === 'stall') {
      this.#client.pause();
      this.#server?.pause();
    } else {
      this.#server ??= this.#connect();
      this.#client.resume();
      this.#server.resume();
    }
  }

  /** Resets both sides. */
  destroy(): void {
    this.#client.resetAndDestroy();
    this.#server?.resetAndDestroy();
  }

  #connect(): Socket {
    const server = connect({
      port: this.#targetPort,
      host: '127.0.0.1',
      allowHalfOpen: true,
      noDelay: true,
    });
    server.on('error', () => this.destroy());
    this.#forward(this.#client, server);
    this.#forward(server, this.#client);
    return server;
  }

  /** Hands on bytes and the end, in order, at most `MAX_HELD_BYTES` behind. */
  #forward(from: Socket, to: Socket): void {
    let heldBytes = 0;
    from.on('data', (chunk: Buffer) => {
      heldBytes += chunk.length;
      if (heldBytes > MAX_HELD_BYTES) from.pause();
      this.#later(() => {
        to.write(chunk, () => {
          heldBytes -= chunk.length;
          if (heldBytes <= MAX_HELD_BYTES && this.#behaviour.mode !== 'stall') from.resume();
        });
      });
    });
    from.on('end', () => this.#later(() => to.end()));
  }

  #later(run: () => void): void {
    if (this.#behaviour.delayMs === 0) run();
    else setTimeout(run, this.#behaviour.delayMs);
  }
}
