/** A TCP connection to a target; the first two phases of every connection that takes no jump. */

import { connect, isIP } from 'node:net';
import type { OpenStream } from './handshake.ts';
import { describeConnectError, NO_ANSWER, type SshFailure } from './target.ts';

/** Connects; of several addresses behind a name, the first that answers. */
export const openTcpStream: OpenStream = (target, progress, signal) => {
  progress.phase = isIP(target.address) === 0 ? 'resolve' : 'connect';
  // Without `noDelay` every command waits some 40 ms for an acknowledgement.
  const socket = connect({ host: target.address, port: target.port, noDelay: true });
  return new Promise((resolve) => {
    const finish = (result: typeof socket | SshFailure) => {
      signal.removeEventListener('abort', stop);
      if (result !== socket) socket.destroy();
      resolve(result);
    };
    const stop = () => finish({ phase: progress.phase, reason: NO_ANSWER });
    socket.once('lookup', () => {
      progress.phase = 'connect';
    });
    socket.once('connect', () => finish(socket));
    // Kept: an error without a listener would end the process.
    socket.on('error', (error) => finish(describeConnectError(error)));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
};
