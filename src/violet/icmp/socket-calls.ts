/**
 * The calls of the C library by which sockets of ICMP are opened, bound with koffi: Node opens sockets
 * of TCP and UDP only.
 */

import { systemError } from '../executor/libc.ts';
import type { ErrorMessage } from './complaint.ts';

/** The calls. Those that can fail throw the system's error, with its name in `code`. */
export interface SocketCalls {
  /** A socket that never blocks and that no program inherits. */
  open(domain: number, type: number, protocol: number): number;
  /** Makes `target` another name of `file`, which is closed. */
  rename(file: number, target: number): void;
  setOption(file: number, level: number, option: number, value: Uint32Array): void;
  /** The next message of a socket's error queue, valid until the next call; null when there is none. */
  receiveError(file: number): ErrorMessage | null;
  close(file: number): void;
}

const NONBLOCK = 0o4000;
const CLOSE_ON_EXEC = 0o2000000;
const ERROR_QUEUE = 0x2000;
/** Enough for a header and a mark; the kernel cuts off the rest. */
const MAX_PAYLOAD_BYTES = 128;
/** `struct sockaddr_storage`. */
const MAX_NAME_BYTES = 128;
const MAX_CONTROL_BYTES = 512;

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

type Koffi = typeof import('koffi').default;

function bind(koffi: Koffi): SocketCalls {
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
    receiveError: bindReceiveError(koffi),
    close,
  };
}

/** `recvmsg` into the same memory each time. */
function bindReceiveError(koffi: Koffi): SocketCalls['receiveError'] {
  // A `struct msghdr`, and behind it the only `struct iovec`.
  const type = koffi.struct({
    ...{ name: 'void *', nameLength: 'uint32_t', vectors: 'void *', vectorCount: 'size_t' },
    ...{ control: 'void *', controlLength: 'size_t', flags: 'int' },
    ...{ base: 'void *', length: 'size_t' },
  });
  const offsetOf = (member: string) => koffi.offsetof(type, member);
  const receive = koffi.load(null).func('intptr_t recvmsg(int file, void *message, int flags)');
  const payload = Buffer.alloc(MAX_PAYLOAD_BYTES);
  const name = Buffer.alloc(MAX_NAME_BYTES);
  const control = Buffer.alloc(MAX_CONTROL_BYTES);
  const message = Buffer.alloc(koffi.sizeof(type));
  koffi.encode(message, type, {
    ...{ name: koffi.address(name), nameLength: name.length },
    ...{ vectors: koffi.address(message) + BigInt(offsetOf('base')), vectorCount: 1 },
    ...{ control: koffi.address(control), controlLength: control.length, flags: 0 },
    ...{ base: koffi.address(payload), length: payload.length },
  });
  // The system writes how long things are over how long they may be.
  const asGiven = Buffer.from(message);
  const readLength = (member: string, of: 'uint32_t' | 'size_t') =>
    Number(koffi.decode(message, offsetOf(member), of));
  return (file) => {
    asGiven.copy(message);
    const count: number = receive(file, message, ERROR_QUEUE);
    if (count < 0) return null;
    return {
      payload: payload.subarray(0, count),
      name: name.subarray(0, readLength('nameLength', 'uint32_t')),
      control: control.subarray(0, readLength('controlLength', 'size_t')),
      wordBytes: koffi.sizeof('size_t'),
    };
  };
}
