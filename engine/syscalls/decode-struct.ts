// The structures that are printed by their fields; all others print as their address.
import type { StructName } from './structs.ts';

/** `size`: 1, 2, 4 or 8 bytes. */
interface Field {
  readonly name: string;
  readonly offset: number;
  readonly size: 1 | 2 | 4 | 8;
  readonly form?: 'signed' | 'octal' | 'hex';
}

const at = (name: string, offset: number, size: Field['size'], form?: Field['form']): Field => ({
  name,
  offset,
  size,
  ...(form && { form }),
});

const seconds = (name: string, offset: number, unit: 'nsec' | 'usec'): Field[] => [
  at(`${name}_sec`, offset, 8, 'signed'),
  at(`${name}_${unit}`, offset + 8, 8, 'signed'),
];

/** Offsets of asm/stat.h, linux/stat.h and their kind. */
const shapes: Partial<Record<StructName, readonly Field[]>> = {
  stat: [
    at('st_dev', 0, 8, 'hex'),
    at('st_ino', 8, 8),
    at('st_mode', 24, 4, 'octal'),
    at('st_nlink', 16, 8),
    at('st_uid', 28, 4),
    at('st_gid', 32, 4),
    at('st_size', 48, 8, 'signed'),
    at('st_mtime', 88, 8, 'signed'),
  ],
  statx: [
    at('stx_mask', 0, 4, 'hex'),
    at('stx_mode', 28, 2, 'octal'),
    at('stx_uid', 20, 4),
    at('stx_gid', 24, 4),
    at('stx_ino', 32, 8),
    at('stx_size', 40, 8),
  ],
  statfs: [at('f_type', 0, 8, 'hex'), at('f_bsize', 8, 8), at('f_blocks', 16, 8), at('f_bfree', 24, 8)],
  timespec: seconds('tv', 0, 'nsec'),
  timeval: seconds('tv', 0, 'usec'),
  timezone: [at('tz_minuteswest', 0, 4, 'signed'), at('tz_dsttime', 4, 4, 'signed')],
  itimerval: [...seconds('it_interval.tv', 0, 'usec'), ...seconds('it_value.tv', 16, 'usec')],
  itimerspec: [...seconds('it_interval.tv', 0, 'nsec'), ...seconds('it_value.tv', 16, 'nsec')],
  rlimit: [at('rlim_cur', 0, 8), at('rlim_max', 8, 8)],
  rusage: [...seconds('ru_utime.tv', 0, 'usec'), ...seconds('ru_stime.tv', 16, 'usec')],
  flock: [
    at('l_type', 0, 2, 'signed'),
    at('l_whence', 2, 2, 'signed'),
    at('l_start', 8, 8, 'signed'),
    at('l_len', 16, 8, 'signed'),
    at('l_pid', 24, 4, 'signed'),
  ],
  pollfd: [at('fd', 0, 4, 'signed'), at('events', 4, 2, 'hex'), at('revents', 6, 2, 'hex')],
  epoll_event: [at('events', 0, 4, 'hex'), at('data', 4, 8, 'hex')],
  iovec: [at('iov_base', 0, 8, 'hex'), at('iov_len', 8, 8)],
  sigaction: [at('sa_handler', 0, 8, 'hex'), at('sa_flags', 8, 8, 'hex'), at('sa_mask', 24, 8, 'hex')],
  siginfo: [at('si_signo', 0, 4, 'signed'), at('si_errno', 4, 4, 'signed'), at('si_code', 8, 4, 'signed')],
  stack: [at('ss_sp', 0, 8, 'hex'), at('ss_flags', 8, 4, 'hex'), at('ss_size', 16, 8)],
  winsize: [at('ws_row', 0, 2), at('ws_col', 2, 2), at('ws_xpixel', 4, 2), at('ws_ypixel', 6, 2)],
  termios: [
    at('c_iflag', 0, 4, 'hex'),
    at('c_oflag', 4, 4, 'hex'),
    at('c_cflag', 8, 4, 'hex'),
    at('c_lflag', 12, 4, 'hex'),
  ],
  utimbuf: [at('actime', 0, 8, 'signed'), at('modtime', 8, 8, 'signed')],
};

/** Structures that are one number, or a pair of them. */
const numbers: Partial<Record<StructName, readonly Omit<Field, 'name'>[]>> = {
  short: [{ offset: 0, size: 2, form: 'signed' }],
  int: [{ offset: 0, size: 4, form: 'signed' }],
  int2: [
    { offset: 0, size: 4, form: 'signed' },
    { offset: 4, size: 4, form: 'signed' },
  ],
  u32: [{ offset: 0, size: 4 }],
  u64: [{ offset: 0, size: 8 }],
  long: [{ offset: 0, size: 8, form: 'signed' }],
  pointer: [{ offset: 0, size: 8, form: 'hex' }],
  sigset: [{ offset: 0, size: 8, form: 'hex' }],
};

/** Text of a structure, or undefined when only its address is of use. `bytes` holds it whole. */
export function formatStruct(name: StructName, bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const plain = numbers[name]?.map((field) => formatField(view, field));
  if (plain) return plain.length === 1 ? plain[0] : `[${plain.join(', ')}]`;
  const fields = shapes[name]?.map((field) => `${field.name}=${formatField(view, field)}`);
  return fields && `{${fields.join(', ')}}`;
}

function formatField(view: DataView, { offset, size, form }: Omit<Field, 'name'>): string {
  const value = readNumber(view, offset, size);
  switch (form) {
    case 'signed':
      return BigInt.asIntN(size * 8, value).toString();
    case 'octal':
      return `0${value.toString(8)}`;
    case 'hex':
      return `0x${value.toString(16)}`;
    default:
      return value.toString();
  }
}

function readNumber(view: DataView, offset: number, size: Field['size']): bigint {
  switch (size) {
    case 1:
      return BigInt(view.getUint8(offset));
    case 2:
      return BigInt(view.getUint16(offset, true));
    case 4:
      return BigInt(view.getUint32(offset, true));
    case 8:
      return view.getBigUint64(offset, true);
  }
}
