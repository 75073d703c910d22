/** An rrdcached for one test. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type RunningProcess, startProcess, waitFor } from './temp.ts';

/** Starts one that holds updates back until it is asked, with its journal in `own`. */
export async function startRrdcached(
  paths: { readonly folder: string; readonly own: string },
  address: string,
): Promise<RunningProcess> {
  const daemon = await startProcess('rrdcached', [
    ...['-g', '-l', address, '-b', paths.folder, '-B', '-p', join(paths.own, 'pid')],
    ...['-j', paths.own, '-w', '3600', '-f', '7200', '-F'],
  ]);
  const [target, port] = address.replace('unix:', '').split(':');
  await waitFor('rrdcached', async () => {
    const socket = port ? connect(Number(port), target) : connect(target ?? '');
    await once(socket, 'connect');
    socket.destroy();
    return true;
  });
  return daemon;
}
