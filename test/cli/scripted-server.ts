/** A real HTTP server on loopback that answers what a test says and keeps what it was asked. */

import { createServer } from 'node:http';

/** A request as it came. */
export interface Asked {
  readonly method: string;
  /** Decoded nowhere: as in the request line, without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly token: string | undefined;
  readonly accept: string | undefined;
  /** Parsed; undefined when there was none. */
  readonly body: unknown;
}

/** What to answer. A text is sent as it is; `cut` breaks the connection off. */
export type Scripted = { readonly status?: number; readonly body?: unknown } | 'cut';

/** A running server. */
export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  /** All requests, the oldest first. */
  readonly asked: Asked[];
}

/** Starts a server that answers by `answer`. */
export async function startScriptedServer(
  answer: (asked: Asked) => Scripted,
): Promise<ScriptedServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const one = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      accept: request.headers.accept,
      token: request.headers.authorization?.replace('Bearer ', ''),
      body: text === '' ? undefined : JSON.parse(text),
    };
    asked.push(one);
    const scripted = answer(one);
    if (scripted === 'cut') {
      request.socket.destroy();
      return;
    }
    const { status = 200, body } = scripted;
    response.writeHead(status, { 'content-type': 'application/json' });
    if (body === undefined) response.end();
    else response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
