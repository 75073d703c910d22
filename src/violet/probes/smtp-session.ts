/** A conversation with a mail server: commands -> its answers, over TLS once both agreed to it. */

import type { Socket } from 'node:net';
import type { StopSignal } from '../../lib/stop-signal.ts';
import { type Reading, startReading } from './conversation.ts';
import { type SecureConnection, secure, type TlsSettings } from './secure-connection.ts';

/** An open session. Whoever has it must `close` it. */
export interface SmtpSession {
  /** The next answer, all its lines. Rejects as `Reading.read` does. */
  listen(): Promise<string>;
  /** Says a line and listens. */
  ask(line: string): Promise<string>;
  /** Goes on over TLS; rejects as `secure` does. What the server said in advance is dropped. */
  secure(serverName: string, settings: TlsSettings, signal: StopSignal): Promise<SecureConnection>;
  /** Says good-bye, without waiting for an answer. */
  close(): void;
}

/** An answer has few lines; RFC 5321 allows 512 bytes for each. */
const MAX_ANSWER_BYTES = 16_384;

/** Starts with a fresh connection. */
export function openSmtpSession(plain: Socket): SmtpSession {
  let socket = plain;
  let reading: Reading = startReading(plain, MAX_ANSWER_BYTES);
  const listen = async () => (await reading.read(findAnswerEnd)).toString();
  return {
    listen,
    ask(line) {
      socket.write(`${line}\r\n`);
      return listen();
    },
    async secure(serverName, settings, signal) {
      reading.release();
      const connection = await secure(plain, serverName, settings, signal);
      socket = connection.socket;
      reading = startReading(socket, MAX_ANSWER_BYTES);
      return connection;
    },
    close() {
      if (socket.writable) socket.write('QUIT\r\n');
      socket.destroySoon();
    },
  };
}

/** After the first line without a `-` behind its code, whatever it says. */
function findAnswerEnd(received: Buffer): number {
  let start = 0;
  for (;;) {
    const end = received.indexOf(0x0a, start);
    if (end === -1) return -1;
    if (!/^\d{3}-/.test(received.toString('latin1', start, start + 4))) return end + 1;
    start = end + 1;
  }
}
