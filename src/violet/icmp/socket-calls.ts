/**
 * The calls of the C library by which sockets of ICMP are opened, bound with koffi: Node opens sockets
 * of TCP and UDP only.
 */

import { systemError } from '../executor/libc.ts';

/** The calls. All throw the system's error, with its name in `code`. */
export interface SocketCalls {
  /** A socket that never blocks and that no program inherits. */
  open(domain: number, type: number, protocol: number): number;
  /** Makes `target` another name of `file`, which is closed. */
  rename(file: number, target: number): void;
  setOption(file: number, level: number, option: number, value: Uint32Array): void;
  close(file: number): void;
}

const NONBLOCK = 0o4000;
const CLOSE_ON_EXEC = 0o2000000;

/** Binds the calls; null where there is no Linux or no koffi. */
export async function loadSocketCalls(): Promise<SocketCalls | null> {
  if (process.platform !== 'linux') return null;
  try {
    const { default: koffi } = await import('koffi');
    return bind(koffi);
  } catch {
    return null;
  }
}

function bind(koffi: typeof import('koffi').default): SocketCalls {
  const library = koffi.load(null);
  const socket = library.func('int socket(int domain, int type, int protocol)');
  const dup3 = library.func('int dup3(int file, int target, int flags)');
  const close = library.func('int close(int file)');
  const setsockopt = library.func(
    'int setsockopt(int file, int level, int option, void *value, uint32_t size)',
  );
  const check = (result: number): number => {
    if (result < 0) throw systemError(koffi.errno());
    return result;
  };
  return {
    open: (domain, type, protocol) =>
      check(socket(domain, type | NONBLOCK | CLOSE_ON_EXEC, protocol)),
    rename(file, target) {
      check(dup3(file, target, CLOSE_ON_EXEC));
      close(file);
    },
    setOption(file, level, option, value) {
      check(setsockopt(file, level, option, value, value.byteLength));
    },
    close,
  };
}
