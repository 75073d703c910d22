/**
 * What the mounted file systems of this host say of themselves. A dead server of files never answers,
 * and each question that waits keeps one of Node's few threads: so each is asked once at a time, and
 * no more than two at a time.
 */

import { readFile, realpath, statfs } from 'node:fs/promises';
import { createSlots, type Slots } from '../../lib/slots.ts';
import type { StopSignal } from '../../lib/stop-signal.ts';

/** One line of the table of mounts. */
export interface Mount {
  readonly device: string;
  readonly point: string;
  readonly type: string;
  readonly isRemote: boolean;
}

/** Bytes and files. What is free for anybody may be less than for root. */
export interface FileSystemStats {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly availableBytes: number;
  readonly totalFiles: number;
  readonly freeFiles: number;
}

/** The file systems of this host; made once for all checks. */
export interface FileSystems {
  /** The table of mounts, the oldest first; rejects with the system's error. */
  listMounts(): Promise<Mount[]>;
  /** Rejects with the system's error, or when `signal` aborts before there is an answer. */
  stat(path: string, signal: StopSignal): Promise<FileSystemStats>;
  /** The path without symbolic links. Rejects as `stat` does. */
  resolve(path: string, signal: StopSignal): Promise<string>;
}

const MAX_WAITING_COUNT = 2;

/** Types whose names do not show that their files are elsewhere; as gnulib has them. */
const REMOTE_TYPES = new Set([
  ...['acfs', 'afs', 'auristorfs', 'coda', 'fhgfs', 'gpfs', 'ibrix', 'ocfs2', 'vxfs'],
  ...['nfs', 'nfs4', 'cifs', 'smb3', 'smbfs', '9p', 'ceph', 'glusterfs', 'fuse.sshfs'],
]);

/** The file systems of this host. */
export function openFileSystems(): FileSystems {
  const slots = createSlots(MAX_WAITING_COUNT);
  return {
    async listMounts() {
      return parseMounts(await readFile('/proc/self/mounts', 'utf8'));
    },
    stat: shareAnswers(slots, readStats),
    resolve: shareAnswers(slots, async (path) => realpath(path)),
  };
}

/** One question for each path at a time: who asks what is being asked gets the same answer. */
function shareAnswers<Answer>(
  slots: Slots,
  ask: (path: string) => Promise<Answer>,
): (path: string, signal: StopSignal) => Promise<Answer> {
  const asked = new Map<string, Promise<Answer>>();
  return (path, signal) => {
    const known = asked.get(path);
    const answer = known ?? slots.run(() => ask(path)).finally(() => asked.delete(path));
    asked.set(path, answer);
    return waitFor(answer, signal);
  };
}

function waitFor<Answer>(answer: Promise<Answer>, signal: StopSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(signal.reason);
    if (signal.aborted) fail();
    signal.addEventListener('abort', fail, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', fail));
  });
}

async function readStats(path: string): Promise<FileSystemStats> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path);
  return {
    totalBytes: blocks * bsize,
    freeBytes: bfree * bsize,
    availableBytes: bavail * bsize,
    totalFiles: files,
    freeFiles: ffree,
  };
}

/** The lines of `/proc/mounts`, in which spaces and the like are `\\040`. */
export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [device, point, type] = line.split(' ').map(unescapeField);
    if (device === undefined || point === undefined || type === undefined) return [];
    const isRemote = device.includes(':') || device.startsWith('//') || REMOTE_TYPES.has(type);
    return [{ device, point, type, isRemote }];
  });
}

function unescapeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_escape, code) => {
    return String.fromCharCode(Number.parseInt(code, 8));
  });
}
